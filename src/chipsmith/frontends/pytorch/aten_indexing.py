"""Handlers of operators that choose elements by their indices, constant or computed, or that put some in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.forms.elementwise import apply_binary
from chipsmith.frontends.forms.indexing import (
    count_from_start,
    gather,
    gather_elements,
    one_hot,
    scale_index,
    scatter_blocks,
    scatter_elements,
)
from chipsmith.frontends.forms.logic import select
from chipsmith.frontends.forms.movement import broadcast, concatenate, take
from chipsmith.frontends.forms.operands import reshape_operand
from chipsmith.frontends.forms.values import Const, GraphValue, Value, reshape
from chipsmith.frontends.pytorch.aten_movement import span, value_size
from chipsmith.frontends.pytorch.calls import AtenCall, AtenHandler, as_array, as_value, value_type
from chipsmith.frontends.pytorch.conversion import convert
from chipsmith.tosa.graph import DType

if TYPE_CHECKING:
    import torch

Indices = npt.NDArray[np.int64]


def embed(call: AtenCall) -> GraphValue:
    """Rows of a table."""
    return gather(call.build, call.value("weight"), call.value("indices"), 0)


def select_indices(call: AtenCall) -> GraphValue:
    """Elements of an axis at the indices of a vector."""
    value, indices = call.value("self"), call.value("index")
    axis = call.axis("dim", len(value.shape))
    if isinstance(indices, Const) and isinstance(value, GraphValue):
        return take(call.build, value, axis, indices.values.reshape(-1).tolist())
    return gather(call.build, value, indices, axis, dtype=call.dtype)


def index(call: AtenCall) -> GraphValue:
    """Elements at tensors of indices, as numpy chooses them; a single tensor may be computed, or several in front."""
    value, indices = call.value("self"), call.operands["indices"]
    given = [(axis, item) for axis, item in enumerate(indices) if item is not None]
    if not any(isinstance(item, GraphValue) for _, item in given):
        places = np.arange(math.prod(value.shape)).reshape(value.shape)
        chosen = places[tuple(slice(None) if item is None else as_array(item) for item in indices)]
        return _take_flat(call, call.place_value(value), chosen)
    if len(given) == 1:
        ((axis, item),) = given
        indices = count_from_start(call.build, _as_integers(call, item), (value.shape[axis],))
        return gather(call.build, value, indices, axis, dtype=call.dtype)
    return _index_front(call, value, [item for _, item in given], [axis for axis, _ in given])


def _take_flat(call: AtenCall, value: GraphValue, places: Indices) -> GraphValue:
    """Elements by their places among all of a value: along a single axis where the others stay whole."""
    for axis, size in enumerate(value.shape):
        moved = np.moveaxis(np.arange(value_size(value)).reshape(value.shape), axis, 0).reshape(size, -1)
        rows = _match_rows(value, places, axis, moved)
        if rows is not None:
            return take(call.build, value, axis, rows)
    flat = take(call.build, reshape(call.build, value, (value_size(value),)), 0, places.reshape(-1).tolist())
    return reshape(call.build, flat, tuple(places.shape))


def _match_rows(value: GraphValue, places: Indices, axis: int, rows: Indices) -> list[int] | None:
    """The indices of `axis` that give these places; None where there are none such."""
    shape = list(places.shape)
    if len(shape) != len(value.shape) or shape[:axis] + shape[axis + 1 :] != list(
        value.shape[:axis] + value.shape[axis + 1 :]
    ):
        return None
    wanted = np.moveaxis(places, axis, 0).reshape(shape[axis], -1)
    chosen = wanted[:, 0] // math.prod(value.shape[axis + 1 :]) % value.shape[axis]
    return chosen.tolist() if np.array_equal(rows[chosen], wanted) else None


def _as_integers(call: AtenCall, item: object) -> GraphValue:
    value = call.as_computed(item)
    if call.build.dtype(value.tensor) is DType.BOOL:
        raise call.refuse("how many elements a computed mask chooses is known only as the network runs")
    return value


def _index_front(call: AtenCall, value: Value, items: list[object], axes: list[int]) -> GraphValue:
    """Indices of neighbouring axes as the index of the axis that these are together."""
    first = axes[0]
    if axes != list(range(first, first + len(axes))):
        raise call.refuse("computed indices of axes that are no neighbours are not gathered")
    build, sizes = call.build, [value.shape[axis] for axis in axes]
    steps: list[Value] = []
    for item, size, stride in zip(items, sizes, np.cumprod([1, *sizes[:0:-1]])[::-1], strict=True):
        counted = count_from_start(build, _as_integers(call, item), (size,))
        steps.append(scale_index(build, counted, sizes=(size,), strides=(int(stride),)))
    total = reduce(lambda left, right: apply_binary(build, "ADD", left, right), steps)
    shape = (*value.shape[:first], math.prod(sizes), *value.shape[first + len(axes) :])
    return gather(build, reshape(build, call.place_value(value), shape), total, first)


def gather_along(call: AtenCall) -> GraphValue:
    """For each element of the indices that one of its row along an axis."""
    value = call.value("self")
    axis = call.axis("dim", len(value.shape))
    return gather_elements(call.build, value, call.value("index"), axis, dtype=call.dtype)


def scatter_along(call: AtenCall) -> GraphValue:
    """self, with the element of a row that each index names replaced."""
    value, indices = call.computed("self"), call.value("index")
    axis = call.axis("dim", len(value.shape))
    updates = convert(call.build, call.value("src" if "src" in call.operands else "value"), call.dtype)
    if updates.shape == ():
        updates = broadcast(call.build, call.place_value(updates), indices.shape)
    return scatter_elements(call.build, value, indices, updates, axis)


def encode_one_hot(call: AtenCall) -> GraphValue:
    """Ones at the indices, along a new last axis."""
    indices = call.computed("self")
    depth = call.shape[-1]
    off, on = (Const(values=np.asarray(level, np.int32)) for level in (0, 1))
    return one_hot(call.build, indices, depth=depth, axis=len(indices.shape), off=off, on=on)


def put_slice(call: AtenCall) -> GraphValue:
    """self, with a part of an axis replaced."""
    value = call.value("self")
    axis = call.axis("dim", len(value.shape))
    return _put(call, axis, list(span(call, value.shape[axis])), call.value("src"))


def put_index(call: AtenCall) -> GraphValue:
    """self, with one index of an axis replaced."""
    value, part = call.value("self"), call.value("src")
    axis = call.axis("dim", len(value.shape))
    shape = (*part.shape[:axis], 1, *part.shape[axis:])
    return _put(
        call, axis, [call.integer("index") % value.shape[axis]], reshape(call.build, call.place_value(part), shape)
    )


def _put(call: AtenCall, axis: int, indices: list[int], part: Value) -> GraphValue:
    """Elements of an axis, in their order, from two values joined."""
    value = call.value("self")
    size = value.shape[axis]
    sizes = tuple(len(indices) if other == axis else whole for other, whole in enumerate(value.shape))
    values = [call.place_value(convert(call.build, item, call.dtype)) for item in (value, part)]
    joined = concatenate(call.build, [values[0], broadcast(call.build, values[1], sizes)], axis)
    places = np.arange(size)
    places[indices] = size + np.arange(len(indices))
    return take(call.build, joined, axis, places.tolist())


def put_elements(call: AtenCall) -> GraphValue:
    """self, with the elements at indices of its first axes replaced, or those of a mask by a single number."""
    value, indices = call.computed("self"), call.operands["indices"]
    if call.flag("accumulate"):
        raise call.refuse("elements are replaced, and not added up, where indices name them")
    computed = [as_value(item) for item in indices if isinstance(item, GraphValue)]
    if computed and value_type(call.build, computed[0]) is DType.BOOL:
        return _put_where(call, value, computed[0])
    if not computed:
        return _put_constant(call, value, indices)
    if None in indices or len(indices) > 1:
        raise call.refuse("elements are replaced at constant indices, or at computed ones of the first axis")
    places = count_from_start(call.build, computed[0], value.shape[:1])
    column = reshape(call.build, call.place_value(places), (*places.shape, 1))
    updates = convert(call.build, call.value("values"), call.dtype)
    whole = broadcast(call.build, call.place_value(updates), (*places.shape, *value.shape[1:]))
    return scatter_blocks(call.build, value, column, whole)


def _put_constant(call: AtenCall, value: GraphValue, indices: list[object]) -> GraphValue:
    places = np.arange(value_size(value)).reshape(value.shape)
    chosen = places[tuple(slice(None) if item is None else as_array(item) for item in indices)]
    updates = broadcast(
        call.build, call.place_value(convert(call.build, call.value("values"), call.dtype)), chosen.shape
    )
    rows = [reshape(call.build, part, (value_size(part),)) for part in (value, updates)]
    order = places.reshape(-1).copy()
    order[chosen.reshape(-1)] = value_size(value) + np.arange(chosen.size)
    flat = take(call.build, concatenate(call.build, rows, 0), 0, order.tolist())
    return reshape(call.build, flat, value.shape)


def _put_where(call: AtenCall, value: GraphValue, mask: Value) -> GraphValue:
    """self, with a number where a mask of its first axes is true."""
    if len(call.operands["indices"]) > 1 or math.prod(call.value("values").shape) != 1:
        raise call.refuse("a computed mask of the first axes puts a single number in place of elements")
    rank = len(value.shape)
    wide = reshape(call.build, call.place_value(mask), (*mask.shape, *(1,) * (rank - len(mask.shape))))
    level = reshape_operand(call.build, convert(call.build, call.value("values"), call.dtype), ())
    return select(call.build, wide, level, value)


def copy(call: AtenCall) -> GraphValue:
    """The source in the shape and type of the tensor that it replaces."""
    source = convert(call.build, call.value("src"), call.dtype)
    return broadcast(call.build, call.place_value(source), call.shape)


def fill_alike(call: AtenCall) -> torch.Tensor:
    """A constant of the shape and type that PyTorch foresees: the operand gives these alone."""
    import torch

    levels = {"ones_like": 1, "new_ones": 1, "full_like": call.operands.get("fill_value")}
    level = levels.get(call.operator, call.operands.get("fill_value", 0))
    if isinstance(level, GraphValue):
        raise call.refuse("the number that fills a tensor is computed, and must be constant")
    return torch.full(call.shape, level, dtype=call.results[0].dtype)


def fill(call: AtenCall) -> GraphValue:
    """A value everywhere."""
    return broadcast(call.build, call.place_value(convert(call.build, call.value("value"), call.dtype)), call.shape)


HANDLERS: Mapping[str, AtenHandler] = {
    "embedding": embed,
    "index_select": select_indices,
    "index": index,
    "gather": gather_along,
    "scatter": scatter_along,
    "one_hot": encode_one_hot,
    "slice_scatter": put_slice,
    "select_scatter": put_index,
    "index_put": put_elements,
    "_unsafe_index_put": put_elements,
    "_unsafe_index": index,
    **dict.fromkeys(["zeros_like", "ones_like", "full_like", "empty_like"], fill_alike),
    **dict.fromkeys(["new_zeros", "new_ones", "new_full", "new_empty"], fill_alike),
    "copy": copy,
    "fill": fill,
}
