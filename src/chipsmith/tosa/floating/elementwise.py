"""Float operators element by element: arithmetic, functions, limits, conversion of types."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chipsmith.tosa.floating.row import FloatRow, binary, real_attribute, unary
from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.row import Operation, Values

_NODES_PER_UNIT = 64
_LARGEST_NODE = 4
"""The error function is 1 in float32 from here on."""
_NODES = np.arange(-_LARGEST_NODE * _NODES_PER_UNIT, _LARGEST_NODE * _NODES_PER_UNIT + 1) / _NODES_PER_UNIT
_VALUES = np.array([math.erf(node) for node in _NODES])
_SLOPES = 2 / math.sqrt(math.pi) * np.exp(-(_NODES**2))


def error_function(values: Values) -> Values:
    """The error function to the rounding of float32: Taylor's series of third degree about the nearest of 513 nodes."""
    wide = np.clip(values, -_LARGEST_NODE, _LARGEST_NODE).astype(np.float64)
    nearest = np.rint(np.nan_to_num(wide) * _NODES_PER_UNIT)
    node, index = nearest / _NODES_PER_UNIT, nearest.astype(np.int64) + _LARGEST_NODE * _NODES_PER_UNIT
    distance = wide - node
    series = distance * (1 - distance * (node - distance * (2 * node**2 - 1) / 3))
    return np.asarray(_VALUES[index] + _SLOPES[index] * series, np.float32)


def _sigmoid(values: Values) -> Values:
    return np.asarray(np.reciprocal(np.float32(1) + np.exp(-values)))


def _clamp(operation: Operation, values: Sequence[Values]) -> Values:
    low, high = real_attribute(operation, "min_val"), real_attribute(operation, "max_val")
    return np.clip(values[0], np.float32(low), np.float32(high))


def _multiply(operation: Operation, values: Sequence[Values]) -> Values:
    del operation
    return np.multiply(values[0], values[1])


def _negate(operation: Operation, values: Sequence[Values]) -> Values:
    del operation
    return np.negative(values[0])


def _cast(operation: Operation, values: Sequence[Values]) -> Values:
    """To integers by rounding, halves to even, and saturation; what is not a number gives 0."""
    target = operation.output.dtype
    if target is DType.BOOL:
        return np.not_equal(values[0], 0)
    if values[0].dtype.kind != "f" or target is DType.FP32:
        return values[0].astype(target.numpy)
    limits = np.iinfo(target.numpy.name)
    rounded = np.rint(np.nan_to_num(values[0].astype(np.float64)))
    return np.clip(rounded, limits.min, limits.max).astype(target.numpy)


ROWS = (
    unary("ABS", np.abs),
    unary("CEIL", np.ceil),
    unary("FLOOR", np.floor),
    unary("EXP", np.exp),
    unary("LOG", np.log),
    unary("RECIPROCAL", np.reciprocal),
    unary("RSQRT", lambda values: np.reciprocal(np.sqrt(values))),
    unary("SIGMOID", _sigmoid),
    unary("TANH", np.tanh),
    unary("ERF", error_function),
    unary("SIN", np.sin),
    unary("COS", np.cos),
    binary("ADD", np.add),
    binary("SUB", np.subtract),
    binary("POW", np.power),
    binary("MAXIMUM", np.maximum),
    binary("MINIMUM", np.minimum),
    FloatRow(kind="MUL", operands=("input1", "input2", "shift"), meaning=_multiply),
    FloatRow(kind="NEGATE", operands=("input1", "input1_zp", "output_zp"), meaning=_negate),
    FloatRow(kind="CLAMP", operands=("input",), meaning=_clamp),
    FloatRow(kind="CAST", operands=("input",), meaning=_cast),
)
