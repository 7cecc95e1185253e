"""The locks that an instruction names (docs/machine.md, section 3)."""

from __future__ import annotations

import enum
import functools
from typing import NamedTuple

from chipsmith.chip.description import INSTRUCTION_PAGES
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


_GROUP_NUMBERS = 32
"""Numbers that fit into the fields of bank groups."""
LOCKS: tuple[Lock, ...] = (
    *(Lock(LockKind.GROUP, group) for group in range(_GROUP_NUMBERS)),
    *(Lock(LockKind.PAGE, slot) for slot in range(INSTRUCTION_PAGES)),
    *(Lock(LockKind.EXTERNAL, region) for region in range(EXTERNAL_REGIONS)),
    Lock(LockKind.MULTIPLIERS, 0),
)
"""All locks of the machine, in the order in which an instruction takes them."""
_FIRST_PAGE = _GROUP_NUMBERS
_FIRST_EXTERNAL = _FIRST_PAGE + INSTRUCTION_PAGES
_MULTIPLIERS = _FIRST_EXTERNAL + EXTERNAL_REGIONS
EXTERNAL_POSITIONS = range(_FIRST_EXTERNAL, _MULTIPLIERS)
"""The positions in LOCKS of the external regions, which stay held longer than what else a transfer names."""


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


def lock_mask(instruction: Instruction) -> int:
    """The locks that an instruction holds: a bit for each, at its position in LOCKS."""
    mask = 0
    for first, last in group_ranges(instruction):
        mask |= ((2 << last) - 1) & -(1 << first)
    if isinstance(instruction, TransferInstruction):
        mask |= instruction.external_locks << _FIRST_EXTERNAL
        if isinstance(instruction, Load) and instruction.space is Space.PAGE:
            mask |= 1 << _FIRST_PAGE + instruction.local_address % INSTRUCTION_PAGES
    elif uses_multipliers(instruction):
        mask |= 1 << _MULTIPLIERS
    return mask


@functools.lru_cache(maxsize=1 << 12)
def lock_positions(mask: int) -> tuple[int, ...]:
    """The positions in LOCKS of the bits of a mask, rising."""
    return tuple(position for position in range(len(LOCKS)) if mask >> position & 1)


def named_locks(instruction: Instruction) -> tuple[Lock, ...]:
    """The locks that an instruction holds, each once: groups rising, then page, external regions, multipliers."""
    return tuple(LOCKS[position] for position in lock_positions(lock_mask(instruction)))
