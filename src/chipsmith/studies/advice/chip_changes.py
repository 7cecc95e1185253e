"""The changes of a chip that an advice tries: field by field, upwards for what may help, downwards for what may go."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chipsmith.chip import Chip, override_chip
from chipsmith.chip.fields import field_rows
from chipsmith.chip.timing import estimate_timing
from chipsmith.errors import BadInput
from chipsmith.shown import Shown

CLOCK = "clock_mhz"
_STEPS = 3
"""Values of a field that are tried at most, one after the other."""
_VOLTAGE, _VOLTAGE_STEP = "technology.voltage_v", 0.1
_ROWS, _BUS = "tensor.rows", "external.bytes_per_cycle"
_LANES, _MULTIPLIERS, _TABLES = "vector.lanes", "vector.multiplier_lanes", "vector.table_lanes"
_GROUP_BYTES, _GROUPS, _PAGE = "memory.group_bytes", "memory.groups", "instructions.page_instructions"
_COLUMNS, _TILE = "tensor.columns", "tensor.tile_pixels"
_LINES = 16
"""Lines of the on-chip memory that a bank group holds at least."""
_MOST_CLOCK_MHZ = 5000
_MOST_GROUPS = 15


@dataclass(frozen=True, kw_only=True)
class Ladder(Shown):
    """Changes of one sort, from the smallest on: each step gives fields by dotted path with their new values.

    A `patient` one goes to its end; another stops where a step gains nothing over that before.
    """

    name: str
    steps: tuple[Mapping[str, str], ...]
    patient: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangedChip(Shown):
    """A chip with changed fields, which is legal; `slowed` where its clock had to fall for it."""

    chip: Chip
    fields: Mapping[str, str]
    slowed: bool


def growing_ladders(chip: Chip) -> tuple[Ladder, ...]:
    """What may make an inference on a chip faster, or cheaper in energy."""
    vector, tensor = chip.vector, chip.tensor
    ladders = (
        _clock_ladder(chip),
        Ladder(
            name=_BUS, steps=tuple(_with_rows(chip, value) for value in _above(_BUS, chip.external.bytes_per_cycle))
        ),
        _doubling(_COLUMNS, tensor.columns),
        Ladder(name=_ROWS, steps=tuple(_with_room(chip, value) for value in _above(_ROWS, tensor.rows))),
        _doubling(_TILE, tensor.tile_pixels),
        _doubling(_LANES, vector.lanes),
        Ladder(name=_MULTIPLIERS, steps=tuple(_with_lanes(chip, _MULTIPLIERS, vector.multiplier_lanes))),
        Ladder(name=_TABLES, steps=tuple(_with_lanes(chip, _TABLES, vector.table_lanes))),
        Ladder(name="vector", steps=tuple(_all_lanes(chip))),
        Ladder(name="memory", steps=tuple(_larger_memories(chip)), patient=True),
        _other_pages(chip),
        Ladder(name=_VOLTAGE, steps=({_VOLTAGE: f"{chip.technology.voltage_v - _VOLTAGE_STEP:.3g}"},)),
    )
    return tuple(ladder for ladder in ladders if ladder.steps)


def shrinking_ladders(chip: Chip) -> tuple[Ladder, ...]:
    """What may be left out of a chip."""
    vector = chip.vector
    lanes = {_MULTIPLIERS: vector.multiplier_lanes, _TABLES: vector.table_lanes}
    ladders = (
        _halving(_GROUP_BYTES, chip.memory.group_bytes),
        _halving(_COLUMNS, chip.tensor.columns),
        Ladder(name=_ROWS, steps=tuple(_fewer_rows(chip))),
        _halving(_TILE, chip.tensor.tile_pixels),
        Ladder(
            name=_LANES,
            steps=tuple(
                {_LANES: str(value), **{name: str(value) for name, lane in lanes.items() if lane > value}}
                for value in _below(_LANES, vector.lanes)
            ),
        ),
        _halving(_MULTIPLIERS, vector.multiplier_lanes),
        _halving(_TABLES, vector.table_lanes),
        _halving(_BUS, chip.external.bytes_per_cycle),
        _halving(_PAGE, chip.instructions.page_instructions),
    )
    return tuple(ladder for ladder in ladders if ladder.steps)


def change_chip(base: Chip, fields: Mapping[str, str], *, fastest: bool = False) -> ChangedChip | None:
    """The chip with these fields, its clock the base's where it is legal, else the fastest that is; None for none.

    With `fastest` its clock is the fastest in any case. A base whose own clock is above its estimate keeps it where the
    change does not lower that estimate.
    """
    try:
        free = override_chip(base, {**fields, CLOCK: "1"})
    except BadInput:
        return None
    limit, own = estimate_timing(free).max_clock_mhz.value, estimate_timing(base).max_clock_mhz.value
    legal = max(1, min(_MOST_CLOCK_MHZ, math.floor(limit)))
    slowed = base.clock_mhz > legal and limit < max(own, base.clock_mhz) and not (base.clock_mhz > own <= limit)
    clock = legal if fastest or slowed else base.clock_mhz
    changed = {**{path: value for path, value in fields.items() if path != CLOCK}}
    if clock != base.clock_mhz:
        changed[CLOCK] = str(clock)
    try:
        return ChangedChip(chip=override_chip(base, changed), fields=changed, slowed=slowed and not fastest)
    except BadInput:
        return None


def _clock_ladder(chip: Chip) -> Ladder:
    legal = min(_MOST_CLOCK_MHZ, math.floor(estimate_timing(chip).max_clock_mhz.value))
    return Ladder(name=CLOCK, steps=({CLOCK: str(legal)},) if legal > chip.clock_mhz else ())


def _values(path: str) -> tuple[int, ...]:
    return next(row.values for row in field_rows() if row.path == path)


def _above(path: str, value: int) -> tuple[int, ...]:
    return tuple(sorted(each for each in _values(path) if each > value))[:_STEPS]


def _below(path: str, value: int) -> tuple[int, ...]:
    return tuple(sorted((each for each in _values(path) if each < value), reverse=True))[:_STEPS]


def _doubling(path: str, value: int) -> Ladder:
    return Ladder(name=path, steps=tuple({path: str(each)} for each in _above(path, value)))


def _halving(path: str, value: int) -> Ladder:
    return Ladder(name=path, steps=tuple({path: str(each)} for each in _below(path, value)))


def _other_pages(chip: Chip) -> Ladder:
    """Shorter pages of instructions, which start sooner, and longer ones, which are loaded less often."""
    size = chip.instructions.page_instructions
    values = (*_below(_PAGE, size)[:2], *_above(_PAGE, size)[:2])
    return Ladder(name=_PAGE, steps=tuple({_PAGE: str(value)} for value in values), patient=True)


def _with_rows(chip: Chip, bus: int) -> dict[str, str]:
    """A wider bus, with lines that are as wide where these are narrower."""
    return {_BUS: str(bus), **({} if bus <= chip.tensor.rows else _with_room(chip, bus))}


def _with_room(chip: Chip, rows: int) -> dict[str, str]:
    """More rows, in groups that hold enough of the longer lines."""
    least = rows * _LINES
    return {_ROWS: str(rows), **({} if chip.memory.group_bytes >= least else {_GROUP_BYTES: str(least)})}


def _with_lanes(chip: Chip, path: str, value: int) -> Iterator[dict[str, str]]:
    """More of what is shared among the lanes, with as many lanes where there are fewer."""
    for each in _above(path, value):
        yield {path: str(each), **({} if each <= chip.vector.lanes else {_LANES: str(each)})}


def _all_lanes(chip: Chip) -> Iterator[dict[str, str]]:
    vector = chip.vector
    for lanes in _above(_LANES, vector.lanes):
        times = lanes // vector.lanes
        yield {
            _LANES: str(lanes),
            _MULTIPLIERS: str(vector.multiplier_lanes * times),
            _TABLES: str(vector.table_lanes * times),
        }


def _larger_memories(chip: Chip) -> Iterator[dict[str, str]]:
    """More groups of the same size, then larger ones."""
    if chip.memory.groups < _MOST_GROUPS:
        yield {_GROUPS: str(min(_MOST_GROUPS, 2 * chip.memory.groups))}
    for value in _above(_GROUP_BYTES, chip.memory.group_bytes):
        yield {_GROUP_BYTES: str(value)}


def _fewer_rows(chip: Chip) -> Iterator[dict[str, str]]:
    for rows in _below(_ROWS, chip.tensor.rows):
        yield {_ROWS: str(rows), **({} if chip.external.bytes_per_cycle <= rows else {_BUS: str(rows)})}
