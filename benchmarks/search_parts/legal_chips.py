"""Legal machine chips of random parameters over a wide space, drawn by a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chipsmith.chip import Chip, load_chip, override_chip
from chipsmith.chip.timing import estimate_timing
from chipsmith.errors import BadInput

_SPACE: Mapping[str, Sequence[Any]] = {
    "technology.node_nm": (16, 22, 28, 40, 65, 90, 130),
    "tensor.rows": (4, 8, 16, 32, 64),
    "tensor.columns": (4, 8, 16, 32, 64),
    "tensor.tile_pixels": (16, 32, 64, 128, 256),
    "vector.lanes": (4, 8, 16, 32, 64),
    "vector.multiplier_lanes": (1, 2, 4, 8, 16, 32),
    "vector.table_lanes": (1, 2, 4, 8, 16),
    "memory.groups": tuple(range(3, 16)),
    "memory.group_bytes": (4096, 8192, 16384, 32768, 65536),
    "instructions.page_instructions": (4, 8, 16, 32, 64),
    "external.kind": ("LPDDR2", "LPDDR4", "DDR3"),
    "external.latency_cycles": (8, 16, 32, 64, 128, 256),
    "external.bytes_per_cycle": (1, 2, 4, 8, 16),
}
"""The fields that are drawn, each of its values as likely as the others."""
_NO_MORE_THAN = {
    "vector.multiplier_lanes": "vector.lanes",
    "vector.table_lanes": "vector.lanes",
    "external.bytes_per_cycle": "tensor.rows",
}
"""A value drawn beyond that of another field becomes equal to it."""
_SLOWEST, _FASTEST = 0.3, 1.0
"""The clock as a share of the fastest that the chip can have by its estimate."""


def draw_legal_chips(seed: int, count: int) -> list[Chip]:
    """`count` chips that a file may describe; a draw that is refused is drawn again."""
    rng = np.random.default_rng([21, seed])
    chips: list[Chip] = []
    while len(chips) < count:
        settings = _draw(rng)
        share = rng.uniform(_SLOWEST, _FASTEST)
        try:
            slow = override_chip(load_chip("edge-256"), {**settings, "clock_mhz": "1", "name": f"drawn-{len(chips)}"})
            clock = max(1, int(share * estimate_timing(slow).max_clock_mhz.value))
            chips.append(override_chip(slow, {"clock_mhz": str(clock), "name": slow.name}))
        except BadInput:
            continue
    return chips


def _draw(rng: np.random.Generator) -> dict[str, str]:
    drawn = {name: values[rng.integers(len(values))] for name, values in _SPACE.items()}
    bounded = {name: min(drawn[name], drawn[other]) for name, other in _NO_MORE_THAN.items()}
    return {name: str(value) for name, value in (drawn | bounded).items()}
