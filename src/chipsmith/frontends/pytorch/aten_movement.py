"""Handlers of operators that move elements: shapes, orders, parts, joins, padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chipsmith.frontends.forms.movement import (
    add_axes,
    broadcast,
    concatenate,
    depth_to_space,
    reverse,
    roll,
    space_to_depth,
    split,
    take,
    tile,
)
from chipsmith.frontends.forms.operands import slice_axis
from chipsmith.frontends.forms.padding import PaddingMode, pad
from chipsmith.frontends.forms.values import GraphValue, drop_axes, extend_rank, permute, reshape
from chipsmith.frontends.pytorch.calls import AtenCall, AtenHandler
from chipsmith.tosa.builder import Axes, GraphBuilder


def keep(call: AtenCall) -> GraphValue:
    """The first operand as it is."""
    return call.computed(next(iter(call.operands)))


def shape_anew(call: AtenCall) -> GraphValue:
    """The same elements under the shape that PyTorch foresees."""
    return reshape(call.build, call.computed("self"), call.shape)


def squeeze(call: AtenCall) -> GraphValue:
    """Without axes of size 1: all of them, or those that are named."""
    value = call.computed("self")
    axes = call.axes("dim", len(value.shape))
    return drop_axes(call.build, value, tuple(axis for axis in axes if value.shape[axis] == 1))


def unsqueeze(call: AtenCall) -> GraphValue:
    """With an axis of size 1."""
    value = call.computed("self")
    return add_axes(call.build, value, (call.axis("dim", len(value.shape) + 1),))


def permute_axes(call: AtenCall) -> GraphValue:
    """The axes in another order."""
    value = call.computed("self")
    return permute(value, tuple(axis % len(value.shape) for axis in call.integers("dims")))


def swap_axes(call: AtenCall) -> GraphValue:
    """Two axes swapped; the last two where none is named."""
    value = call.computed("self")
    rank = len(value.shape)
    names = [name for name in call.operands if name != "self"]
    first, second = (call.axis(name, rank) for name in names) if names else (max(rank - 2, 0), rank - 1)
    order = list(range(rank))
    order[first], order[second] = order[second], order[first]
    return permute(value, tuple(order))


def move_axes(call: AtenCall) -> GraphValue:
    """Axes moved to other places, the others in their order."""
    value = call.computed("self")
    rank = len(value.shape)
    sources, targets = ([axis % rank for axis in call.integers(name)] for name in ("source", "destination"))
    places = dict(zip(targets, sources, strict=True))
    others = iter(axis for axis in range(rank) if axis not in sources)
    return permute(value, tuple(places[axis] if axis in places else next(others) for axis in range(rank)))


def expand(call: AtenCall) -> GraphValue:
    """Repeated along axes of size 1 up to the shape that PyTorch foresees."""
    return broadcast(call.build, call.computed("self"), call.shape)


def concatenate_all(call: AtenCall) -> GraphValue:
    """Joined along an axis; PyTorch leaves out empty tensors."""
    values = [value for value in call.values("tensors") if 0 not in value.shape]
    placed = [call.place_value(value) for value in values]
    return concatenate(call.build, placed, call.axis("dim", len(placed[0].shape)))


def stack(call: AtenCall) -> GraphValue:
    """Joined along a new axis."""
    axis = call.axis("dim", len(call.shape))
    rows = [add_axes(call.build, call.place_value(value), (axis,)) for value in call.values("tensors")]
    return concatenate(call.build, rows, axis)


def split_apart(call: AtenCall) -> Sequence[GraphValue]:
    """Parts along an axis, of the sizes that PyTorch foresees."""
    value = call.computed("self")
    axis = call.axis("dim", len(value.shape))
    return split(call.build, value, axis, [int(result.shape[axis]) for result in call.results])


def unbind(call: AtenCall) -> Sequence[GraphValue]:
    """Every index of an axis, without that axis."""
    value = call.computed("self")
    axis = call.axis("dim", len(value.shape))
    parts = split(call.build, value, axis, [1] * value.shape[axis])
    return [drop_axes(call.build, part, (axis,)) for part in parts]


def select(call: AtenCall) -> GraphValue:
    """One index of an axis, without that axis."""
    value = call.computed("self")
    axis = call.axis("dim", len(value.shape))
    index = call.integer("index") % value.shape[axis]
    return drop_axes(call.build, slice_axis(call.build, value, axis=axis, start=index, size=1), (axis,))


def slice_steps(call: AtenCall) -> GraphValue:
    """Elements of an axis from a start to an end, every so many."""
    value = call.computed("self")
    axis = call.axis("dim", len(value.shape))
    return take(call.build, value, axis, span(call, value.shape[axis]))


def span(call: AtenCall, size: int) -> range:
    """The indices of a slice of an axis."""
    start, end, step = (call.operands.get(name) for name in ("start", "end", "step"))
    return range(*slice(start, end, step).indices(size))


def narrow(call: AtenCall) -> GraphValue:
    """So many elements of an axis."""
    value = call.computed("self")
    axis = call.axis("dim", len(value.shape))
    start = call.integer("start") % value.shape[axis]
    return slice_axis(call.build, value, axis=axis, start=start, size=call.integer("length"))


def flip(call: AtenCall) -> GraphValue:
    """Axes in the opposite order."""
    value = call.computed("self")
    for axis in call.axes("dims", len(value.shape)):
        value = reverse(call.build, value, axis)
    return value


def roll_axes(call: AtenCall) -> GraphValue:
    """Elements moved on along axes; along all elements where no axis is named."""
    value = call.computed("self")
    shifts, axes = call.integers("shifts"), call.integers("dims")
    if not axes:
        flat = roll(call.build, reshape(call.build, value, (value_size(value),)), 0, shifts[0])
        return reshape(call.build, flat, value.shape)
    for axis, shift in zip(axes, shifts, strict=True):
        value = roll(call.build, value, axis % len(value.shape), shift)
    return value


def value_size(value: GraphValue) -> int:
    """The number of a value's elements."""
    return int(np.prod(value.shape))


def repeat(call: AtenCall) -> GraphValue:
    """The whole repeated along each axis; new axes come in front."""
    value = call.computed("self")
    times = call.integers("repeats" if "repeats" in call.operands else "dims")
    times = (1,) * (len(value.shape) - len(times)) + times
    return tile(call.build, extend_rank(call.build, value, len(times)), times)


def repeat_elements(call: AtenCall) -> GraphValue:
    """Each element of an axis so many times; of all elements where no axis is named."""
    value = call.computed("self")
    if not call.has("dim"):
        value = reshape(call.build, value, (value_size(value),))
    axis = call.axis("dim", len(value.shape)) if call.has("dim") else 0
    if call.operands["repeats"] is None or not isinstance(call.operands["repeats"], int):
        counts = call.constant("repeats").reshape(-1)
        return take(call.build, value, axis, np.repeat(np.arange(value.shape[axis]), counts).tolist())
    wider = add_axes(call.build, value, (axis + 1,))
    times = [call.integer("repeats") if index == axis + 1 else 1 for index in range(len(wider.shape))]
    return reshape(call.build, tile(call.build, wider, times), call.shape)


def pad_axes(call: AtenCall) -> GraphValue:
    """Padding of the last axes, given from the last one on."""
    value = call.computed("self")
    numbers = call.integers("pad" if "pad" in call.operands else "padding")
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))[::-1]
    widths = [(0, 0)] * (len(value.shape) - len(pairs)) + pairs
    level = call.number("value") if call.has("value") else 0.0
    return pad(call.build, value, widths, mode=_padding_mode(call), level=level)


_PADDING_MODES = {
    "constant": PaddingMode.CONSTANT,
    "reflect": PaddingMode.REFLECT,
    "replicate": PaddingMode.EDGE,
    "circular": PaddingMode.WRAP,
}


def _padding_mode(call: AtenCall) -> PaddingMode:
    if call.operator.startswith("reflection"):
        return PaddingMode.REFLECT
    if call.operator.startswith("replication"):
        return PaddingMode.EDGE
    return _PADDING_MODES[str(call.operands.get("mode", "constant"))]


def shuffle_pixels(call: AtenCall) -> GraphValue:
    """Channels as blocks of pixels."""
    image = _as_image(call.build, call.computed("self"))
    block = call.integer("upscale_factor")
    return reshape(call.build, depth_to_space(call.build, image, block, channels_first=True), call.shape)


def unshuffle_pixels(call: AtenCall) -> GraphValue:
    """Blocks of pixels as channels."""
    image = _as_image(call.build, call.computed("self"))
    block = call.integer("downscale_factor")
    return reshape(call.build, space_to_depth(call.build, image, block, channels_first=True), call.shape)


def _as_image(build: GraphBuilder, value: GraphValue) -> GraphValue:
    """(..., C, H, W) as (N, C, H, W)."""
    if len(value.shape) == 4:
        return value
    return reshape(build, value, (int(np.prod(value.shape[:-3])), *value.shape[-3:]))


def shuffle_channels(call: AtenCall) -> GraphValue:
    """The channels of (N, C, ...) as (groups, C / groups), read the other way round."""
    value = call.computed("self")
    groups, shape = call.integer("groups"), value.shape
    parts = reshape(call.build, value, (shape[0], groups, shape[1] // groups, *shape[2:]))
    order: Axes = (0, 2, 1, *range(3, len(shape) + 1))
    return reshape(call.build, permute(parts, order), shape)


def unfold(call: AtenCall) -> GraphValue:
    """Windows of an axis, whose elements lie along a new last axis."""
    value = call.computed("self")
    axis, size, step = call.axis("dimension", len(value.shape)), call.integer("size"), call.integer("step")
    starts = range(0, value.shape[axis] - size + 1, step)
    indices = [start + offset for start in starts for offset in range(size)]
    flat = take(call.build, value, axis, indices)
    parts = reshape(call.build, flat, (*flat.shape[:axis], len(starts), size, *flat.shape[axis + 1 :]))
    order = [index for index in range(len(parts.shape)) if index != axis + 1]
    return permute(parts, (*order, axis + 1))


def _same(names: str, handler: AtenHandler) -> dict[str, AtenHandler]:
    return dict.fromkeys(names.split(), handler)


HANDLERS: Mapping[str, AtenHandler] = {
    **_same("contiguous clone detach alias dropout feature_dropout alpha_dropout lift_fresh lift_fresh_copy", keep),
    **_same("positive requires_grad pin_memory native_dropout resolve_conj resolve_neg", keep),
    **_same("view reshape _unsafe_view view_as reshape_as flatten unflatten", shape_anew),
    **_same("expand expand_as broadcast_to", expand),
    **_same("transpose swapaxes swapdims t numpy_T mT matrix_H", swap_axes),
    **_same("split split_with_sizes chunk unsafe_split unsafe_chunk tensor_split", split_apart),
    **_same("repeat tile", repeat),
    **_same("pad constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d", pad_axes),
    **_same("replication_pad1d replication_pad2d replication_pad3d", pad_axes),
    **_same("cat concat concatenate", concatenate_all),
    "squeeze": squeeze,
    "unsqueeze": unsqueeze,
    "permute": permute_axes,
    "movedim": move_axes,
    "moveaxis": move_axes,
    "stack": stack,
    "unbind": unbind,
    "select": select,
    "slice": slice_steps,
    "narrow": narrow,
    "flip": flip,
    "roll": roll_axes,
    "repeat_interleave": repeat_elements,
    "pixel_shuffle": shuffle_pixels,
    "pixel_unshuffle": unshuffle_pixels,
    "channel_shuffle": shuffle_channels,
    "unfold": unfold,
}
