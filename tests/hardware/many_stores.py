"""Programs of many STOREs: of all lengths, over borders of 4 KiB, with atoms that are written in part.

What they write depends on their inputs alone: every byte that a STORE reads was loaded before.
"""

from __future__ import annotations

import numpy as np
from random_instructions import distinct_strides, some
from timed_programs import program_of
from transfer_areas import byte_port, draw_areas, into_areas, span, with_areas

from chipsmith.chip import Chip
from chipsmith.program.instructions import Load, Store
from chipsmith.program.program import Port, Program

GROUPS = 3
LOADED_BYTES = 2_048
"""Of each bank group, from its first byte on."""
AREA_BYTES = 5_000
AREAS = 6
LARGEST_RUN = 1_500
SMALL_RUN = 40
"""About an atom: half of the runs are no longer."""


def many_stores(chip: Chip, seed: int, count: int) -> Program:
    """So many STOREs of bytes that stand in the first GROUPS bank groups, into areas that are inputs and outputs."""
    rng = np.random.default_rng([17, seed])
    stores = [_drawn(chip, rng) for _ in range(count)]
    pages = len(program_of(chip, [Load()] * GROUPS + stores).constants)
    source = byte_port("source", pages, GROUPS * LOADED_BYTES)
    areas = draw_areas(rng, first=source.address + source.size_bytes, count=AREAS, size_bytes=AREA_BYTES)
    fills = [_fill(chip, source, group) for group in range(GROUPS)]
    return with_areas(program_of(chip, [*fills, *into_areas(stores, areas)]), areas, beside=(source,))


def _fill(chip: Chip, source: Port, group: int) -> Load:
    return Load(
        external_address=source.address + group * LOADED_BYTES,
        local_address=group * chip.memory.group_bytes,
        run_bytes=LOADED_BYTES,
        first_group=group,
        last_group=group,
    )


def _drawn(chip: Chip, rng: np.random.Generator) -> Store:
    while True:
        run_bytes = some(rng, SMALL_RUN) if rng.random() < 0.5 else int(rng.integers(1, LARGEST_RUN + 1))
        counts = (some(rng, 3), some(rng, 4))
        external = distinct_strides(rng, counts, run_bytes, gap=70)
        local = distinct_strides(rng, counts, run_bytes, gap=3)
        first, extent = span(counts, external, run_bytes)
        local_first, local_extent = span(counts, local, run_bytes)
        if extent > AREA_BYTES or local_extent > LOADED_BYTES:
            continue
        group = int(rng.integers(GROUPS))
        place = int(rng.integers(LOADED_BYTES - local_extent + 1)) - local_first
        return Store(
            external_address=int(rng.integers(AREA_BYTES - extent + 1)) - first,
            external_outer_stride=external[0],
            external_inner_stride=external[1],
            local_address=group * chip.memory.group_bytes + place,
            local_outer_stride=local[0],
            local_inner_stride=local[1],
            outer_count=counts[0],
            inner_count=counts[1],
            run_bytes=run_bytes,
            first_group=group,
            last_group=group,
            external_locks=1 << int(rng.integers(AREAS)),
        )
