"""Where the time of an inference goes, by kind of kernel: computing, waiting, and how busy the array is."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from chipsmith.profile.kernel_names import kernel_names
from chipsmith.program.instructions import Engine
from chipsmith.program.layer_names import LayerNames
from chipsmith.program.program import KernelSpan, Program
from chipsmith.sim.cycle import DOORBELL, Timeline

NO_KERNEL = "no kernel"
"""Kind of the row for the end: the last stores, after every kernel."""
_COMPUTING = (Engine.TENSOR, Engine.VECTOR)
_TRANSFERRING = (Engine.LOAD, Engine.STORE)


class _Spent(enum.Enum):
    """What cycles are spent on."""

    COMPUTING = enum.auto()
    EXTERNAL = enum.auto()
    OTHER = enum.auto()


@dataclass(frozen=True, kw_only=True)
class TimeShare:
    """The kernels of one kind: the sums over all rows of `computing` and the waits are the latency.

    `kind` is the first operator of the kernels that is no RESCALE or CLAMP, if there is one, as the chip computes it.
    `computing_cycles`: an instruction of theirs computes, and none that started before it any more. `external_cycles`,
    `other_cycles`: nothing computes before their next instruction starts, because a transfer has still to free what it
    needs, or for another reason. `macs` of the operators.
    """

    kind: str
    kernels: int
    instructions: int
    computing_cycles: int
    external_cycles: int
    other_cycles: int
    macs: int

    @property
    def cycles(self) -> int:
        """All cycles of the kind."""
        return self.computing_cycles + self.external_cycles + self.other_cycles


def time_shares(program: Program, timeline: Timeline) -> tuple[TimeShare, ...]:
    """One row a kind of kernel, the longest first, then NO_KERNEL."""
    kinds = _kinds(program)
    spent = {kind: dict.fromkeys(_Spent, 0) for kind in (*kinds.values(), NO_KERNEL)}
    for kind, activity, cycles in _intervals(program, timeline, kinds):
        spent[kind][activity] += cycles
    rows = [_row(kind, program.manifest.kernels, kinds, cycles) for kind, cycles in spent.items()]
    return tuple(sorted(rows, key=lambda row: (row.kind == NO_KERNEL, -row.cycles)))


def _kinds(program: Program) -> dict[str, str]:
    """The kind of each kernel by its name."""
    names = LayerNames(program.manifest.operators)
    rows = {span.name: names.kernel(span.name) for span in program.manifest.kernels}
    return {kernel: name.computed_as or name.kind for kernel, name in rows.items()}


def _intervals(program: Program, timeline: Timeline, kinds: dict[str, str]) -> Iterator[tuple[str, _Spent, int]]:
    """The latency in parts: kind, what the cycles are spent on, and how many they are."""
    kernels = {index: kinds[name] for index, name in kernel_names(program).items()}
    covered = 0
    for index, (start, end) in enumerate(zip(timeline.start.tolist(), timeline.end.tolist(), strict=True)):
        if timeline.engines[index] in _COMPUTING:
            yield kernels[index], _waited_for(timeline, index), max(0, start - covered)
            yield kernels[index], _Spent.COMPUTING, max(0, end - max(covered, start))
            covered = max(covered, end)
    yield NO_KERNEL, _waited_for(timeline, len(timeline.start) - 1), timeline.latency_cycles - covered


def _waited_for(timeline: Timeline, index: int) -> _Spent:
    """What the cycles before an instruction's start, in which nothing computes, are spent on."""
    holder = timeline.reasons[index].holder
    transfers = holder == DOORBELL or timeline.engines[holder] in _TRANSFERRING
    return _Spent.EXTERNAL if transfers else _Spent.OTHER


def _row(kind: str, kernels: tuple[KernelSpan, ...], kinds: dict[str, str], cycles: dict[_Spent, int]) -> TimeShare:
    spans = [span for span in kernels if kinds[span.name] == kind]
    return TimeShare(
        kind=kind,
        kernels=len(spans),
        instructions=sum(len(span.instructions) for span in spans),
        computing_cycles=cycles[_Spent.COMPUTING],
        external_cycles=cycles[_Spent.EXTERNAL],
        other_cycles=cycles[_Spent.OTHER],
        macs=sum(span.macs for span in spans),
    )
