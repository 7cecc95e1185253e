"""Random Programs of LOADs and STOREs with runs of one byte to several KiB, over many borders of 4 KiB."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from random_instructions import distinct_strides, place, some
from timed_programs import program_of
from transfer_areas import draw_areas, into_areas, span, with_areas

from chipsmith.chip import Chip
from chipsmith.hardware.package import MAX_BURST
from chipsmith.hardware.registers import PAGE_BYTES
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import Load, Space, Store, TransferInstruction
from chipsmith.program.program import Program, page_bytes

AREA_BYTES = 12_000
AREAS = 3
LARGEST_RUN = 6_000


def random_transfers(chip: Chip, seed: int, count: int) -> Program:
    """So many LOADs and STOREs of areas that stand at any byte; each area is an input and an output."""
    rng = np.random.default_rng([11, seed])
    drawn: list[TransferInstruction] = []
    while len(drawn) < count:
        drawn += _drawn(chip, rng)
    pages = len(program_of(chip, drawn).constants)
    areas = draw_areas(rng, first=pages, count=AREAS, size_bytes=AREA_BYTES)
    return with_areas(program_of(chip, into_areas(drawn, areas)), areas)


def runs_of(transfer: TransferInstruction) -> Iterator[int]:
    """The external address of each run."""
    for outer in range(transfer.outer_count):
        for inner in range(transfer.inner_count):
            moves = outer * transfer.external_outer_stride + inner * transfer.external_inner_stride
            yield transfer.external_address + moves


def _drawn(chip: Chip, rng: np.random.Generator) -> list[TransferInstruction]:
    """One transfer or, where what was drawn does not fit, none."""
    row = Load if rng.random() < 0.5 else Store
    run_bytes = some(rng, LARGEST_RUN)
    counts = (some(rng, 6), some(rng, 6))
    external = distinct_strides(rng, counts, run_bytes, gap=100)
    local = distinct_strides(rng, counts, run_bytes, gap=8)
    first, extent = span(counts, external, run_bytes)
    room = AREA_BYTES - extent
    if room < 0:
        return []
    draft = row(
        external_address=int(rng.integers(room + 1)) - first,
        external_outer_stride=external[0],
        external_inner_stride=external[1],
        local_outer_stride=local[0],
        local_inner_stride=local[1],
        outer_count=counts[0],
        inner_count=counts[1],
        run_bytes=run_bytes,
        external_locks=1 << int(rng.integers(AREAS)),
    )
    placed = place(chip, rng, draft)
    return [placed] if placed else []


def bursts_of(program: Program, kind: type[Load] | type[Store]) -> int:
    """The bursts of all LOADs, with the doorbell's, or of all STOREs: of each run as few as the rules allow."""
    moved = [row for row in program.instructions if isinstance(row, kind)]
    if kind is Load:
        moved.append(Load(space=Space.PAGE, run_bytes=page_bytes(program.chip)))
    return sum(_bursts(program.chip, start, row.run_bytes) for row in moved for start in runs_of(row))


def _bursts(chip: Chip, start: int, run_bytes: int) -> int:
    atom, count = chip.external.atom_bytes, 0
    place, end = start // atom * atom, ceil_div(start + run_bytes, atom) * atom
    while place < end:
        border = (place // PAGE_BYTES + 1) * PAGE_BYTES
        place, count = min(end, border, place + MAX_BURST * chip.external.bytes_per_cycle), count + 1
    return count
