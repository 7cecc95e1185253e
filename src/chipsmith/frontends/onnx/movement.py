"""Operators that move values and change none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.movement import (
    add_axes,
    broadcast,
    concatenate,
    depth_to_space,
    reverse,
    space_to_depth,
    split,
    take,
    take_slice,
    tile,
)
from chipsmith.frontends.forms.operands import slice_axis
from chipsmith.frontends.forms.padding import PaddingMode, pad
from chipsmith.frontends.forms.values import Const, GraphValue, drop_axes, permute, reshape
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Value, normalise_axis, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.tosa.builder import Shape


def _pass_through(lower: Lowering, node: Node) -> Sequence[Value]:
    return [lower.value(node, 0)]


def _drop_out(lower: Lowering, node: Node) -> Sequence[Value]:
    """As in inference: nothing is dropped, and the mask keeps all."""
    training = lower.constant(node, 2)
    if training is not None and training.any():
        raise refuse(node, "it is in training; export the network for inference")
    value = lower.value(node, 0)
    return [value, Const(values=np.ones(value.shape, np.bool_))]


def _read_axes(lower: Lowering, node: Node) -> tuple[int, ...] | None:
    """Axes, an attribute in older versions and an input since; None where there are none."""
    given = lower.integers(node, 1)
    if given is None:
        return node.integers("axes", ()) if "axes" in node.attributes else None
    return given


def _reshape(lower: Lowering, node: Node) -> Sequence[Value]:
    value, given = lower.computed(node, 0), lower.integers(node, 1)
    sizes = list(node.integers("shape", ()) if given is None else given)
    if not node.integer("allowzero", 0):
        sizes = [value.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    known = math.prod(size for size in sizes if size != -1)
    shape = tuple(math.prod(value.shape) // max(known, 1) if size == -1 else size for size in sizes)
    return [reshape(lower.build, value, shape)]


def _flatten(lower: Lowering, node: Node) -> Sequence[Value]:
    value, axis = lower.computed(node, 0), node.integer("axis", 1)
    axis = axis + len(value.shape) if axis < 0 else axis
    return [reshape(lower.build, value, (math.prod(value.shape[:axis]), math.prod(value.shape[axis:])))]


def _transpose(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.computed(node, 0)
    rank = len(value.shape)
    perm = node.integers("perm", tuple(reversed(range(rank))))
    if sorted(perm) != list(range(rank)):
        raise BadInput(f"{node.kind} '{node.name}': perm {list(perm)} is no order of {rank} axes")
    return [permute(value, perm)]


def _squeeze(lower: Lowering, node: Node) -> Sequence[Value]:
    value, chosen = lower.computed(node, 0), _read_axes(lower, node)
    rank = len(value.shape)
    if chosen is None:
        chosen = tuple(axis for axis in range(rank) if value.shape[axis] == 1)
    axes = tuple(normalise_axis(axis, rank, node) for axis in chosen)
    if any(value.shape[axis] != 1 for axis in axes):
        raise BadInput(f"{node.kind} '{node.name}': axes {list(axes)} of {list(value.shape)} do not have size 1")
    return [drop_axes(lower.build, value, axes)]


def _unsqueeze(lower: Lowering, node: Node) -> Sequence[Value]:
    value, chosen = lower.computed(node, 0), _read_axes(lower, node) or ()
    rank = len(value.shape) + len(chosen)
    return [add_axes(lower.build, value, [normalise_axis(axis, rank, node) for axis in chosen])]


def _slice(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.computed(node, 0)
    ranges = _read_ranges(lower, node, value.shape)
    if not all(ranges.values()):
        sizes = (len(ranges.get(axis, range(size))) for axis, size in enumerate(value.shape))
        return [_make_empty(lower, value, tuple(sizes))]
    for axis, chosen in ranges.items():
        value = take_slice(lower.build, value, axis, chosen)
    return [value]


def _read_ranges(lower: Lowering, node: Node, shape: Shape) -> dict[int, range]:
    """The indices that are chosen of each axis that is sliced; attributes in older versions, inputs since."""
    starts, ends = (
        node.integers(name, ()) if name in node.attributes else lower.integers(node, index) or ()
        for index, name in ((1, "starts"), (2, "ends"))
    )
    axes = lower.integers(node, 3) or node.integers("axes", tuple(range(len(starts))))
    steps = lower.integers(node, 4) or (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise BadInput(f"{node.kind} '{node.name}': starts, ends, axes and steps do not fit one another")
    places = [normalise_axis(axis, len(shape), node) for axis in axes]
    return {
        axis: _clamp(shape[axis], start, end, step)
        for axis, start, end, step in zip(places, starts, ends, steps, strict=True)
    }


def _make_empty(lower: Lowering, value: GraphValue, shape: Shape) -> Const:
    """Nothing, in the type of a value: a constant, for a tensor of the graph has elements."""
    return Const(values=np.zeros(shape, lower.type_of(value).numpy))


def _clamp(size: int, start: int, end: int, step: int) -> range:
    """The indices of a slice: a negative bound counts from the end, and what is beyond an end stops there."""
    first, last = (bound + size if bound < 0 else bound for bound in (start, end))
    if step > 0:
        return range(min(max(first, 0), size), min(max(last, 0), size), step)
    return range(min(max(first, 0), size - 1), min(max(last, -1), size - 1), step)


def _split(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.computed(node, 0)
    axis = normalise_axis(node.integer("axis", 0), len(value.shape), node)
    count, whole = len(node.outputs), value.shape[axis]
    each = -(-whole // count)
    sizes = lower.integers(node, 1) or node.integers("split", (*(each,) * (count - 1), whole - each * (count - 1)))
    if len(sizes) != count:
        raise BadInput(f"{node.kind} '{node.name}': {len(sizes)} sizes for {count} outputs")
    parts = iter(split(lower.build, value, axis, [size for size in sizes if size]))
    empty = _make_empty(lower, value, (*value.shape[:axis], 0, *value.shape[axis + 1 :]))
    return [next(parts) if size else empty for size in sizes]


def _concat(lower: Lowering, node: Node) -> Sequence[Value]:
    values = [lower.value(node, index) for index in range(len(node.inputs))]
    filled = [value for value in values if math.prod(value.shape)]
    if len({lower.type_of(value) for value in filled}) != 1:
        raise refuse(node, "it joins values of different types")
    axis = normalise_axis(node.integer("axis", 1), len(filled[0].shape), node)
    if not any(isinstance(value, GraphValue) for value in filled):
        filled[0] = lower.materialise(filled[0])
    return [concatenate(lower.build, filled, axis)]


def _tile(lower: Lowering, node: Node) -> Sequence[Value]:
    value, counts = lower.computed(node, 0), lower.integers(node, 1) or ()
    if lower.opset() < _FIRST_TILE_OF_ALL_AXES:
        axis = (lower.integers(node, 2) or (0,))[0]
        counts = tuple(counts[0] if index == axis else 1 for index in range(len(value.shape)))
    if len(counts) != len(value.shape) or min(counts, default=1) < 1:
        raise BadInput(f"{node.kind} '{node.name}': {list(counts)} does not say how often each axis is repeated")
    return [tile(lower.build, value, counts)]


_FIRST_TILE_OF_ALL_AXES = 6


def _expand(lower: Lowering, node: Node) -> Sequence[Value]:
    return [broadcast(lower.build, lower.computed(node, 0), lower.integers(node, 1) or ())]


def _pad(lower: Lowering, node: Node) -> Sequence[Value]:
    value, given = lower.computed(node, 0), lower.integers(node, 1)
    rank, name = len(value.shape), node.text("mode", "constant")
    if name not in {mode.value for mode in PaddingMode}:
        raise refuse(node, f"mode {name} is not held; {', '.join(PaddingMode)} are")
    widths = (node.integers("pads", node.integers("paddings", ()))) if given is None else given
    chosen = lower.integers(node, 3) or tuple(range(rank))
    if len(widths) != 2 * len(chosen):
        raise BadInput(f"{node.kind} '{node.name}': pads {list(widths)} are not two numbers for each axis")
    filled = lower.constant(node, 2)
    level = node.number("value", 0.0) if filled is None or not filled.size else float(filled.reshape(-1)[0])
    pairs = [(0, 0)] * rank
    for index, axis in enumerate(chosen):
        pairs[normalise_axis(axis, rank, node)] = (widths[index], widths[index + len(chosen)])
    return [pad(lower.build, value, pairs, mode=PaddingMode(name), level=level)]


def _pad_to_center(lower: Lowering, node: Node) -> Sequence[Value]:
    """CenterCropPad: each axis cut or padded with zeros to a size, the odd element behind."""
    value, sizes = lower.computed(node, 0), lower.integers(node, 1) or ()
    rank = len(value.shape)
    pairs = [(0, 0)] * rank
    for axis, size in zip(node.integers("axes", tuple(range(rank))), sizes, strict=True):
        place = normalise_axis(axis, rank, node)
        less, more = abs(size - value.shape[place]) // 2, -(-abs(size - value.shape[place]) // 2)
        pairs[place] = (less, more) if size > value.shape[place] else (-less, -more)
    return [pad(lower.build, value, pairs)]


def _move_depth_to_space(lower: Lowering, node: Node) -> Sequence[Value]:
    channels_first = node.text("mode", "DCR") == "CRD"
    return [
        depth_to_space(
            lower.build, lower.computed(node, 0), node.integer("blocksize", 1), channels_first=channels_first
        )
    ]


def _move_space_to_depth(lower: Lowering, node: Node) -> Sequence[Value]:
    return [space_to_depth(lower.build, lower.computed(node, 0), node.integer("blocksize", 1), channels_first=False)]


def _read_shape(lower: Lowering, node: Node) -> Sequence[Value]:
    shape = np.array(lower.any_value(node, 0).shape, np.int64)
    rank = len(shape)
    start, end = (
        int(np.clip(bound + rank if bound < 0 else bound, 0, rank))
        for bound in (node.integer("start", 0), node.integer("end", rank))
    )
    return [Const(values=shape[start:end])]


def _count_elements(lower: Lowering, node: Node) -> Sequence[Value]:
    return [Const(values=np.array(math.prod(lower.any_value(node, 0).shape), np.int64))]


def _reverse_sequences(lower: Lowering, node: Node) -> Sequence[Value]:
    """ReverseSequence: the first elements of each row in the opposite order, as many as constant lengths say."""
    value, lengths = lower.computed(node, 0), lower.integers(node, 1) or ()
    rows, along = node.integer("batch_axis", 1), node.integer("time_axis", 0)
    build, parts = lower.build, []
    for row, length in enumerate(lengths):
        part = slice_axis(build, value, axis=rows, start=row, size=1)
        turned = reverse(build, slice_axis(build, part, axis=along, start=0, size=length), along)
        rest = value.shape[along] - length
        kept = [slice_axis(build, part, axis=along, start=length, size=rest)] if rest else []
        parts.append(concatenate(build, [turned, *kept], along))
    return [concatenate(build, parts, rows)]


def _compress(lower: Lowering, node: Node) -> Sequence[Value]:
    """The elements where a constant condition is true, along an axis or of the flat tensor."""
    value, condition = lower.computed(node, 0), lower.constant(node, 1)
    assert condition is not None
    if "axis" not in node.attributes:
        value = reshape(lower.build, value, (math.prod(value.shape),))
    axis = normalise_axis(node.integer("axis", 0), len(value.shape), node)
    return [take(lower.build, value, axis, np.flatnonzero(condition[: value.shape[axis]]).tolist())]


HANDLERS: Mapping[str, Handler] = {
    "Identity": _pass_through,
    "Dropout": _drop_out,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Transpose": _transpose,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Slice": _slice,
    "Split": _split,
    "Concat": _concat,
    "Tile": _tile,
    "Expand": _expand,
    "Pad": _pad,
    "CenterCropPad": _pad_to_center,
    "DepthToSpace": _move_depth_to_space,
    "SpaceToDepth": _move_space_to_depth,
    "ReverseSequence": _reverse_sequences,
    "Compress": _compress,
    "Shape": _read_shape,
    "Size": _count_elements,
}
