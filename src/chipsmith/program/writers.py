"""Which instruction of a Program made a byte of external memory what it is at the end."""

from __future__ import annotations

import numpy as np

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
    outer, inner = np.arange(store.outer_count)[:, None], np.arange(store.inner_count)
    starts = store.external_address + outer * store.external_outer_stride + inner * store.external_inner_stride
    hits = np.argwhere((starts <= address) & (address < starts + store.run_bytes))
    if not len(hits):
        return None
    at_outer, at_inner = map(int, hits[0])
    run = store.local_address + at_outer * store.local_outer_stride + at_inner * store.local_inner_stride
    return run + address - int(starts[at_outer, at_inner])


def _last_write(program: Program, local: int, *, before: int) -> int | None:
    for index in reversed(range(before)):
        for stream in streams(program.instructions[index]):
            if stream.written and stream.first <= local <= stream.last and stream.mask()[local - stream.first]:
                return index
    return None
