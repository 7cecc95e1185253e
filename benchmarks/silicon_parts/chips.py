"""Machine chips of random parameters, all of which are drawn, by a seed.

Each parameter takes few values, each of them nearly as often as the others, so that the modules which follow from few
parameters are the same in many chips and mapped once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from chipsmith.chip import Chip, load_chip, override_chip

LARGE_EVERY = 4
"""Of so many chips one has more than SMALL_MACS multipliers."""
SMALL_MACS = 128
MOST_MACS = 512
AT_THE_GATES = {"technology.node_nm": "130", "technology.voltage_v": "1.2", "clock_mhz": "50"}
"""A chip in the technology of the liberty files."""
_ARRAYS = [(rows, columns) for rows in (4, 8, 16) for columns in (4, 8, 16, 32)]
_SMALL = [(rows, columns) for rows, columns in _ARRAYS if rows * columns <= SMALL_MACS]
_LARGE = [array for array in _ARRAYS if array not in _SMALL]
_VALUES: dict[str, Sequence[int | str]] = {
    "tensor.tile_pixels": (16, 64),
    "vector.lanes": (4, 8, 16),
    "vector.multiplier_lanes": (2, 4, 8),
    "vector.table_lanes": (1, 2, 4),
    "memory.groups": (3, 7, 15),
    "memory.group_bytes": (4096, 16384),
    "instructions.page_instructions": (4, 16),
    "external.latency_cycles": (4, 32, 128),
    "external.bytes_per_cycle": (2, 4, 8),
    "external.kind": ("LPDDR2", "LPDDR4", "DDR3"),
}
_NO_MORE_THAN = {
    "vector.multiplier_lanes": "vector.lanes",
    "vector.table_lanes": "vector.lanes",
    "external.bytes_per_cycle": "tensor.rows",
}
"""A value drawn beyond that of another parameter becomes equal to it."""

Value = TypeVar("Value")


def draw_chips(seed: int, count: int) -> list[Chip]:
    """`count` chips at 130 nm; every LARGE_EVERY-th has more than SMALL_MACS multipliers, and none over MOST_MACS."""
    rng = np.random.default_rng([14, seed])
    large = iter(_shuffle(rng, _LARGE, count))
    small = iter(_shuffle(rng, _SMALL, count))
    arrays = [next(large if number % LARGE_EVERY == 1 else small) for number in range(count)]
    drawn = {name: _shuffle(rng, values, count) for name, values in _VALUES.items()}
    rows = [{name: values[number] for name, values in drawn.items()} for number in range(count)]
    return [_chip(f"drawn-{seed}-{number}", arrays[number], rows[number]) for number in range(count)]


def _shuffle(rng: np.random.Generator, values: Sequence[Value], count: int) -> list[Value]:
    """`count` of the values in a random order: all of them before one comes again, and so on."""
    order: list[int] = []
    while len(order) < count:
        order.extend(rng.permutation(len(values)).tolist())
    return [values[index] for index in order[:count]]


def _chip(name: str, array: tuple[int, int], drawn: dict[str, Any]) -> Chip:
    rows, columns = array
    settings: dict[str, Any] = {
        **AT_THE_GATES,
        "name": name,
        "tensor.rows": rows,
        "tensor.columns": columns,
        **drawn,
    }
    bounded = {name: min(settings[name], settings[other]) for name, other in _NO_MORE_THAN.items()}
    return override_chip(load_chip("nano-64"), {key: str(value) for key, value in (settings | bounded).items()})
