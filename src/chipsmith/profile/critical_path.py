"""The critical path of an inference: the instructions that its end waited for, one after the other.

What makes an instruction of this path shorter makes the inference shorter; what is beside it is hidden.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chipsmith.chip.description import Chip
from chipsmith.profile.kernel_names import kernel_names
from chipsmith.profile.kernels import REST
from chipsmith.profile.transfers import TransferRow
from chipsmith.program.cycles import occupancy
from chipsmith.program.instructions import Instruction, Load, Space, Store, TensorInstruction, VectorInstruction
from chipsmith.program.program import Program
from chipsmith.program.tensor_cycles import tiling, weight_load
from chipsmith.program.vector_cycles import beat_cycles, beats
from chipsmith.shown import Shown
from chipsmith.sim.cycle import DOORBELL, Timeline, Wait

_CLEAR = 0.2
"""A part of a chip bounds an instruction where four times of it would save this share of its time, or more."""
_TIMES = 4
_MOSTLY = 0.5


class Bound(enum.StrEnum):
    """What cycles of the critical path go on."""

    ARRAY = "array"
    WEIGHT_LOADS = "weights into the array"
    """The array waits for its next weights: each is used for few pixels."""
    MULTIPLIERS = "multiplier lanes"
    LANES = "vector lanes"
    TABLE_LANES = "table lanes"
    BEATS = "vector beats"
    """The vector engine is at work, on fewer elements at once than it has lanes: more of these would stay empty."""
    STEPS = "short steps"
    """Set-up, pipeline and tables of instructions with little work in each."""
    EXTERNAL = "external memory"
    STORES = "stores"
    START = "start-up"
    """The first page of instructions."""
    PAGES = "instruction pages"
    ISSUE = "issue"


@dataclass(frozen=True, kw_only=True)
class PathSegment(Shown):
    """Cycles of the critical path, from `first_cycle` up to `last_cycle`, on one bound for one kernel or REST."""

    kernel: str
    bound: Bound
    first_cycle: int
    last_cycle: int

    @property
    def cycles(self) -> int:
        """How many they are."""
        return self.last_cycle - self.first_cycle


def critical_path(program: Program, timeline: Timeline, transfers: Sequence[TransferRow]) -> tuple[PathSegment, ...]:
    """The path from the doorbell to the end, in time: its segments are side by side and sum to the latency.

    A transfer's cycles are the kernel's that most of its bytes are for.
    """
    served = _served(program, transfers)
    return tuple(reversed(tuple(_walk_back(program, timeline, served))))


def _walk_back(program: Program, timeline: Timeline, served: Mapping[int, str]) -> Iterator[PathSegment]:
    starts = timeline.start.tolist()
    index, end = len(starts) - 1, timeline.latency_cycles
    while index != DOORBELL and end > 0:
        reason = timeline.reasons[index]
        holder = reason.holder
        start = 0 if holder == DOORBELL else starts[holder]
        if end > start:
            yield PathSegment(
                kernel=served.get(holder, REST),
                bound=_segment_bound(program, reason.kind, holder),
                first_cycle=start,
                last_cycle=end,
            )
        index, end = holder, start


def _segment_bound(program: Program, kind: Wait, holder: int) -> Bound:
    if holder == DOORBELL:
        return Bound.START
    if kind is Wait.ISSUE:
        return Bound.ISSUE
    return work_bound(program.instructions[holder], program.chip)


def _served(program: Program, transfers: Sequence[TransferRow]) -> dict[int, str]:
    """The kernel of each instruction that has one."""
    moved = {row.index: max(row.shares, key=lambda name: row.shares[name]) for row in transfers if row.shares}
    return {**kernel_names(program), **moved}


def work_bound(instruction: Instruction, chip: Chip) -> Bound:
    """What the time of one instruction goes on, by its closed form: what would shorten it most."""
    match instruction:
        case Load():
            return Bound.PAGES if instruction.space is Space.PAGE else Bound.EXTERNAL
        case Store():
            return Bound.STORES
        case TensorInstruction():
            return _tensor_bound(instruction, chip)
        case VectorInstruction():
            return _vector_bound(instruction, chip)
    return Bound.ISSUE


def _tensor_bound(instruction: TensorInstruction, chip: Chip) -> Bound:
    if _saved(instruction, chip, lanes=_TIMES, multiplier_lanes=_TIMES) >= _CLEAR:
        return Bound.MULTIPLIERS
    few = tiling(instruction, chip).first.accesses < weight_load(instruction, chip)
    return Bound.WEIGHT_LOADS if few else Bound.ARRAY


def _vector_bound(instruction: VectorInstruction, chip: Chip) -> Bound:
    saved = {
        Bound.LANES: _saved(instruction, chip, lanes=_TIMES),
        Bound.MULTIPLIERS: _saved(instruction, chip, multiplier_lanes=_TIMES),
        Bound.TABLE_LANES: _saved(instruction, chip, table_lanes=_TIMES),
    }
    best = max(saved, key=lambda bound: saved[bound])
    if saved[best] >= _CLEAR:
        return best
    together = _saved(instruction, chip, lanes=_TIMES, multiplier_lanes=_TIMES, table_lanes=_TIMES)
    if together >= _CLEAR:
        return Bound.LANES
    working = beats(instruction, chip) * beat_cycles(instruction, chip)
    return Bound.BEATS if working >= _MOSTLY * occupancy(instruction, chip).engine else Bound.STEPS


def _saved(instruction: Instruction, chip: Chip, **times: int) -> float:
    """The share of an instruction's time that so many times the lanes of some sorts would save."""
    lanes: dict[str, Any] = {name: getattr(chip.vector, name) * factor for name, factor in times.items()}
    relieved = chip.model_copy(update={"vector": chip.vector.model_copy(update=lanes)})
    cycles = occupancy(instruction, chip).engine
    return 1 - occupancy(instruction, relieved).engine / max(1, cycles)
