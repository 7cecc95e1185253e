"""Reductions along axes, the indices of extremes, and running sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chipsmith.frontends.forms import reduction
from chipsmith.frontends.forms.elementwise import multiply_number
from chipsmith.frontends.forms.values import GraphValue, drop_axes, reshape
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Value, normalise_axis, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.tosa.builder import Axes, GraphBuilder

_KINDS = {
    "ReduceMax": "REDUCE_MAX",
    "ReduceMin": "REDUCE_MIN",
    "ReduceProd": "REDUCE_PRODUCT",
    "ReduceSum": "REDUCE_SUM",
}
_FORMS: Mapping[str, Callable[[GraphBuilder, GraphValue, Axes], GraphValue]] = {
    "ReduceL1": reduction.sum_magnitudes,
    "ReduceL2": reduction.euclidean_norm,
    "ReduceLogSum": reduction.log_sum,
    "ReduceLogSumExp": reduction.log_sum_exp,
    "ReduceMean": reduction.average,
    "ReduceSumSquare": reduction.sum_squares,
}


def _reduce(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.computed(node, 0)
    axes = _read_axes(lower, node, len(value.shape))
    if axes is None:
        return [value]
    if node.kind in _KINDS:
        result = reduction.reduce_axes(lower.build, _KINDS[node.kind], value, axes)
    elif lower.holds_reals(value):
        result = _FORMS[node.kind](lower.build, value, axes)
    else:
        raise refuse(node, "of integers; cast them to real numbers first")
    return [result if node.integer("keepdims", 1) else drop_axes(lower.build, result, axes)]


def _read_axes(lower: Lowering, node: Node, rank: int) -> Axes | None:
    """The axes, attribute or input as the version has it: all where none is named; None where none is to be reduced."""
    given = lower.integers(node, 1) if lower.has(node, 1) else node.integers("axes", ())
    if not given and node.integer("noop_with_empty_axes", 0):
        return None
    return tuple(sorted({normalise_axis(axis, rank, node) for axis in given or range(rank)}))


def _find_extreme(lower: Lowering, node: Node) -> Sequence[Value]:
    """ArgMax and ArgMin: the first of several, or the last where select_last_index says so."""
    value = lower.computed(node, 0)
    axis = normalise_axis(node.integer("axis", 0), len(value.shape), node)
    turned = multiply_number(lower.build, value, -1.0) if node.kind == "ArgMin" else value
    last = bool(node.integer("select_last_index", 0))
    index = reduction.index_of_largest(lower.build, turned, axis, last=last)
    if not node.integer("keepdims", 1):
        return [index]
    return [reshape(lower.build, index, (*value.shape[:axis], 1, *value.shape[axis + 1 :]))]


def _take_extreme(lower: Lowering, node: Node) -> Sequence[Value]:
    """TopK of a single element: it and its index."""
    count, value = lower.integers(node, 1), lower.computed(node, 0)
    if (count or (node.integer("k", 0),)) != (1,):
        raise refuse(node, "more than a single element; end the network before it")
    axis = normalise_axis(node.integer("axis", -1), len(value.shape), node)
    largest = bool(node.integer("largest", 1))
    extreme = reduction.reduce_axes(lower.build, "REDUCE_MAX" if largest else "REDUCE_MIN", value, (axis,))
    turned = value if largest else multiply_number(lower.build, value, -1.0)
    index = reduction.index_of_largest(lower.build, turned, axis)
    return [extreme, reshape(lower.build, index, extreme.shape)]


def _sum_up(lower: Lowering, node: Node) -> Sequence[Value]:
    value, axes = lower.computed(node, 0), lower.integers(node, 1)
    if not lower.holds_reals(value) or axes is None:
        raise refuse(node, "of integers; cast them to real numbers first")
    axis = normalise_axis(axes[0], len(value.shape), node)
    exclusive, backwards = bool(node.integer("exclusive", 0)), bool(node.integer("reverse", 0))
    return [reduction.sum_up(lower.build, value, axis, exclusive=exclusive, backwards=backwards)]


HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys((*_KINDS, *_FORMS), _reduce),
    "ArgMax": _find_extreme,
    "ArgMin": _find_extreme,
    "CumSum": _sum_up,
    "TopK": _take_extreme,
}
