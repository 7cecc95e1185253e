"""Which instruction of a Program made a byte of external memory what it is at the end."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chipsmith.program.instructions import Store
from chipsmith.program.program import Program
from chipsmith.program.streams import streams


def writer_of(program: Program, address: int) -> int | None:
    """The last instruction that wrote the on-chip byte which the last STORE to an external `address` stored.

    None where no STORE reaches the address, or nothing wrote that byte before. Of a SCATTER each byte of its table
    counts as written.
    """
    for index in reversed(range(len(program.instructions))):
        instruction = program.instructions[index]
        if isinstance(instruction, Store) and (local := _local_address(instruction, address)) is not None:
            return _last_write(program, local, before=index)
    return None


def _local_address(store: Store, address: int) -> int | None:
    """Where the byte that a STORE brings to an external address stands on the chip."""
    outer = np.arange(store.outer_count, dtype=np.int64)
    distance = address - store.external_address - outer * store.external_outer_stride
    inner = _nearest_steps(distance, store.external_inner_stride, store.inner_count)
    byte = distance - inner * store.external_inner_stride
    hits = np.flatnonzero((byte >= 0) & (byte < store.run_bytes))
    if not len(hits):
        return None
    hit = int(hits[0])
    run = store.local_address + hit * store.local_outer_stride + int(inner[hit]) * store.local_inner_stride
    return run + int(byte[hit])


def _nearest_steps(distance: npt.NDArray[np.int64], stride: int, count: int) -> npt.NDArray[np.int64]:
    """Of `count` steps of a stride, the one that comes nearest to each distance from below."""
    if not stride:
        return np.zeros_like(distance)
    steps = distance // stride if stride > 0 else -(distance // -stride)
    return np.clip(steps, 0, count - 1)


def _last_write(program: Program, local: int, *, before: int) -> int | None:
    for index in reversed(range(before)):
        for stream in streams(program.instructions[index]):
            if stream.written and stream.first <= local <= stream.last and stream.mask()[local - stream.first]:
                return index
    return None
