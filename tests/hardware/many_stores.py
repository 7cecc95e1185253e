"""Programs of many STOREs: of all lengths, over borders of 4 KiB, with atoms that are written in part.

What they write depends on their inputs alone: every byte that a STORE reads was loaded before.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from random_instructions import distinct_strides, some
from timed_programs import program_of

from chipsmith.chip import Chip
from chipsmith.program.instructions import Load, Store
from chipsmith.program.program import Port, Program
from chipsmith.program.verify import verify_program

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
    source = _port("source", pages, GROUPS * LOADED_BYTES)
    first = source.address + source.size_bytes
    areas = tuple(
        _port(f"area{number}", first + number * (AREA_BYTES + 64) + int(rng.integers(64)), AREA_BYTES)
        for number in range(AREAS)
    )
    fills = [_fill(chip, source, group) for group in range(GROUPS)]
    program = program_of(chip, [*fills, *(_moved(store, areas) for store in stores)])
    end = areas[-1].address + AREA_BYTES
    manifest = dataclasses.replace(program.manifest, inputs=(source, *areas), outputs=areas, external_bytes=end)
    program = dataclasses.replace(program, manifest=manifest)
    verify_program(program)
    return program


def _port(name: str, address: int, size_bytes: int) -> Port:
    return Port(name=name, shape=(1, size_bytes), dtype="<i1", address=address, size_bytes=size_bytes)


def _fill(chip: Chip, source: Port, group: int) -> Load:
    return Load(
        external_address=source.address + group * LOADED_BYTES,
        local_address=group * chip.memory.group_bytes,
        run_bytes=LOADED_BYTES,
        first_group=group,
        last_group=group,
    )


def _moved(store: Store, areas: tuple[Port, ...]) -> Store:
    """The drawn address counts from the start of the area whose region the STORE names."""
    area = areas[store.external_locks.bit_length() - 1]
    return dataclasses.replace(store, external_address=area.address + store.external_address)


def _drawn(chip: Chip, rng: np.random.Generator) -> Store:
    while True:
        run_bytes = some(rng, SMALL_RUN) if rng.random() < 0.5 else int(rng.integers(1, LARGEST_RUN + 1))
        counts = (some(rng, 3), some(rng, 4))
        external = distinct_strides(rng, counts, run_bytes, gap=70)
        local = distinct_strides(rng, counts, run_bytes, gap=3)
        first, extent = _span(counts, external, run_bytes)
        local_first, local_extent = _span(counts, local, run_bytes)
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


def _span(counts: tuple[int, int], strides: tuple[int, int], run_bytes: int) -> tuple[int, int]:
    """The lowest byte of the runs, from the start of the first one, and the bytes from there to their end."""
    moves = [(count - 1) * stride for count, stride in zip(counts, strides, strict=True)]
    first, last = (sum(pick(0, move) for move in moves) for pick in (min, max))
    return first, last - first + run_bytes
