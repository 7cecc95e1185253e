"""Where the time of an inference goes, by kind of kernel: computing, waiting, and how busy the array is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chipsmith.profile.kernel_names import kernel_names
from chipsmith.program.instructions import Engine
from chipsmith.program.program import KernelSpan, Program
from chipsmith.sim.cycle import DOORBELL, Timeline

COPY = "copy"
"""Kind of a kernel that computes no operator: a tensor in another order or place."""
NO_KERNEL = "no kernel"
"""Kind of the row for the end: the last stores, after every kernel."""
_STAGES = ("RESCALE", "CLAMP")
_COMPUTING = (Engine.TENSOR, Engine.VECTOR)
_TRANSFERRING = (Engine.LOAD, Engine.STORE)


@dataclass(frozen=True, kw_only=True)
class TimeShare:
    """The kernels of one kind: the sums over all rows of `computing` and the waits are the latency.

    `kind` is the first operator of the kernels that is no RESCALE or CLAMP, if there is one. `computing_cycles`: an
    instruction of theirs computes, and none that started before it any more. `external_cycles`, `other_cycles`: nothing
    computes before their next instruction starts, because a transfer has still to free what it needs, or for another
    reason. `macs` of the operators.
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
    spent: dict[str, list[int]] = {kind: [0, 0, 0] for kind in kinds.values()} | {NO_KERNEL: [0, 0, 0]}
    for kind, column, cycles in _intervals(program, timeline, kinds):
        spent[kind][column] += cycles
    rows = [_row(kind, program.manifest.kernels, kinds, cycles) for kind, cycles in spent.items()]
    return tuple(sorted(rows, key=lambda row: (row.kind == NO_KERNEL, -row.cycles)))


def _kinds(program: Program) -> dict[str, str]:
    """The kind of each kernel by its name."""
    kinds: dict[str, list[str]] = {}
    for operator in program.manifest.operators:
        kinds.setdefault(operator.kernel, []).append(operator.kind)
    return {span.name: _kind(kinds.get(span.name, [])) for span in program.manifest.kernels}


def _kind(operators: list[str]) -> str:
    """The first operator, but for those that are stages of most kernels."""
    return next((kind for kind in operators if kind not in _STAGES), operators[0] if operators else COPY)


def _intervals(program: Program, timeline: Timeline, kinds: dict[str, str]) -> Iterator[tuple[str, int, int]]:
    """The latency in parts: (kind, column, cycles); the columns are computing, external and other."""
    kernels = {index: kinds[name] for index, name in kernel_names(program).items()}
    covered = 0
    for index, (start, end) in enumerate(zip(timeline.start.tolist(), timeline.end.tolist(), strict=True)):
        if timeline.engines[index] in _COMPUTING:
            yield kernels[index], 1 if _waits_for_transfer(timeline, index) else 2, max(0, start - covered)
            yield kernels[index], 0, max(0, end - max(covered, start))
            covered = max(covered, end)
    yield (
        NO_KERNEL,
        1 if _waits_for_transfer(timeline, len(timeline.start) - 1) else 2,
        timeline.latency_cycles - covered,
    )


def _waits_for_transfer(timeline: Timeline, index: int) -> bool:
    holder = timeline.reasons[index].holder
    return holder == DOORBELL or timeline.engines[holder] in _TRANSFERRING


def _row(kind: str, kernels: tuple[KernelSpan, ...], kinds: dict[str, str], cycles: list[int]) -> TimeShare:
    mine = [span for span in kernels if kinds[span.name] == kind]
    computing, external, other = cycles
    return TimeShare(
        kind=kind,
        kernels=len(mine),
        instructions=sum(len(span.instructions) for span in mine),
        computing_cycles=computing,
        external_cycles=external,
        other_cycles=other,
        macs=sum(span.macs for span in mine),
    )
