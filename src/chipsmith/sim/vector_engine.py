"""VECTOR: elementwise chains, reductions, tables and data movement of a batch (docs/machine.md, section 7)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.program.instructions import INDIRECT_OPS, Op, Reduce, Rounding, Source, Table, Type, VectorInstruction
from chipsmith.program.streams import a_loops, b_loops, o_loops
from chipsmith.sim.compiled import (
    count_leading_zeros_in_place,
    divide_in_place,
    look_up_8_in_place,
    look_up_16_in_place,
    multiply_in_place,
    scale_in_place,
)
from chipsmith.sim.memory import Bytes, Loops, Memories, parts, strided
from chipsmith.sim.rows import gathered, named_rows, scatter, write_gathered

LaneValues: TypeAlias = npt.NDArray[np.int32]
"""Axes: inferences, r0, r1, o0, o1, o2, o3, lanes."""

_REDUCED_AXES = (1, 2)
_LANE_AXIS = 7
_SHIFT_BITS = 31


def run_vector(memories: Memories, instruction: VectorInstruction) -> None:
    """Run a VECTOR on the on-chip memory of each inference: all elements are read before any is written."""
    elements = math.prod(count for count, _ in a_loops(instruction))
    for part in parts(memories.inferences, bytes_each=4 * elements):
        if instruction.op in INDIRECT_OPS:
            _run_indirect(memories.local[part], instruction)
        else:
            _run(memories.local[part], instruction)


def _run(local: Bytes, instruction: VectorInstruction) -> None:
    values = _operated(instruction, _operand_a(local, instruction), _operand_b(local, instruction))
    values = _reduced(instruction, values)
    _finish(local, instruction, values)
    output = strided(local, base=instruction.o_base, loops=o_loops(instruction), dtype=instruction.o_type.numpy)
    output[...] = values.reshape(output.shape)


def _run_indirect(local: Bytes, instruction: VectorInstruction) -> None:
    rows = named_rows(local, instruction)
    if instruction.op is Op.GATHER:
        values = _prepared_a(instruction, gathered(local, instruction, rows))
        _finish(local, instruction, values)
        write_gathered(local, instruction, rows, values)
    else:
        values = _reduced(instruction, _operand_a(local, instruction))
        _finish(local, instruction, values)
        scatter(local, instruction, rows, values)


def _finish(local: Bytes, instruction: VectorInstruction, values: LaneValues) -> None:
    """What comes after the reduction, in place."""
    if instruction.o_rounding is not Rounding.OFF:
        _scale(values, instruction.o_multiplier, instruction.o_shift, instruction.o_rounding)
    if instruction.o_zero_point:
        values += np.int32(instruction.o_zero_point)
    np.clip(values, instruction.clamp_min, instruction.clamp_max, out=values)
    _look_up(local, instruction, values)


def _operand_a(local: Bytes, instruction: VectorInstruction) -> LaneValues:
    *outer, r0, r1 = a_loops(instruction)
    return _prepared_a(instruction, _elements(local, instruction.a_type, instruction.a_base, (r0, r1, *outer)))


def _prepared_a(instruction: VectorInstruction, values: LaneValues) -> LaneValues:
    scale = (instruction.a_multiplier, instruction.a_shift, instruction.a_rounding)
    return _prepared(values, instruction.a_zero_point, instruction.a_left_shift, scale)


def _operand_b(local: Bytes, instruction: VectorInstruction) -> LaneValues:
    if instruction.b_source is not Source.STREAM:
        return np.full((1,) * (_LANE_AXIS + 1), instruction.b_immediate, np.int32)
    values = _elements(local, instruction.b_type, instruction.b_base, ((1, 0), (1, 0), *b_loops(instruction)))
    scale = (instruction.b_multiplier, instruction.b_shift, instruction.b_rounding)
    return _prepared(values, instruction.b_zero_point, instruction.b_left_shift, scale)


def _elements(local: Bytes, kind: Type, base: int, loops: Loops) -> LaneValues:
    return strided(local, base=base, loops=loops, dtype=kind.numpy).astype(np.int32, order="C")


def _prepared(values: LaneValues, zero_point: int, left_shift: int, scale: tuple[int, int, Rounding]) -> LaneValues:
    if zero_point:
        values -= np.int32(zero_point)
    if left_shift:
        values <<= np.int32(left_shift)
    if scale[2] is not Rounding.OFF:
        _scale(values, *scale)
    return values


def _scale(values: LaneValues, multiplier: int, shift: int, rounding: Rounding) -> None:
    scale_in_place(values.reshape(-1), multiplier, shift, int(rounding))


def _operated(instruction: VectorInstruction, a: LaneValues, b: LaneValues) -> LaneValues:
    if instruction.op is Op.PASS:
        return a
    if instruction.op is Op.CLZ:
        count_leading_zeros_in_place(a.reshape(-1))
        return a
    if instruction.op is Op.MUL:
        multiply_in_place(a.reshape(-1), _spread(b, a), instruction.op_argument)
        return a
    if instruction.op is Op.DIV:
        divide_in_place(a.reshape(-1), _spread(b, a))
        return a
    if instruction.op is Op.ASR:
        return _shift_right(a, b & _SHIFT_BITS, rounds=bool(instruction.op_argument))
    return _FUNCTIONS[instruction.op](a, b).astype(np.int32, copy=False)


def _spread(b: LaneValues, a: LaneValues) -> LaneValues:
    return np.ascontiguousarray(np.broadcast_to(b, a.shape)).reshape(-1)


def _shift_right(a: LaneValues, amount: LaneValues, *, rounds: bool) -> LaneValues:
    shifted = a >> amount
    if rounds:
        shifted += (a >> np.maximum(amount - 1, 0)) & 1 & (amount > 0)
    return shifted


def _logical_shift_right(a: LaneValues, b: LaneValues) -> npt.NDArray[np.uint32]:
    return np.right_shift(a.view(np.uint32), (b & _SHIFT_BITS).view(np.uint32))


_FUNCTIONS: Mapping[Op, Callable[[LaneValues, LaneValues], npt.NDArray[np.generic]]] = {
    Op.ADD: np.add,
    Op.SUB: np.subtract,
    Op.MAX: np.maximum,
    Op.MIN: np.minimum,
    Op.AND: np.bitwise_and,
    Op.OR: np.bitwise_or,
    Op.XOR: np.bitwise_xor,
    Op.NOT: lambda a, _: np.invert(a),
    Op.ABS: lambda a, _: np.abs(a),
    Op.SHL: lambda a, b: np.left_shift(a, b & _SHIFT_BITS),
    Op.LSR: _logical_shift_right,
    Op.EQ: np.equal,
    Op.GT: np.greater,
    Op.GE: np.greater_equal,
}
_REDUCTIONS: Mapping[Reduce, np.ufunc] = {
    Reduce.SUM: np.add,
    Reduce.MAX: np.maximum,
    Reduce.MIN: np.minimum,
    Reduce.AND: np.bitwise_and,
    Reduce.OR: np.bitwise_or,
}


def _reduced(instruction: VectorInstruction, values: LaneValues) -> LaneValues:
    """[inferences, o0, o1, o2, o3, lanes], with one lane where the lanes are reduced."""
    if instruction.reduce is Reduce.NONE:
        return values.reshape(len(values), *values.shape[3:])
    axes = (*_REDUCED_AXES, _LANE_AXIS) if instruction.lane_reduce else _REDUCED_AXES
    reduced = _REDUCTIONS[instruction.reduce].reduce(values, axis=axes, dtype=np.int32)
    return np.ascontiguousarray(reduced[..., None] if instruction.lane_reduce else reduced)


def _look_up(local: Bytes, instruction: VectorInstruction, values: LaneValues) -> None:
    flat = values.reshape(len(values), -1)
    if instruction.table is Table.TABLE8:
        look_up_8_in_place(flat, local[:, instruction.t_base : instruction.t_base + 256])
    elif instruction.table is Table.TABLE16:
        look_up_16_in_place(flat, strided(local, base=instruction.t_base, loops=((513, 2),), dtype="<i2"))
