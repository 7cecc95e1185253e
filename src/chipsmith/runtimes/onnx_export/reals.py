"""Operators of reals element by element, their reductions and resized images."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chipsmith.runtimes.onnx_export.movement import blend, elementwise, pick, reduction
from chipsmith.runtimes.onnx_export.values import ExportedTensors, Exporters, Written, cast
from chipsmith.runtimes.onnx_export.writer import OnnxWriter
from chipsmith.tosa.floating.row import real_attribute
from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.image import ResizeAxis, resize_axes
from chipsmith.tosa.operators.row import Operation

_LARGEST = float(np.finfo(np.float32).max)


def _reciprocal_root(tensors: ExportedTensors, operation: Operation) -> Written:
    source = operation.operator.inputs[0]
    layout = tensors.layout(source)
    root = tensors.writer.add("Sqrt", [tensors.read(source, layout)])
    return Written(name=tensors.writer.add("Reciprocal", [root]), layout=layout)


def _clamp(tensors: ExportedTensors, operation: Operation) -> Written:
    source = operation.operator.inputs[0]
    layout, (low, high) = tensors.layout(source), clamp_limits(operation)
    name = tensors.read(source, layout)
    if low == 0 and high >= _LARGEST:
        return Written(name=tensors.writer.add("Relu", [name]), layout=layout)
    limits = [tensors.writer.constant(limit, np.float32) for limit in (low, high)]
    return Written(name=tensors.writer.add("Clip", [name, *limits]), layout=layout)


def clamp_limits(operation: Operation) -> tuple[float, float]:
    """The limits of a CLAMP of reals."""
    return real_attribute(operation, "min_val"), real_attribute(operation, "max_val")


def _cast(tensors: ExportedTensors, operation: Operation) -> Written:
    """To integers by rounding, halves to even; ONNX itself cuts the fraction off."""
    source, target = operation.operator.inputs[0], operation.output.dtype
    layout, writer = tensors.layout(source), tensors.writer
    name = tensors.read(source, layout)
    if tensors.graph.tensor(source).dtype is DType.FP32 and target not in (DType.FP32, DType.BOOL):
        name = writer.add("Round", [name])
    return Written(name=cast(writer, name, target.numpy), layout=layout)


def _resize(tensors: ExportedTensors, operation: Operation) -> Written:
    """By indices and weights, rows first: no two runtimes mean the same by a Resize."""
    resize = _blend if operation.name("mode") == "BILINEAR" else _pick_nearest
    y, x = resize_axes(operation)
    rows = resize(tensors.writer, tensors.read(operation.operator.inputs[0]), y, 1)
    return Written(name=resize(tensors.writer, rows, x, 2))


def _blend(writer: OnnxWriter, image: str, axis: ResizeAxis, position: int) -> str:
    before, behind, distance = axis.neighbours()
    share = (distance / axis.numerator).astype(np.float32)
    return blend(writer, image, ((before, np.float32(1) - share), (behind, share)), position)


def _pick_nearest(writer: OnnxWriter, image: str, axis: ResizeAxis, position: int) -> str:
    return pick(writer, image, axis.nearest(), position)


_UNARY: Mapping[str, str] = {
    "ABS": "Abs",
    "CEIL": "Ceil",
    "COS": "Cos",
    "ERF": "Erf",
    "EXP": "Exp",
    "FLOOR": "Floor",
    "LOG": "Log",
    "NEGATE": "Neg",
    "RECIPROCAL": "Reciprocal",
    "SIGMOID": "Sigmoid",
    "SIN": "Sin",
    "TANH": "Tanh",
}
_BINARY: Mapping[str, str] = {"ADD": "Add", "MUL": "Mul", "POW": "Pow", "SUB": "Sub"}

REALS: Exporters = {
    **{kind: elementwise(name, operands=1) for kind, name in _UNARY.items()},
    **{kind: elementwise(name, operands=2) for kind, name in _BINARY.items()},
    "CAST": _cast,
    "CLAMP": _clamp,
    "REDUCE_PRODUCT": reduction("ReduceProd"),
    "REDUCE_SUM": reduction("ReduceSum"),
    "RESIZE": _resize,
    "RSQRT": _reciprocal_root,
}
"""Functions of reals."""
