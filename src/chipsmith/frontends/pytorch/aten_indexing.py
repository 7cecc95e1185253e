"""Handlers of operators that choose elements by their indices, constant or computed, or that put some in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.forms.elementwise import apply_binary
from chipsmith.frontends.forms.logic import select
from chipsmith.frontends.forms.movement import broadcast, concatenate, gather, one_hot, take, wrap
from chipsmith.frontends.forms.operands import slice_axis
from chipsmith.frontends.forms.values import Const, GraphValue, Value, permute, reshape
from chipsmith.frontends.pytorch.aten_movement import span, value_size
from chipsmith.frontends.pytorch.calls import AtenCall, AtenHandler, as_array, as_value, value_type
from chipsmith.frontends.pytorch.conversion import convert
from chipsmith.tosa.graph import DType

if TYPE_CHECKING:
    import torch

Indices = npt.NDArray[np.int64]


def embed(call: AtenCall) -> GraphValue:
    """Rows of a table."""
    return _choose(call, call.value("weight"), 0, call.value("indices"))


def select_indices(call: AtenCall) -> GraphValue:
    """Elements of an axis at the indices of a vector."""
    value = call.value("self")
    return _choose(call, value, call.axis("dim", len(value.shape)), call.value("index"))


def _choose(call: AtenCall, table: Value, axis: int, indices: Value) -> GraphValue:
    """Elements of an axis, whose place the axes of the indices take."""
    if isinstance(indices, GraphValue):
        return gather(call.build, table, indices, axis)
    flat = take(call.build, call.place_value(table), axis, indices.values.reshape(-1).tolist())
    return reshape(call.build, flat, (*table.shape[:axis], *indices.shape, *table.shape[axis + 1 :]))


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
        return gather(call.build, value, _as_integers(call, item), axis)
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
    total: GraphValue | None = None
    for item, size, stride in zip(items, sizes, np.cumprod([1, *sizes[:0:-1]])[::-1], strict=True):
        wrapped = wrap(build, _as_integers(call, item), size)
        step = apply_binary(build, "MUL", wrapped, Const(values=np.asarray(stride)))
        total = step if total is None else apply_binary(build, "ADD", total, step)
    assert total is not None
    shape = (*value.shape[:first], math.prod(sizes), *value.shape[first + len(axes) :])
    return gather(build, reshape(build, call.place_value(value), shape), total, first)


def gather_elements(call: AtenCall) -> GraphValue:
    """For each element of the indices that one of its row along an axis."""
    value, indices = call.value("self"), call.value("index")
    axis, build = call.axis("dim", len(value.shape)), call.build
    if isinstance(indices, Const):
        places = np.arange(math.prod(value.shape)).reshape(value.shape)
        whole = places[tuple(slice(0, size) if other != axis else slice(None) for other, size in enumerate(indices.shape))]
        return _take_flat(call, call.place_value(value), np.take_along_axis(whole, indices.values, axis))
    sizes = indices.shape
    cut = call.place_value(value)
    for other, size in enumerate(sizes):
        cut = cut if other == axis else slice_axis(build, cut, axis=other, start=0, size=size)
    order = (*(other for other in range(len(sizes)) if other != axis), axis)
    rows = reshape(build, permute(cut, order), (value_size(cut),))
    counts = [sizes[other] for other in order[:-1]]
    starts = (np.arange(math.prod(counts)) * value.shape[axis]).reshape(*counts, 1)
    moved = apply_binary(build, "ADD", permute(wrap(build, indices, value.shape[axis]), order), Const(values=starts))
    return permute(gather(build, rows, moved, 0), tuple(int(place) for place in np.argsort(order)))


def encode_one_hot(call: AtenCall) -> GraphValue:
    """Ones at the indices, along a new last axis."""
    indices = call.computed("self")
    depth = call.shape[-1]
    hot = one_hot(call.build, indices, depth=depth, axis=len(indices.shape), off=0.0, on=1.0)
    return call.place_value(convert(call.build, hot, call.dtype))


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
    return _put(call, axis, [call.integer("index") % value.shape[axis]], reshape(call.build, call.place_value(part), shape))


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
    """self, with the elements at constant indices replaced, or those of a mask by a single number."""
    value, indices = call.computed("self"), call.operands["indices"]
    if len(indices) == 1 and math.prod(call.value("values").shape) == 1 and not call.flag("accumulate"):
        mask = as_value(indices[0])
        if isinstance(mask, GraphValue) and value_type(call.build, mask) is DType.BOOL:
            return _put_where(call, value, mask)
    if any(isinstance(item, GraphValue) for item in indices) or call.flag("accumulate"):
        raise call.refuse("elements are replaced at constant indices alone, and not added up")
    places = np.arange(value_size(value)).reshape(value.shape)
    chosen = places[tuple(slice(None) if item is None else as_array(item) for item in indices)]
    parts = [call.place_value(convert(call.build, item, call.dtype)) for item in (value, call.value("values"))]
    rows = [reshape(call.build, part, (value_size(part),)) for part in (parts[0], broadcast(call.build, parts[1], chosen.shape))]
    order = places.reshape(-1).copy()
    order[chosen.reshape(-1)] = value_size(value) + np.arange(chosen.size)
    flat = take(call.build, concatenate(call.build, rows, 0), 0, order.tolist())
    return reshape(call.build, flat, value.shape)


def _put_where(call: AtenCall, value: GraphValue, mask: GraphValue) -> GraphValue:
    """self, with a number where a mask of its first axes is true."""
    rank = len(value.shape)
    wide = reshape(call.build, mask, (*mask.shape, *(1,) * (rank - len(mask.shape))))
    number = convert(call.build, call.value("values"), call.dtype)
    single = Const(values=number.values.reshape(())) if isinstance(number, Const) else reshape(call.build, number, ())
    return select(call.build, wide, single, value)


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
    "gather": gather_elements,
    "take_along_dim": gather_elements,
    "one_hot": encode_one_hot,
    "slice_scatter": put_slice,
    "select_scatter": put_index,
    "index_put": put_elements,
    "_unsafe_index_put": put_elements,
    "_unsafe_index": index,
    **dict.fromkeys("zeros_like ones_like full_like empty_like".split(), fill_alike),
    **dict.fromkeys("new_zeros new_ones new_full new_empty".split(), fill_alike),
    "copy": copy,
    "fill": fill,
}
