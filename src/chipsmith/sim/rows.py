"""The rows of GATHER and SCATTER: the row that each element names, and moves by it (docs/machine.md, section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.program.instructions import Masking, Type, VectorInstruction
from chipsmith.program.streams import a_loops, b_loops, o_loops
from chipsmith.sim.memory import Array, Bytes, Loops, strided

ByteOffsets: TypeAlias = npt.NDArray[np.int64]

_OUTER_LOOPS = 5
"""o0 to o3 and the lanes."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows that the elements name; axes: inferences, o0, o1, o2, o3, lanes.

    `present`: whether the row is there; `offset_bytes`: its place after the first, 0 where it is not there.
    """

    present: npt.NDArray[np.bool_]
    offset_bytes: ByteOffsets


def named_rows(local: Bytes, instruction: VectorInstruction) -> Rows:
    """The rows that stream B of a GATHER or SCATTER names."""
    stream = strided(local, base=instruction.b_base, loops=b_loops(instruction), dtype=instruction.b_type.numpy)
    numbers = stream.astype(np.int32)
    numbers -= np.int32(instruction.b_immediate)
    present = (numbers >= 0) & (numbers < instruction.rows)
    return Rows(present=present, offset_bytes=np.where(present, numbers, 0).astype(np.int64) * instruction.row_pitch)


def gathered(local: Bytes, instruction: VectorInstruction, rows: Rows) -> npt.NDArray[np.int32]:
    """The elements A of the rows, 0 where a row is not there; axes as of Rows."""
    view, places = _places(local, instruction.a_type, instruction.a_base, a_loops(instruction)[:_OUTER_LOOPS], rows)
    values = np.take_along_axis(view, places.reshape(len(places), -1), axis=1).reshape(places.shape).astype(np.int32)
    values *= rows.present
    return values


def write_gathered(local: Bytes, instruction: VectorInstruction, rows: Rows, values: npt.NDArray[np.int32]) -> None:
    """Write the output elements; those whose row is not there only where the instruction does not merge."""
    output = strided(local, base=instruction.o_base, loops=o_loops(instruction), dtype=instruction.o_type.numpy)
    written = rows.present if instruction.masking is Masking.MERGE else True
    np.copyto(output, values, where=written, casting="unsafe")


def scatter(local: Bytes, instruction: VectorInstruction, rows: Rows, values: npt.NDArray[np.int32]) -> None:
    """Write the values to the rows that are there; the last value stands where a place is written twice."""
    view, places = _places(local, instruction.o_type, instruction.o_base, o_loops(instruction), rows)
    for memory, place, value, present in zip(view, places, values, rows.present, strict=True):
        memory[place[present]] = value[present].astype(view.dtype)


def _places(local: Bytes, kind: Type, base: int, loops: Loops, rows: Rows) -> tuple[Array, ByteOffsets]:
    """The memory of each inference in elements, and the place of each element in it."""
    steps = (np.arange(count, dtype=np.int64) * stride for count, stride in loops)
    places: ByteOffsets = base + sum(np.ix_(*steps), start=rows.offset_bytes)
    return local.view(kind.numpy), places // kind.size_bytes
