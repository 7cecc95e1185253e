"""Where the instructions of a wipe read and write: bytes of on-chip memory that no weights keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.program.arithmetic import round_up
from chipsmith.program.instructions import ChannelRecord, Load, Table
from chipsmith.program.program import Program
from chipsmith.program.registers import ACCUMULATOR_TILES, RECORD_SETS, ROWS_ON_THEIR_WAY
from chipsmith.program.streams import Mask, streams

ALIGNMENT = 4


@dataclass(frozen=True, kw_only=True)
class WipePlaces:
    """Addresses on the chip for what a wipe reads and writes beside the bytes that it clears.

    `zeros`: the first of `target_bytes` free bytes in one bank group, which are cleared; an atom of the external memory
    stays so, and from `target` on results stand. `source`, `source_bytes`: bytes that it reads, in other groups.
    `lines`: an offset in every group from which two lines lie outside of the target.
    """

    zeros: int
    target_bytes: int
    target: int
    source: int
    source_bytes: int
    lines: int


def kept_bytes(program: Program) -> Mask:
    """Whether each byte of on-chip memory is kept for a warm inference."""
    kept: Mask = np.zeros(program.chip.memory_bytes, np.bool_)
    for instruction in program.instructions:
        if isinstance(instruction, Load) and instruction.once:
            (stream,) = streams(instruction)
            kept[stream.first : stream.last + 1] |= stream.mask()
    return kept


def choose_places(program: Program, kept: Mask, dependent: Mask) -> WipePlaces:
    """Places for the wipe of a Program, in the groups with least to clear; DoesNotFit where no group has room."""
    chip, size, source_bytes = program.chip, _target_bytes(program.chip), _source_bytes(program.chip)
    group_bytes, clear = chip.memory.group_bytes, _to_clear(dependent, chip)
    rooms = dict(_rooms(chip, kept, size))
    pairs = [(target, source) for target in rooms for source in _sources(chip, target, source_bytes)]
    if not pairs:
        raise DoesNotFit(
            f"network {program.manifest.network} leaves no {size} bytes of a bank group of {chip.name} free of "
            "weights, which a wipe needs: raise memory.group_bytes or memory.groups, or compile without the wipe"
        )
    target, source = min(pairs, key=lambda pair: clear[pair[0]] + clear[pair[1]])
    zeros = target * group_bytes + rooms[target]
    return WipePlaces(
        zeros=zeros,
        target_bytes=size,
        target=zeros + _atom_lines(chip),
        source=source * group_bytes,
        source_bytes=source_bytes,
        lines=_beside(rooms[target], size, line_bytes(chip)),
    )


def _to_clear(dependent: Mask, chip: Chip) -> list[int]:
    """The bytes of each group that depend on the inputs."""
    return [int(_group(dependent, group, chip.memory.group_bytes).sum()) for group in range(chip.memory.groups)]


def line_bytes(chip: Chip) -> int:
    """Bytes of two lines of a bank group that are two beats of the vector engine too."""
    return 2 * max(chip.tensor.rows, chip.vector.lanes)


def _target_bytes(chip: Chip) -> int:
    """Room for an atom of zeros and the longest result of a wipe's instructions."""
    results = (
        ACCUMULATOR_TILES * chip.tensor.tile_pixels,
        RECORD_SETS * chip.tensor.columns,
        line_bytes(chip),
        ROWS_ON_THEIR_WAY,
    )
    return _atom_lines(chip) + round_up(max(results), chip.tensor.rows)


def _atom_lines(chip: Chip) -> int:
    """Bytes of the lines that an atom of the external memory takes."""
    return round_up(chip.external.atom_bytes, chip.tensor.rows)


def _rooms(chip: Chip, kept: Mask, size: int) -> Iterator[tuple[int, int]]:
    """Each group with so many free bytes on end, and the offset of the first ones."""
    for number in range(chip.memory.groups):
        free = ~_group(kept, number, chip.memory.group_bytes)
        runs = np.lib.stride_tricks.sliding_window_view(free, size)[:: chip.tensor.rows].all(axis=1)
        if runs.any():
            yield number, int(np.argmax(runs)) * chip.tensor.rows


def _group(mask: Mask, number: int, group_bytes: int) -> Mask:
    return mask[number * group_bytes : (number + 1) * group_bytes]


def _source_bytes(chip: Chip) -> int:
    """Bytes that the longest stream of a wipe's instructions reads from the source."""
    records = RECORD_SETS * chip.tensor.columns * ChannelRecord.PER_CHANNEL.record_bytes
    return max(Table.TABLE16.size_bytes, records)


def _sources(chip: Chip, target: int, size: int) -> Iterator[int]:
    """The groups behind whose start so many bytes lie outside of the target's group."""
    for number in range(chip.memory.groups):
        last = (number * chip.memory.group_bytes + size - 1) // chip.memory.group_bytes
        if last < chip.memory.groups and not number <= target <= last:
            yield number


def _beside(offset: int, size: int, wanted: int) -> int:
    """An offset from which so many bytes do not meet the `size` bytes from `offset`."""
    return 0 if offset >= wanted else offset + size
