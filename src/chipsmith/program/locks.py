"""The locks that an instruction names (docs/machine.md, section 3)."""

from __future__ import annotations

import enum
from typing import NamedTuple

from chipsmith.program.cycles import uses_multipliers
from chipsmith.program.instructions import (
    ChannelRecord,
    Instruction,
    Load,
    Source,
    Space,
    Table,
    TensorInstruction,
    TransferInstruction,
    VectorInstruction,
)

EXTERNAL_REGIONS = 6


class LockKind(enum.IntEnum):
    """The kinds of things that one instruction at a time may hold."""

    GROUP = 0
    PAGE = 1
    EXTERNAL = 2
    MULTIPLIERS = 3


class Lock(NamedTuple):
    """One lock: a bank group, a page slot, an external region, or the multipliers (number 0)."""

    kind: LockKind
    number: int


def group_ranges(instruction: Instruction) -> tuple[tuple[int, int], ...]:
    """(first, last) bank group of each stream that the instruction uses, in the order of its fields."""
    one = instruction
    match one:
        case Load(space=Space.PAGE):
            return ()
        case TransferInstruction():
            return ((one.first_group, one.last_group),)
        case TensorInstruction():
            ranges = [(one.a_first_group, one.a_last_group), (one.w_first_group, one.w_last_group)]
            if one.parameters is not ChannelRecord.NONE:
                ranges.append((one.param_first_group, one.param_last_group))
            ranges.append((one.o_first_group, one.o_last_group))
            return (*ranges, (one.res_first_group, one.res_last_group)) if one.residual else tuple(ranges)
        case VectorInstruction():
            return _vector_ranges(one)
    return ()


def _vector_ranges(one: VectorInstruction) -> tuple[tuple[int, int], ...]:
    ranges = [(one.a_first_group, one.a_last_group)]
    if one.b_source is Source.STREAM:
        ranges.append((one.b_first_group, one.b_last_group))
    ranges.append((one.o_first_group, one.o_last_group))
    if one.table is not Table.NONE:
        ranges.append((one.t_first_group, one.t_last_group))
    return tuple(ranges)


def named_locks(instruction: Instruction) -> tuple[Lock, ...]:
    """The locks that an instruction holds, each once: groups rising, then page, external regions, multipliers."""
    groups = sorted({group for first, last in group_ranges(instruction) for group in range(first, last + 1)})
    locks = [Lock(LockKind.GROUP, group) for group in groups]
    if isinstance(instruction, Load) and instruction.space is Space.PAGE:
        locks.append(Lock(LockKind.PAGE, instruction.local_address))
    if isinstance(instruction, TransferInstruction):
        bits = instruction.external_locks
        locks += [Lock(LockKind.EXTERNAL, region) for region in range(EXTERNAL_REGIONS) if bits >> region & 1]
    if uses_multipliers(instruction):
        locks.append(Lock(LockKind.MULTIPLIERS, 0))
    return tuple(locks)
