"""Operators of integers, exact to the bit, in ONNX's integers: for what no quantised kernel of a runtime computes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chipsmith import numerics
from chipsmith.runtimes.onnx_export.movement import blend, elementwise, pick, reduction
from chipsmith.runtimes.onnx_export.values import ExportedTensors, Exporter, Exporters, Written, cast
from chipsmith.runtimes.onnx_export.writer import OnnxWriter
from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.conversion import input_zero_point, output_zero_point
from chipsmith.tosa.operators.elementwise import BITS
from chipsmith.tosa.operators.image import ResizeAxis, resize_axes
from chipsmith.tosa.operators.row import Operation

_WORD_BITS = 32
_TABLE_FRACTION = 1 << 7
_TABLE_MIDDLE = 1 << 15

_Compute = Callable[[OnnxWriter, list[str], Operation], str]
"""From operands in int64 to a result in int64."""


def _wide(compute: _Compute, *, operands: int) -> Exporter:
    """The exporter of an operator element by element whose first so many operands are taken in int64."""

    def export(tensors: ExportedTensors, operation: Operation) -> Written:
        names = operation.operator.inputs[:operands]
        layout = tensors.common_layout(names)
        wide = [tensors.read_integers(name, layout) for name in names]
        result = compute(tensors.writer, wide, operation)
        return Written(name=tensors.narrow(result, operation.output.dtype), layout=layout)

    return export


def _number(writer: OnnxWriter, value: int) -> str:
    return writer.constant(value, np.int64)


def shift_right(writer: OnnxWriter, value: str, divisor: str) -> str:
    """floor(value / divisor) for a power of two as divisor."""
    rest = writer.add("Mod", [value, divisor])
    return writer.add("Div", [writer.add("Sub", [value, rest]), divisor])


def wrap(writer: OnnxWriter, value: str, bits: int) -> str:
    """The low bits of a value, as two's complement."""
    half = _number(writer, 1 << (bits - 1))
    moved = writer.add("Mod", [writer.add("Add", [value, half]), _number(writer, 1 << bits)])
    return writer.add("Sub", [moved, half])


def _power(writer: OnnxWriter, exponent: str) -> str:
    """2**exponent, for exponents from 0 to 62."""
    ones = writer.constant(1, np.uint64)
    shifted = writer.add("BitShift", [ones, cast(writer, exponent, np.uint64)], {"direction": "LEFT"})
    return cast(writer, shifted, np.int64)


def _shift_left(writer: OnnxWriter, values: list[str], operation: Operation) -> str:
    bits = BITS[operation.output.dtype]
    return wrap(writer, writer.add("Mul", [values[0], _power(writer, values[1])]), bits)


def _shift_right_logically(writer: OnnxWriter, values: list[str], operation: Operation) -> str:
    bits = BITS[operation.output.dtype]
    unsigned = writer.add("Mod", [values[0], _number(writer, 1 << bits)])
    return wrap(writer, writer.add("Div", [unsigned, _power(writer, values[1])]), bits)


def _shift_right_arithmetically(writer: OnnxWriter, values: list[str], operation: Operation) -> str:
    """Halves up where the operator rounds: half a step is added, which is none where nothing is shifted."""
    divisor = _power(writer, values[1])
    if not operation.flag("round"):
        return shift_right(writer, values[0], divisor)
    half = writer.add("Div", [divisor, _number(writer, 2)])
    return shift_right(writer, writer.add("Add", [values[0], half]), divisor)


def _multiply(writer: OnnxWriter, values: list[str], operation: Operation) -> str:
    product, shift = writer.add("Mul", values), operation.value("shift")
    if not shift:
        return wrap(writer, product, _WORD_BITS)
    halves = shift_right(writer, product, _number(writer, 1 << (shift - 1)))
    return shift_right(writer, writer.add("Add", [halves, _number(writer, 1)]), _number(writer, 2))


def _divide(writer: OnnxWriter, values: list[str], operation: Operation) -> str:
    """0 where the divisor is 0, by which no processor may divide."""
    del operation
    zero = writer.add("Equal", [values[1], _number(writer, 0)])
    divisor = writer.add("Where", [zero, _number(writer, 1), values[1]])
    return writer.add("Where", [zero, _number(writer, 0), writer.add("Div", [values[0], divisor])])


def _count_leading_zeros(writer: OnnxWriter, values: list[str], operation: Operation) -> str:
    """32 less the number of powers of two that the word, unsigned, reaches."""
    unsigned = writer.add("Mod", [values[0], _number(writer, 1 << _WORD_BITS)])
    column = writer.add("Unsqueeze", [unsigned, writer.constant([len(operation.output.shape)], np.int64)])
    powers = writer.constant([1 << bit for bit in range(_WORD_BITS)], np.int64)
    reached = cast(writer, writer.add("GreaterOrEqual", [column, powers]), np.int64)
    count = writer.add("ReduceSum", [reached, writer.constant([-1], np.int64)], {"keepdims": 0})
    return writer.add("Sub", [_number(writer, _WORD_BITS), count])


def _negate(writer: OnnxWriter, values: list[str], operation: Operation) -> str:
    total = operation.value("output_zp") + operation.value("input1_zp")
    negated = writer.add("Sub", [_number(writer, total), values[0]])
    dtype = operation.output.dtype
    return wrap(writer, negated, _WORD_BITS) if dtype is DType.INT32 else saturate(writer, negated, dtype)


def saturate(writer: OnnxWriter, value: str, dtype: DType, *, unsigned: bool = False) -> str:
    """The nearest values that a type holds."""
    bits = BITS[dtype]
    limits = (0, (1 << bits) - 1) if unsigned else (numerics.lowest(bits), numerics.highest(bits))
    return writer.add("Clip", [value, *(_number(writer, limit) for limit in limits)])


def _clamp(writer: OnnxWriter, values: list[str], operation: Operation) -> str:
    limits = [_number(writer, operation.integer(name)) for name in ("min_val", "max_val")]
    return writer.add("Clip", [values[0], *limits])


def _cast(tensors: ExportedTensors, operation: Operation) -> Written:
    source, target = operation.operator.inputs[0], operation.output.dtype
    layout, writer = tensors.layout(source), tensors.writer
    if tensors.graph.tensor(source).dtype is DType.BOOL:
        wide = cast(writer, tensors.read(source, layout), np.int64)
        return Written(name=tensors.narrow(wide, target), layout=layout)
    value = tensors.read_integers(source, layout)
    if target is DType.BOOL:
        return Written(name=writer.add("Not", [writer.add("Equal", [value, _number(writer, 0)])]), layout=layout)
    return Written(name=tensors.narrow(wrap(writer, value, BITS[target]), target), layout=layout)


def _bitwise(kind: str) -> _Compute:
    def compute(writer: OnnxWriter, values: list[str], operation: Operation) -> str:
        del operation
        return writer.add(kind, values)

    return compute


def _rescale(tensors: ExportedTensors, operation: Operation) -> Written:
    """Along the last axis, where channels may have a scale each."""
    writer, output = tensors.writer, operation.output.dtype
    value = tensors.read_integers(operation.operator.inputs[0])
    if operation.flag("input_unsigned"):
        value = writer.add("Mod", [value, _number(writer, 1 << BITS[operation.dtype("input")])])
    centred = writer.add("Sub", [value, _number(writer, input_zero_point(operation))])
    moved = writer.add("Add", [_scale(writer, centred, operation), _number(writer, output_zero_point(operation))])
    unsigned = operation.flag("output_unsigned")
    result = saturate(writer, moved, output, unsigned=unsigned)
    return Written(name=tensors.narrow(wrap(writer, result, BITS[output]) if unsigned else result, output))


def _scale(writer: OnnxWriter, value: str, operation: Operation) -> str:
    multiplier, shift = (np.array(operation.values(name), np.int64) for name in ("multiplier", "shift"))
    half = np.left_shift(np.int64(1), shift - 1)
    sums = writer.add("Add", [writer.add("Mul", [value, writer.constant(multiplier)]), writer.constant(half)])
    if operation.name("rounding_mode") == "DOUBLE_ROUND" and (shift > 31).any():
        first_half = np.where(shift > 31, np.int64(1 << 30), np.int64(0))
        negative = writer.add("Less", [value, _number(writer, 0)])
        step = writer.add("Where", [negative, writer.constant(-first_half), writer.constant(first_half)])
        sums = writer.add("Add", [sums, step])
    return shift_right(writer, sums, writer.constant(np.left_shift(np.int64(1), shift)))


def _look_up(tensors: ExportedTensors, operation: Operation) -> Written:
    source, writer = operation.operator.inputs[0], tensors.writer
    layout, table = tensors.layout(source), operation.constants["table"]
    value = tensors.read_integers(source, layout)
    if operation.dtype("input1") is DType.INT8:
        entries = tensors.narrow_constant(np.roll(table, len(table) // 2))
        return Written(name=writer.add("Gather", [entries, value]), layout=layout)
    return Written(name=tensors.narrow(_interpolate(writer, table.astype(np.int64), value), DType.INT32), layout=layout)


def _interpolate(writer: OnnxWriter, table: numerics.Int64Array, value: str) -> str:
    fraction = _number(writer, _TABLE_FRACTION)
    place = writer.add("Add", [value, _number(writer, _TABLE_MIDDLE)])
    index = writer.add("Div", [place, fraction])
    distance = writer.add("Mod", [place, fraction])
    entries = writer.constant(table)
    base = writer.add("Gather", [entries, index])
    behind = writer.add("Gather", [entries, writer.add("Add", [index, _number(writer, 1)])])
    slope = writer.add("Mul", [writer.add("Sub", [behind, base]), distance])
    return writer.add("Add", [writer.add("Mul", [base, fraction]), slope])


def _resize(tensors: ExportedTensors, operation: Operation) -> Written:
    """By indices and weights, rows first; the nearest pixels are moved as they are."""
    y, x = resize_axes(operation)
    source = operation.operator.inputs[0]
    if operation.name("mode") == "NEAREST":
        rows = pick(tensors.writer, tensors.read(source), y.nearest(), 1)
        return Written(name=pick(tensors.writer, rows, x.nearest(), 2))
    rows = _blend(tensors.writer, tensors.read_integers(source), y, 1)
    return Written(name=tensors.narrow(_blend(tensors.writer, rows, x, 2), operation.output.dtype))


def _blend(writer: OnnxWriter, image: str, axis: ResizeAxis, position: int) -> str:
    before, behind, distance = axis.neighbours()
    return blend(writer, image, ((before, axis.numerator - distance), (behind, distance)), position)


INTEGERS: Exporters = {
    "ABS": elementwise("Abs", operands=1),
    "ADD": elementwise("Add", operands=2),
    "ARITHMETIC_RIGHT_SHIFT": _wide(_shift_right_arithmetically, operands=2),
    "BITWISE_AND": _wide(_bitwise("BitwiseAnd"), operands=2),
    "BITWISE_NOT": _wide(_bitwise("BitwiseNot"), operands=1),
    "BITWISE_OR": _wide(_bitwise("BitwiseOr"), operands=2),
    "BITWISE_XOR": _wide(_bitwise("BitwiseXor"), operands=2),
    "CAST": _cast,
    "CLAMP": _wide(_clamp, operands=1),
    "CLZ": _wide(_count_leading_zeros, operands=1),
    "INTDIV": _wide(_divide, operands=2),
    "LOGICAL_LEFT_SHIFT": _wide(_shift_left, operands=2),
    "LOGICAL_RIGHT_SHIFT": _wide(_shift_right_logically, operands=2),
    "MUL": _wide(_multiply, operands=2),
    "NEGATE": _wide(_negate, operands=1),
    "REDUCE_SUM": reduction("ReduceSum"),
    "RESCALE": _rescale,
    "RESIZE": _resize,
    "SUB": elementwise("Sub", operands=2),
    "TABLE": _look_up,
}
"""Arithmetic of integers."""
