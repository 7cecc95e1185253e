"""Chips of random parameters, on which the RTL must agree with the simulators as on those of the catalogue."""

from __future__ import annotations

import numpy as np

from chipsmith.chip import Chip, load_chip, override_chip


def random_chip(seed: int) -> Chip:
    """nano-64 with other sizes everywhere, up to 1,024 multipliers."""
    rng = np.random.default_rng([7, seed])
    rows = 1 << int(rng.integers(2, 6))
    lanes = 1 << int(rng.integers(1, 6))
    settings = {
        "name": f"random-{seed}",
        "tensor.rows": rows,
        "tensor.columns": 1 << int(rng.integers(2, 6)),
        "tensor.tile_pixels": 1 << int(rng.integers(3, 7)),
        "vector.lanes": lanes,
        "vector.multiplier_lanes": min(lanes, 1 << int(rng.integers(5))),
        "vector.table_lanes": min(lanes, 1 << int(rng.integers(4))),
        "memory.groups": int(rng.integers(4, 16)),
        "instructions.page_instructions": 1 << int(rng.integers(1, 5)),
        "external.latency_cycles": int(rng.integers(1, 200)),
        "external.bytes_per_cycle": min(rows, 1 << int(rng.integers(6))),
        "external.kind": str(rng.choice(["LPDDR2", "LPDDR4", "DDR3"])),  # atoms of 16, 32 and 64 bytes
    }
    return override_chip(load_chip("nano-64"), {name: str(value) for name, value in settings.items()})
