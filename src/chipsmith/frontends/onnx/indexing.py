"""Gather, Scatter and their relatives, by constant or computed indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chipsmith.frontends.forms.indexing import (
    add_blocks,
    add_elements,
    count_from_start,
    gather,
    gather_blocks,
    gather_elements,
    one_hot,
    scatter_blocks,
    scatter_elements,
)
from chipsmith.frontends.forms.movement import take
from chipsmith.frontends.forms.operands import reshape_operand, slice_operand
from chipsmith.frontends.forms.values import Const, GraphValue, Value, drop_axes, reshape
from chipsmith.frontends.onnx import lowering
from chipsmith.frontends.onnx.lowering import Handler, Lowering, normalise_axis, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.tosa.graph import DType


def _gather(lower: Lowering, node: Node) -> Sequence[lowering.Value]:
    table = lower.value(node, 0)
    axis = normalise_axis(node.integer("axis", 0), len(table.shape), node)
    indices = _read_indices(lower, node, (table.shape[axis],))
    if not (isinstance(indices, Const) and isinstance(table, GraphValue)):
        return [gather(lower.build, table, indices, axis, dtype=lower.type_of(table))]
    taken = take(lower.build, table, axis, indices.values.reshape(-1).tolist())
    if indices.values.ndim == 0:
        return [drop_axes(lower.build, taken, (axis,))]
    shape = (*table.shape[:axis], *indices.shape, *table.shape[axis + 1 :])
    return [taken if indices.values.ndim == 1 else reshape(lower.build, taken, shape)]


def _read_indices(lower: Lowering, node: Node, sizes: Sequence[int]) -> Value:
    """Input 1 as indices from 0 on into axes of these sizes."""
    value = lower.value(node, 1)
    if lower.type_of(value) is not DType.INT32:
        raise refuse(node, f"its indices '{node.inputs[1]}' must be integers")
    return count_from_start(lower.build, value, sizes)


def _gather_elements(lower: Lowering, node: Node) -> Sequence[lowering.Value]:
    table = lower.value(node, 0)
    axis = normalise_axis(node.integer("axis", 0), len(table.shape), node)
    indices = _read_indices(lower, node, (table.shape[axis],))
    return [gather_elements(lower.build, table, indices, axis, dtype=lower.type_of(table))]


def _gather_blocks(lower: Lowering, node: Node) -> Sequence[lowering.Value]:
    table, batch_axes = lower.value(node, 0), node.integer("batch_dims", 0)
    depth = lower.value(node, 1).shape[-1]
    indices = _read_indices(lower, node, table.shape[batch_axes : batch_axes + depth])
    return [gather_blocks(lower.build, table, indices, batch_axes=batch_axes, dtype=lower.type_of(table))]


def _scatter_blocks(lower: Lowering, node: Node) -> Sequence[lowering.Value]:
    target, updates = lower.computed(node, 0), lower.value(node, 2)
    indices = _read_indices(lower, node, target.shape[: lower.value(node, 1).shape[-1]])
    if _adds(node):
        return [add_blocks(lower.build, target, _check_constant(node, indices), updates)]
    return [scatter_blocks(lower.build, target, indices, updates)]


def _scatter_elements(lower: Lowering, node: Node) -> Sequence[lowering.Value]:
    target, updates = lower.computed(node, 0), lower.value(node, 2)
    axis = normalise_axis(node.integer("axis", 0), len(target.shape), node)
    indices = _read_indices(lower, node, (target.shape[axis],))
    if _adds(node):
        return [add_elements(lower.build, target, _check_constant(node, indices), updates, axis)]
    return [scatter_elements(lower.build, target, indices, updates, axis)]


def _adds(node: Node) -> bool:
    """Whether updates are added to what stands there, and do not replace it."""
    reduction = node.text("reduction", "none")
    if reduction not in ("none", "add"):
        raise refuse(node, f"reduction {reduction} is not held; none and add are")
    return reduction == "add"


def _check_constant(node: Node, indices: Value) -> Const:
    if not isinstance(indices, Const):
        raise refuse(node, f"it adds at computed indices '{node.inputs[1]}'; constant ones are held")
    return indices


def _one_hot(lower: Lowering, node: Node) -> Sequence[lowering.Value]:
    indices, levels = lower.computed(node, 0), lower.value(node, 2)
    (depth,) = lower.integers(node, 1) or (0,)
    if not lower.holds_reals(levels):
        raise refuse(node, "its values must be real numbers")
    if lower.holds_reals(indices):  # whole numbers: a cast to the nearest is exact
        indices = replace(indices, tensor=lower.build.unary("CAST", indices.tensor, DType.INT32))
    axis = normalise_axis(node.integer("axis", -1), len(indices.shape) + 1, node)
    counted = count_from_start(lower.build, indices, (depth,))
    assert isinstance(counted, GraphValue)
    off, on = (
        reshape_operand(lower.build, slice_operand(lower.build, levels, axis=0, start=place, size=1), ())
        for place in (0, 1)
    )
    return [one_hot(lower.build, counted, depth=depth, axis=axis, off=off, on=on)]


HANDLERS: Mapping[str, Handler] = {
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_blocks,
    "ScatterND": _scatter_blocks,
    **dict.fromkeys(("ScatterElements", "Scatter"), _scatter_elements),
    "OneHot": _one_hot,
}
