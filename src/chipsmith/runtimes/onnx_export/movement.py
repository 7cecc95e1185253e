"""Operators that move, choose or compare elements, of whatever type: the same for reals and for integers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith import numerics
from chipsmith.runtimes.onnx_export.values import ExportedTensors, Exporter, Exporters, Written, cast
from chipsmith.runtimes.onnx_export.writer import OnnxWriter
from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.row import Operation


def _identity(tensors: ExportedTensors, operation: Operation) -> Written:
    source = operation.operator.inputs[0]
    layout = tensors.layout(source)
    return Written(name=tensors.read(source, layout), layout=layout)


def _reshape(tensors: ExportedTensors, operation: Operation) -> Written:
    shape = tensors.writer.constant(operation.output.shape, np.int64)
    return Written(name=tensors.writer.add("Reshape", [tensors.read(operation.operator.inputs[0]), shape]))


def _transpose(tensors: ExportedTensors, operation: Operation) -> Written:
    source = tensors.read(operation.operator.inputs[0])
    return Written(name=tensors.writer.add("Transpose", [source], {"perm": operation.integers("perms")}))


def _slice(tensors: ExportedTensors, operation: Operation) -> Written:
    start, size = operation.values("start"), operation.values("size")
    ends = [first + count for first, count in zip(start, size, strict=True)]
    bounds = [tensors.writer.constant(values, np.int64) for values in (start, ends, range(len(start)))]
    return Written(name=tensors.writer.add("Slice", [tensors.read(operation.operator.inputs[0]), *bounds]))


def _reverse(tensors: ExportedTensors, operation: Operation) -> Written:
    """By indices: not every runtime takes steps of -1."""
    axis = operation.integer("axis")
    indices = tensors.writer.constant(np.arange(operation.output.shape[axis])[::-1], np.int64)
    return Written(
        name=tensors.writer.add("Gather", [tensors.read(operation.operator.inputs[0]), indices], {"axis": axis})
    )


def _tile(tensors: ExportedTensors, operation: Operation) -> Written:
    multiples = tensors.writer.constant(operation.values("multiples"), np.int64)
    return Written(name=tensors.writer.add("Tile", [tensors.read(operation.operator.inputs[0]), multiples]))


def _concat(tensors: ExportedTensors, operation: Operation) -> Written:
    names = [tensors.read(name) for name in operation.operator.inputs]
    return Written(name=tensors.writer.add("Concat", names, {"axis": operation.integer("axis")}))


def _pad(tensors: ExportedTensors, operation: Operation) -> Written:
    padding = operation.values("padding")
    widths = tensors.writer.constant((*padding[0::2], *padding[1::2]), np.int64)
    source = tensors.read(operation.operator.inputs[0])
    value = tensors.narrow_constant(operation.constants["pad_const"].reshape(()))
    if operation.output.dtype not in (DType.BOOL, DType.INT16):
        return Written(name=tensors.writer.add("Pad", [source, widths, value]))
    wide = [cast(tensors.writer, name, np.int32) for name in (source, value)]
    padded = tensors.writer.add("Pad", [wide[0], widths, wide[1]])
    return Written(name=cast(tensors.writer, padded, tensors.type_of(operation.output.dtype)))


def _gather(tensors: ExportedTensors, operation: Operation) -> Written:
    """Rows (N, W, C) of (N, K, C): of a single N by Gather, of others by GatherND within each."""
    values, indices = _spare_row(tensors, operation)
    batch, count = operation.shape("indices")
    writer = tensors.writer
    if batch == 1:
        flat = writer.add("Reshape", [indices, writer.constant([count], np.int64)])
        return Written(name=writer.add("Gather", [values, flat], {"axis": 1}))
    wide = writer.add("Unsqueeze", [indices, writer.constant([2], np.int64)])
    return Written(name=writer.add("GatherND", [values, wide], {"batch_dims": 1}))


def _scatter(tensors: ExportedTensors, operation: Operation) -> Written:
    values, indices = _spare_row(tensors, operation)
    writer = tensors.writer
    wide = writer.add("Unsqueeze", [indices, writer.constant([2], np.int64)])
    shape = writer.constant(operation.shape("input"), np.int64)
    spread = writer.add("Expand", [wide, shape])
    source = tensors.read(operation.operator.inputs[2])
    scattered = writer.add("ScatterElements", [values, spread, source], {"axis": 1})
    if _stays_inside(operation):
        return Written(name=scattered)
    bounds = [writer.constant([bound], np.int64) for bound in (0, operation.output.shape[1], 1)]
    return Written(name=writer.add("Slice", [scattered, *bounds]))


def _spare_row(tensors: ExportedTensors, operation: Operation) -> tuple[str, str]:
    """The first operand of a GATHER or SCATTER and its indices in int64, where all that are outside name one more row.

    ONNX counts negative indices from the end and refuses others outside. The row holds zeros; there is none where
    constant indices stay inside.
    """
    names, writer = operation.operator.inputs, tensors.writer
    values, indices = tensors.read(names[0]), cast(writer, tensors.read(names[1]), np.int64)
    if _stays_inside(operation):
        return values, indices
    table = operation.inputs[0]
    batch, rows, size = table.shape
    spare = tensors.narrow_constant(np.zeros((batch, 1, size), table.dtype.numpy))
    extended = writer.add("Concat", [values, spare], {"axis": 1})
    last = writer.constant(rows, np.int64)
    negative = writer.add("Less", [indices, writer.constant(0, np.int64)])
    return extended, writer.add("Min", [writer.add("Where", [negative, last, indices]), last])


def _stays_inside(operation: Operation) -> bool:
    """Whether constant indices all name rows."""
    indices = operation.constants.get("indices")
    return indices is not None and bool((indices >= 0).all() and (indices < operation.inputs[0].shape[1]).all())


def _argmax(tensors: ExportedTensors, operation: Operation) -> Written:
    attributes = {"axis": operation.integer("axis"), "keepdims": 0}
    place = tensors.writer.add("ArgMax", [tensors.read(operation.operator.inputs[0])], attributes)
    return Written(name=cast(tensors.writer, place, np.int32))


def _select(tensors: ExportedTensors, operation: Operation) -> Written:
    """In int32 where the elements are narrower, of which onnxruntime chooses none."""
    names, writer, dtype = operation.operator.inputs, tensors.writer, operation.output.dtype
    layout = tensors.common_layout(names)
    condition, *choices = (tensors.read(name, layout) for name in names)
    if dtype in (DType.FP32, DType.INT32):
        return Written(name=writer.add("Where", [condition, *choices]), layout=layout)
    chosen = writer.add("Where", [condition, *(cast(writer, name, np.int32) for name in choices)])
    return Written(name=cast(writer, chosen, tensors.type_of(dtype)), layout=layout)


def elementwise(kind: str, *, operands: int) -> Exporter:
    """The exporter of an operator that ONNX has as `kind`, of its first so many operands, which broadcast."""

    def export(tensors: ExportedTensors, operation: Operation) -> Written:
        names = operation.operator.inputs[:operands]
        layout = tensors.common_layout(names)
        return Written(name=tensors.writer.add(kind, [tensors.read(name, layout) for name in names]), layout=layout)

    return export


def _reduce_masks(kind: str) -> Exporter:
    """All or any of masks along an axis: the least or greatest of 0 and 1."""

    def export(tensors: ExportedTensors, operation: Operation) -> Written:
        writer = tensors.writer
        integers = cast(writer, tensors.read(operation.operator.inputs[0]), np.int32)
        axes = writer.constant([operation.integer("axis")], np.int64)
        return Written(name=cast(writer, writer.add(kind, [integers, axes], {"keepdims": 1}), np.bool_))

    return export


def reduction(kind: str) -> Exporter:
    """The exporter of a reduction along an axis, which stays with size 1."""

    def export(tensors: ExportedTensors, operation: Operation) -> Written:
        axes = tensors.writer.constant([operation.integer("axis")], np.int64)
        source = tensors.read(operation.operator.inputs[0])
        return Written(name=tensors.writer.add(kind, [source, axes], {"keepdims": 1}))

    return export


MOVES: Exporters = {
    "CONCAT": _concat,
    "GATHER": _gather,
    "IDENTITY": _identity,
    "PAD": _pad,
    "RESHAPE": _reshape,
    "REVERSE": _reverse,
    "SCATTER": _scatter,
    "SLICE": _slice,
    "TILE": _tile,
    "TRANSPOSE": _transpose,
}
"""Operators that move elements and change none."""

CHOICES: Exporters = {
    "ARGMAX": _argmax,
    "EQUAL": elementwise("Equal", operands=2),
    "GREATER": elementwise("Greater", operands=2),
    "GREATER_EQUAL": elementwise("GreaterOrEqual", operands=2),
    "LOGICAL_AND": elementwise("And", operands=2),
    "LOGICAL_NOT": elementwise("Not", operands=1),
    "LOGICAL_OR": elementwise("Or", operands=2),
    "LOGICAL_XOR": elementwise("Xor", operands=2),
    "MAXIMUM": elementwise("Max", operands=2),
    "MINIMUM": elementwise("Min", operands=2),
    "REDUCE_ALL": _reduce_masks("ReduceMin"),
    "REDUCE_ANY": _reduce_masks("ReduceMax"),
    "REDUCE_MAX": reduction("ReduceMax"),
    "REDUCE_MIN": reduction("ReduceMin"),
    "SELECT": _select,
}
"""Operators that compare or choose elements."""


def pick(writer: OnnxWriter, image: str, places: numerics.Int64Array, position: int) -> str:
    """The rows or columns of an image at these places along an axis."""
    return writer.add("Gather", [image, writer.constant(places)], {"axis": position})


def blend(
    writer: OnnxWriter, image: str, parts: Iterable[tuple[numerics.Int64Array, npt.NDArray[Any]]], position: int
) -> str:
    """The sum of two pickings of rows or columns, each times the share that every place of its result has of it."""
    behind = (1,) * (3 - position)
    products = [
        writer.add("Mul", [pick(writer, image, places, position), writer.constant(share.reshape(-1, *behind))])
        for places, share in parts
    ]
    return writer.add("Add", products)


def is_real(operation: Operation) -> bool:
    """Whether an operator computes with reals."""
    return DType.FP32 in {tensor.dtype for tensor in (*operation.inputs, operation.output)}
