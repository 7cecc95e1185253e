"""When each kernel of a Program runs in one inference, under the name of its layer."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.program.layer_names import KernelName, LayerNames
from chipsmith.program.program import Program
from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.sim.cycle import Timeline


@dataclass(frozen=True, kw_only=True)
class KernelTime(Shown):
    """A kernel in cycles from the doorbell; `end_cycle` is exclusive.

    `added_cycles` is by how much it moves the end of all that ended before it, from the first start of any kernel on.
    """

    kernel: str
    name: KernelName
    engine: str
    start_cycle: int
    end_cycle: int
    added_cycles: int
    macs: int

    def to_json(self) -> Json:
        """The fields, with the kernel's label."""
        return {
            "kernel": self.kernel,
            "label": self.name.label,
            "layer": self.name.layer,
            "operation": self.name.operation,
            "engine": self.engine,
            "start_cycle": self.start_cycle,
            "end_cycle": self.end_cycle,
            "added_cycles": self.added_cycles,
            "macs": self.macs,
        }


def time_kernels(program: Program, timeline: Timeline) -> tuple[KernelTime, ...]:
    """All kernels in the order of their ends.

    With the cycles before the first starts and after the last ends what they add sums to the latency.
    """
    names = LayerNames(program.manifest.operators)
    spans = {span.name: list(span.instructions) for span in program.manifest.kernels}
    starts = {name: int(timeline.start[indices].min()) for name, indices in spans.items()}
    ends = {name: int(timeline.end[indices].max()) for name, indices in spans.items()}
    last, rows = min(starts.values(), default=0), []
    for span in sorted(program.manifest.kernels, key=lambda span: ends[span.name]):
        rows.append(
            KernelTime(
                kernel=span.name,
                name=names.kernel(span.name),
                engine=span.kind.value,
                start_cycle=starts[span.name],
                end_cycle=ends[span.name],
                added_cycles=max(0, ends[span.name] - last),
                macs=span.macs,
            )
        )
        last = max(last, ends[span.name])
    return tuple(rows)
