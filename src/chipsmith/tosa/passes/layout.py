"""Transposes and reshapes: merged, or folded into the weights that read them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chipsmith.tosa.graph import Array, Graph, Operator
from chipsmith.tosa.passes.rewrite import Constant, Replacement, Site, reshape, rewrite

Shape = tuple[int, ...]


def transposes_to_reshapes(graph: Graph) -> Graph:
    """A TRANSPOSE that moves only axes of size 1 becomes a RESHAPE: the elements keep their order."""
    return rewrite(graph, _as_reshape)


def _as_reshape(site: Site, op: Operator) -> Replacement | None:
    if op.kind != "TRANSPOSE":
        return None
    moved = [axis for axis in _perms(op) if site.shape(op.inputs[0])[axis] != 1]
    return reshape(site, op, op.inputs[0]) if moved == sorted(moved) else None


def merge_transposes(graph: Graph) -> Graph:
    """A TRANSPOSE of a TRANSPOSE becomes one."""
    return rewrite(graph, _as_one_transpose)


def _as_one_transpose(site: Site, op: Operator) -> Replacement | None:
    first = site.source(op.inputs[0], "TRANSPOSE") if op.kind == "TRANSPOSE" else None
    if first is None:
        return None
    perms = tuple(_perms(first)[axis] for axis in _perms(op))
    return Replacement(operators=(replace(op, inputs=first.inputs, attributes={"perms": perms}),))


def merge_reshapes(graph: Graph) -> Graph:
    """A RESHAPE of a RESHAPE becomes one."""
    return rewrite(graph, _as_one_reshape)


def _as_one_reshape(site: Site, op: Operator) -> Replacement | None:
    first = site.source(op.inputs[0], "RESHAPE") if op.kind == "RESHAPE" else None
    if first is None:
        return None
    return Replacement(operators=(replace(op, inputs=(first.inputs[0], op.inputs[1])),))


def transpose_weights(graph: Graph) -> Graph:
    """A product of a flattened TRANSPOSE with constant weights becomes one of the flattened source.

    Holds for CONV2D with a 1 x 1 kernel and for MATMUL with a constant B, where the transpose moves only axes
    that are flattened into the channels; these channels of the weights are put in the source's order.
    """
    return rewrite(graph, _with_own_order)


def _with_own_order(site: Site, op: Operator) -> Replacement | None:
    if op.kind not in _CHANNEL_AXES or not _is_product(site, op):
        return None
    flat = site.source(op.inputs[0], "RESHAPE")
    moved = site.source(flat.inputs[0], "TRANSPOSE") if flat is not None else None
    weights = site.graph.constant(op.inputs[1])
    if flat is None or moved is None or weights is None:
        return None
    kept = _kept_axes(_perms(moved), site.shape(moved.outputs[0]), site.shape(flat.outputs[0])[-1])
    if kept is None:
        return None
    order = _channel_order(_perms(moved), site.shape(moved.outputs[0]), kept)
    ordered = np.take(weights, order, axis=_CHANNEL_AXES[op.kind])
    return _product_of(site, op, flat, moved.inputs[0], ordered)


_CHANNEL_AXES = {"CONV2D": 3, "MATMUL": 1}


def _is_product(site: Site, op: Operator) -> bool:
    return op.kind == "MATMUL" or site.shape(op.inputs[1])[1:3] == (1, 1)


def _kept_axes(perms: Shape, shape: Shape, channels: int) -> int | None:
    """How many leading axes the transpose leaves in place, where all others make the channels; else None."""
    for kept in range(len(perms)):
        if math.prod(shape[kept:]) == channels and perms[:kept] == tuple(range(kept)):
            return kept
    return None


def _channel_order(perms: Shape, shape: Shape, kept: int) -> npt.NDArray[np.int64]:
    """For each channel of the source, its channel after the transpose, whose output has `shape`."""
    channels = np.arange(math.prod(shape[kept:]), dtype=np.int64).reshape(shape[kept:])
    back = [perms.index(axis) - kept for axis in range(kept, len(perms))]
    return channels.transpose(back).reshape(-1)


def _product_of(site: Site, op: Operator, flat: Operator, source: str, weights: Array) -> Replacement:
    view, name = site.fresh(f"{op.outputs[0]}/input"), site.fresh(f"{op.outputs[0]}/weight")
    tensor = replace(site.graph.tensor(flat.outputs[0]), name=view)
    reshaped = replace(flat, name=view, inputs=(source, flat.inputs[1]), outputs=(view,))
    return Replacement(
        operators=(reshaped, replace(op, inputs=(view, name, *op.inputs[2:]))),
        constants={name: Constant(np.ascontiguousarray(weights), site.graph.tensor(op.inputs[1]).dtype)},
        tensors=(tensor,),
    )


def _perms(op: Operator) -> Shape:
    perms = op.attributes["perms"]
    assert isinstance(perms, tuple)
    return perms
