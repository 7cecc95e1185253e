"""Handlers of sums, means, extremes and their indices along axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from chipsmith.frontends.forms.elementwise import apply_binary, apply_unary, multiply_number, number
from chipsmith.frontends.forms.functions import square_root
from chipsmith.frontends.forms.logic import truth_of
from chipsmith.frontends.forms.movement import concatenate
from chipsmith.frontends.forms.operands import slice_axis
from chipsmith.frontends.forms.reduction import (
    average,
    euclidean_norm,
    index_of_largest,
    log_sum_exp,
    reduce_axes,
    sum_magnitudes,
    sum_squares,
    sum_up,
)
from chipsmith.frontends.forms.values import Const, GraphValue, drop_axes, reshape
from chipsmith.frontends.pytorch.aten_binary import greater_of, less_of
from chipsmith.frontends.pytorch.aten_movement import value_size
from chipsmith.frontends.pytorch.calls import AtenCall, AtenHandler, Result
from chipsmith.frontends.pytorch.conversion import convert
from chipsmith.tosa.builder import Axes, GraphBuilder
from chipsmith.tosa.graph import DType

Reduction = Callable[[GraphBuilder, GraphValue, Axes], GraphValue]


def _read(call: AtenCall) -> GraphValue:
    """The operand in the type of the result."""
    return call.place_value(convert(call.build, call.value("self"), call.dtype))


def _axes(call: AtenCall, value: GraphValue) -> Axes:
    return call.axes("dim", len(value.shape)) if "dim" in call.operands else tuple(range(len(value.shape)))


def _finish(call: AtenCall, value: GraphValue, axes: Axes) -> GraphValue:
    """Without the axes that were reduced, unless the author keeps them."""
    return value if call.flag("keepdim") else drop_axes(call.build, value, axes)


def _reducing(reduction: Reduction) -> AtenHandler:
    def handle(call: AtenCall) -> GraphValue:
        value = _read(call)
        axes = _axes(call, value)
        return _finish(call, reduction(call.build, value, axes), axes)

    return handle


def _kind(kind: str) -> Reduction:
    return lambda build, value, axes: reduce_axes(build, kind, value, axes)


def extreme(call: AtenCall) -> Result:
    """max or min: of all elements, of an axis with its index, or of two tensors."""
    largest = call.operator == "max"
    if "other" in call.operands:
        return greater_of(call) if largest else less_of(call)
    values = _reducing(_kind("REDUCE_MAX" if largest else "REDUCE_MIN"))(call)
    return (values, _index(call, largest=largest)) if "dim" in call.operands else values


def index_of_extreme(call: AtenCall) -> GraphValue:
    """argmax or argmin."""
    return _index(call, largest=call.operator == "argmax")


def _index(call: AtenCall, *, largest: bool) -> GraphValue:
    build, value = call.build, call.place_value(convert(call.build, call.value("self"), DType.FP32))
    shape = value.shape
    if not call.has("dim"):
        value = reshape(build, value, (value_size(value),))
    axis = call.axis("dim", len(value.shape)) if call.has("dim") else 0
    index = index_of_largest(build, value if largest else multiply_number(build, value, -1.0), axis)
    if not call.flag("keepdim"):
        return index
    kept = (*shape[:axis], 1, *shape[axis + 1 :]) if call.has("dim") else (1,) * len(shape)
    return reshape(build, index, kept)


def variance(call: AtenCall) -> GraphValue:
    """The mean square of the deviations from the mean, with Bessel's correction or another."""
    build, value = call.build, call.computed("self")
    axes = _axes(call, value)
    spread = _spread(call, value, axes)
    root = call.operator.startswith("std")
    return _finish(call, square_root(build, spread) if root else spread, axes)


def variance_and_mean(call: AtenCall) -> tuple[GraphValue, GraphValue]:
    """variance, and the mean."""
    value = call.computed("self")
    axes = _axes(call, value)
    return variance(call), _finish(call, average(call.build, value, axes), axes)


def _spread(call: AtenCall, value: GraphValue, axes: Axes) -> GraphValue:
    deviation = apply_binary(call.build, "SUB", value, average(call.build, value, axes))
    count = math.prod(value.shape[axis] for axis in axes)
    total = sum_squares(call.build, deviation, axes)
    return multiply_number(call.build, total, 1 / max(count - _correction(call), 0))


def _correction(call: AtenCall) -> float:
    if "unbiased" in call.operands:
        return 1.0 if call.flag("unbiased") else 0.0
    return call.number("correction") if call.has("correction") else 1.0


def norm(call: AtenCall) -> GraphValue:
    """The norm of an order along axes."""
    build, value = call.build, _read(call)
    axes = _axes(call, value)
    name = "ord" if "ord" in call.operands else "p"
    order = call.number(name) if call.has(name) else 2.0
    return _finish(call, _norm_of(build, value, axes, order), axes)


def _norm_of(build: GraphBuilder, value: GraphValue, axes: Axes, order: float) -> GraphValue:
    if order == 1:
        return sum_magnitudes(build, value, axes)
    if order == 2:
        return euclidean_norm(build, value, axes)
    magnitudes = apply_unary(build, "ABS", value)
    if math.isinf(order):
        return reduce_axes(build, "REDUCE_MAX" if order > 0 else "REDUCE_MIN", magnitudes, axes)
    total = reduce_axes(build, "REDUCE_SUM", apply_binary(build, "POW", magnitudes, number(order)), axes)
    return apply_binary(build, "POW", total, number(1 / order))


def any_or_all(call: AtenCall) -> GraphValue:
    """Whether any element, or each, is not 0."""
    build = call.build
    truths = call.place_value(convert(build, call.value("self"), DType.BOOL))
    axes = _axes(call, truths)
    kind = "REDUCE_MAX" if call.operator == "any" else "REDUCE_MIN"
    counts = call.place_value(convert(build, truths, DType.INT32))
    return _finish(call, truth_of(build, reduce_axes(build, kind, counts, axes)), axes)


def accumulate(call: AtenCall) -> GraphValue:
    """The sum of all elements up to each along an axis."""
    value = _read(call)
    axis = call.axis("dim", len(value.shape))
    if call.dtype is DType.FP32:
        return sum_up(call.build, value, axis)
    shift = 1
    while shift < value.shape[axis]:
        value, shift = apply_binary(call.build, "ADD", value, _move_on(call, value, axis, shift)), 2 * shift
    return value


def _move_on(call: AtenCall, value: GraphValue, axis: int, shift: int) -> GraphValue:
    """Integers along an axis moved on, with zeros in front."""
    front = tuple(shift if index == axis else size for index, size in enumerate(value.shape))
    rest = slice_axis(call.build, value, axis=axis, start=0, size=value.shape[axis] - shift)
    return concatenate(call.build, [Const(values=np.zeros(front, np.int32)), rest], axis)


HANDLERS: Mapping[str, AtenHandler] = {
    **dict.fromkeys(["sum", "nansum"], _reducing(_kind("REDUCE_SUM"))),
    **dict.fromkeys(["max", "min"], extreme),
    **dict.fromkeys(["argmax", "argmin"], index_of_extreme),
    **dict.fromkeys(["var", "std"], variance),
    **dict.fromkeys(["var_mean", "std_mean"], variance_and_mean),
    **dict.fromkeys(["norm", "linalg_vector_norm"], norm),
    **dict.fromkeys(["any", "all"], any_or_all),
    "mean": _reducing(average),
    "amax": _reducing(_kind("REDUCE_MAX")),
    "amin": _reducing(_kind("REDUCE_MIN")),
    "prod": _reducing(_kind("REDUCE_PRODUCT")),
    "logsumexp": _reducing(log_sum_exp),
    "cumsum": accumulate,
}
