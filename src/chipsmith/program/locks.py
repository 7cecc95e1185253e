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
    match instruction:
        case Load(space=Space.PAGE):
            return ()
        case TransferInstruction():
            return ((instruction.first_group, instruction.last_group),)
        case TensorInstruction():
            return _tensor_ranges(instruction)
        case VectorInstruction():
            return _vector_ranges(instruction)
    return ()


def _tensor_ranges(instruction: TensorInstruction) -> tuple[tuple[int, int], ...]:
    ranges = [
        (instruction.a_first_group, instruction.a_last_group),
        (instruction.w_first_group, instruction.w_last_group),
    ]
    if instruction.parameters is not ChannelRecord.NONE:
        ranges.append((instruction.param_first_group, instruction.param_last_group))
    ranges.append((instruction.o_first_group, instruction.o_last_group))
    if instruction.residual:
        ranges.append((instruction.res_first_group, instruction.res_last_group))
    return tuple(ranges)


def _vector_ranges(instruction: VectorInstruction) -> tuple[tuple[int, int], ...]:
    ranges = [(instruction.a_first_group, instruction.a_last_group)]
    if instruction.b_source is Source.STREAM:
        ranges.append((instruction.b_first_group, instruction.b_last_group))
    ranges.append((instruction.o_first_group, instruction.o_last_group))
    if instruction.table is not Table.NONE:
        ranges.append((instruction.t_first_group, instruction.t_last_group))
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
