"""Machine chips of random parameters, all of which are drawn, by a seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chipsmith.chip import Chip, load_chip, override_chip

LARGE_EVERY = 4
"""Of so many chips one has more than SMALL_MACS multipliers."""
SMALL_MACS = 128
MOST_MACS = 512
_FEWEST_LINES = 16
"""Lines of a group at least: eight in each bank."""


def draw_chips(seed: int, count: int) -> list[Chip]:
    """`count` chips at 130 nm; every LARGE_EVERY-th has more than SMALL_MACS multipliers, and none over MOST_MACS."""
    rng = np.random.default_rng([14, seed])
    return [_draw(rng, f"drawn-{seed}-{number}", large=number % LARGE_EVERY == 1) for number in range(count)]


def _draw(rng: np.random.Generator, name: str, *, large: bool) -> Chip:
    rows, columns = _array(rng, large=large)
    lanes = _power(rng, 2, 32)
    settings: dict[str, Any] = {
        "name": name,
        "technology.node_nm": 130,
        "technology.voltage_v": 1.2,
        "clock_mhz": 50,
        "tensor.rows": rows,
        "tensor.columns": columns,
        "tensor.tile_pixels": _power(rng, 8, 256),
        "vector.lanes": lanes,
        "vector.multiplier_lanes": _power(rng, 1, min(lanes, 8)),
        "vector.table_lanes": _power(rng, 1, min(lanes, 8)),
        "memory.groups": int(rng.integers(2, 16)),
        "memory.group_bytes": _power(rng, max(1024, _FEWEST_LINES * rows), 1 << 16),
        "instructions.page_instructions": _power(rng, 2, 64),
        "external.latency_cycles": int(rng.integers(1, 129)),
        "external.bytes_per_cycle": _power(rng, 1, min(rows, 32)),
        "external.kind": _choose(rng, ("LPDDR2", "LPDDR4", "DDR3")),
    }
    return override_chip(load_chip("nano-64"), {key: str(value) for key, value in settings.items()})


def _array(rng: np.random.Generator, *, large: bool) -> tuple[int, int]:
    while True:
        rows, columns = _power(rng, 4, 64), _power(rng, 4, 64)
        if rows * columns <= MOST_MACS and large == (rows * columns > SMALL_MACS):
            return rows, columns


def _power(rng: np.random.Generator, low: int, high: int) -> int:
    """A power of two from `low` to `high`, both powers of two, each as likely."""
    return 1 << int(rng.integers(low.bit_length() - 1, high.bit_length()))


def _choose(rng: np.random.Generator, words: Sequence[str]) -> str:
    return words[int(rng.integers(len(words)))]
