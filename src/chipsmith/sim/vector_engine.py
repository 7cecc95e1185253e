"""VECTOR: elementwise chains, reductions, tables and data movement of a batch (docs/machine.md, section 7)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.program.instructions import INDIRECT_OPS, Op, Reduce, Rounding, Source, Table, Type, VectorInstruction
from chipsmith.program.streams import a_loops, b_loops, o_loops
from chipsmith.sim.kernels import (
    count_leading_zeros_in_place,
    divide_in_place,
    look_up_8_in_place,
    look_up_16_in_place,
    multiply_in_place,
    scale_in_place,
)
from chipsmith.sim.memory import Bytes, Loops, Memories, parts, strided
from chipsmith.sim.rows import gathered, named_rows, scatter, write_gathered

Values: TypeAlias = npt.NDArray[np.int32]
"""Axes: inferences, r0, r1, o0, o1, o2, o3, lanes."""

_REDUCED_AXES = (1, 2)
_LANE_AXIS = 7
_SHIFT_BITS = 31


def vector(memories: Memories, instruction: VectorInstruction) -> None:
    """Run a VECTOR on the on-chip memory of each inference: all elements are read before any is written."""
    elements = math.prod(count for count, _ in a_loops(instruction))
    for part in parts(memories.inferences, bytes_each=4 * elements):
        if instruction.op in INDIRECT_OPS:
            _run_indirect(memories.local[part], instruction)
        else:
            _run(memories.local[part], instruction)


def _run(local: Bytes, one: VectorInstruction) -> None:
    values = _operated(one, _operand_a(local, one), _operand_b(local, one))
    values = _reduced(one, values)
    _finish(local, one, values)
    output = strided(local, base=one.o_base, loops=o_loops(one), dtype=one.o_type.numpy)
    output[...] = values.reshape(output.shape)


def _run_indirect(local: Bytes, one: VectorInstruction) -> None:
    rows = named_rows(local, one)
    if one.op is Op.GATHER:
        values = _prepared_a(one, gathered(local, one, rows))
        _finish(local, one, values)
        write_gathered(local, one, rows, values)
    else:
        values = _reduced(one, _operand_a(local, one))
        _finish(local, one, values)
        scatter(local, one, rows, values)


def _finish(local: Bytes, one: VectorInstruction, values: Values) -> None:
    """What comes after the reduction, in place."""
    if one.o_rounding is not Rounding.OFF:
        _scale(values, one.o_multiplier, one.o_shift, one.o_rounding)
    if one.o_zero_point:
        values += np.int32(one.o_zero_point)
    np.clip(values, one.clamp_min, one.clamp_max, out=values)
    _look_up(local, one, values)


def _operand_a(local: Bytes, one: VectorInstruction) -> Values:
    *outer, r0, r1 = a_loops(one)
    return _prepared_a(one, _elements(local, one.a_type, one.a_base, (r0, r1, *outer)))


def _prepared_a(one: VectorInstruction, values: Values) -> Values:
    return _prepared(values, one.a_zero_point, one.a_left_shift, (one.a_multiplier, one.a_shift, one.a_rounding))


def _operand_b(local: Bytes, one: VectorInstruction) -> Values:
    if one.b_source is not Source.STREAM:
        return np.full((1,) * (_LANE_AXIS + 1), one.b_immediate, np.int32)
    values = _elements(local, one.b_type, one.b_base, ((1, 0), (1, 0), *b_loops(one)))
    return _prepared(values, one.b_zero_point, one.b_left_shift, (one.b_multiplier, one.b_shift, one.b_rounding))


def _elements(local: Bytes, kind: Type, base: int, loops: Loops) -> Values:
    return strided(local, base=base, loops=loops, dtype=kind.numpy).astype(np.int32, order="C")


def _prepared(values: Values, zero_point: int, left_shift: int, scale: tuple[int, int, Rounding]) -> Values:
    if zero_point:
        values -= np.int32(zero_point)
    if left_shift:
        values <<= np.int32(left_shift)
    if scale[2] is not Rounding.OFF:
        _scale(values, *scale)
    return values


def _scale(values: Values, multiplier: int, shift: int, rounding: Rounding) -> None:
    scale_in_place(values.reshape(-1), multiplier, shift, int(rounding))


def _operated(one: VectorInstruction, a: Values, b: Values) -> Values:
    if one.op is Op.PASS:
        return a
    if one.op is Op.CLZ:
        count_leading_zeros_in_place(a.reshape(-1))
        return a
    if one.op is Op.MUL:
        multiply_in_place(a.reshape(-1), _spread(b, a), one.op_argument)
        return a
    if one.op is Op.DIV:
        divide_in_place(a.reshape(-1), _spread(b, a))
        return a
    if one.op is Op.ASR:
        return _shift_right(a, b & _SHIFT_BITS, rounds=bool(one.op_argument))
    return _FUNCTIONS[one.op](a, b).astype(np.int32, copy=False)


def _spread(b: Values, a: Values) -> Values:
    return np.ascontiguousarray(np.broadcast_to(b, a.shape)).reshape(-1)


def _shift_right(a: Values, amount: Values, *, rounds: bool) -> Values:
    shifted = a >> amount
    if rounds:
        shifted += (a >> np.maximum(amount - 1, 0)) & 1 & (amount > 0)
    return shifted


def _logical_shift_right(a: Values, b: Values) -> npt.NDArray[np.uint32]:
    return np.right_shift(a.view(np.uint32), (b & _SHIFT_BITS).view(np.uint32))


_FUNCTIONS: Mapping[Op, Callable[[Values, Values], npt.NDArray[np.generic]]] = {
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


def _reduced(one: VectorInstruction, values: Values) -> Values:
    """[inferences, o0, o1, o2, o3, lanes], with one lane where the lanes are reduced."""
    if one.reduce is Reduce.NONE:
        return values.reshape(len(values), *values.shape[3:])
    axes = (*_REDUCED_AXES, _LANE_AXIS) if one.lane_reduce else _REDUCED_AXES
    reduced = _REDUCTIONS[one.reduce].reduce(values, axis=axes, dtype=np.int32)
    return np.ascontiguousarray(reduced[..., None] if one.lane_reduce else reduced)


def _look_up(local: Bytes, one: VectorInstruction, values: Values) -> None:
    flat = values.reshape(len(values), -1)
    if one.table is Table.TABLE8:
        look_up_8_in_place(flat, local[:, one.t_base : one.t_base + 256])
    elif one.table is Table.TABLE16:
        look_up_16_in_place(flat, strided(local, base=one.t_base, loops=((513, 2),), dtype="<i2"))
