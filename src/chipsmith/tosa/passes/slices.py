"""Slices of tensors that were joined just before: the part itself is read instead."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from chipsmith.tosa.graph import DType, Graph, Operator
from chipsmith.tosa.passes.rewrite import ConstantData, Replacement, Site, reshape, rewrite

Shape = tuple[int, ...]


def slice_sources(graph: Graph) -> Graph:
    """A SLICE of a CONCAT reads the joined tensor in which it lies.

    Through a RESHAPE of the CONCAT it becomes a RESHAPE of the joined tensor, where it is all of it and the joined
    tensors lie one after another.
    """
    return rewrite(graph, _as_part)


def _as_part(site: Site, op: Operator) -> Replacement | None:
    if op.kind != "SLICE":
        return None
    start, size = _numbers(site, op.inputs[1]), _numbers(site, op.inputs[2])
    if start is None or size is None:
        return None
    joined = site.producer(op.inputs[0], "CONCAT")
    if joined is not None:
        return _slice_of_part(site, op, joined, start, size)
    return _whole_part(site, op, start, size)


def _numbers(site: Site, name: str) -> Shape | None:
    data = site.graph.constant(name)
    return None if data is None else tuple(int(value) for value in data.reshape(-1))


def _slice_of_part(site: Site, op: Operator, joined: Operator, start: Shape, size: Shape) -> Replacement | None:
    axis = joined.axis
    first = start[axis]
    for part in joined.inputs:
        extent = site.shape(part)[axis]
        if first >= 0 and first + size[axis] <= extent:
            return _slice_of(site, op, part, (*start[:axis], first, *start[axis + 1 :]))
        first -= extent
    return None


def _slice_of(site: Site, op: Operator, part: str, start: Shape) -> Replacement:
    name = site.fresh(f"{op.outputs[0]}/start")
    return Replacement(
        operators=(replace(op, inputs=(part, name, op.inputs[2])),),
        constants={name: ConstantData(np.array(start, np.int64), DType.SHAPE)},
    )


def _whole_part(site: Site, op: Operator, start: Shape, size: Shape) -> Replacement | None:
    view = site.producer(op.inputs[0], "RESHAPE")
    joined = site.producer(view.inputs[0], "CONCAT") if view is not None else None
    first = _first_of_run(start, size, site.shape(op.inputs[0]))
    if joined is None or first is None or math.prod(site.shape(joined.outputs[0])[: joined.axis]) != 1:
        return None
    for part in joined.inputs:
        if first == 0 and math.prod(size) == math.prod(site.shape(part)):
            return reshape(site, op, part)
        first -= math.prod(site.shape(part))
    return None


def _first_of_run(start: Shape, size: Shape, shape: Shape) -> int | None:
    """Which element of the tensor is a slice's first, if the slice is one run of elements in memory."""
    after_first = next((axis + 1 for axis, extent in enumerate(size) if extent != 1), len(size))
    if size[after_first:] != shape[after_first:]:
        return None
    return int(np.ravel_multi_index(start, shape))
