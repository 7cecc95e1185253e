"""Operators that move values and change none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.concat_split import join
from chipsmith.frontends.onnx.lowering import Handler, Lowering, normalise_axis, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.frontends.onnx.pooling import drop_axes
from chipsmith.frontends.onnx.requantize import extend_rank, make_movable, reshape, restore_order, to_acc32
from chipsmith.frontends.onnx.values import (
    Acc32,
    AffineInt8,
    Const,
    Integers,
    Lut,
    PendingInput,
    QuantisedConst,
    Shape,
    Value,
    dequantize_const,
    permute,
)
from chipsmith.tosa.graph import DType


def _read_movable(lower: Lowering, node: Node, index: int = 0) -> Integers | AffineInt8 | Lut | Acc32:
    """An input whose elements can be moved."""
    value = lower.settle(node, index)
    if isinstance(value, Const | QuantisedConst | PendingInput):
        raise refuse(node, f"input {index} must be an activation")
    return make_movable(lower.build, value)


def _pass_through(lower: Lowering, node: Node) -> Sequence[Value]:
    return [lower.value(node, 0)]


def _cast(lower: Lowering, node: Node) -> Sequence[Value]:
    """Between floating-point types a value stays; integers stay what they are."""
    value, target = lower.settle(node, 0), node.integer("to", 1)
    floats, integers = (1, 10, 11, 16), (6, 7)
    if (isinstance(value, Integers) and not value.offset and target in integers) or (
        isinstance(value, AffineInt8 | Lut | Acc32) and target in floats
    ):
        return [value]
    raise refuse(node, f"a cast of what is computed to type {target} is not held")


def _reshape(lower: Lowering, node: Node) -> Sequence[Value]:
    value, asked = _read_movable(lower, node), lower.integers(node, 1)
    sizes = list(node.integers("shape", ()) if asked is None else asked)
    if not node.integer("allowzero", 0):
        sizes = [value.shape[axis] if size == 0 else size for axis, size in enumerate(sizes)]
    known = math.prod(size for size in sizes if size != -1)
    shape = tuple(math.prod(value.shape) // max(known, 1) if size == -1 else size for size in sizes)
    return [_reshape_to(lower, node, value, shape)]


def _reshape_to(lower: Lowering, node: Node, value: Any, shape: Shape) -> Value:
    if math.prod(shape) != math.prod(value.shape) or min(shape, default=1) < 1:
        raise BadInput(f"{node.kind} '{node.name}': {list(value.shape)} cannot take the shape {list(shape)}")
    result: Value = reshape(lower.build, value, shape)
    return result


def _flatten(lower: Lowering, node: Node) -> Sequence[Value]:
    value = _read_movable(lower, node)
    axis = node.integer("axis", 1)
    axis = axis + len(value.shape) if axis < 0 else axis
    return [_reshape_to(lower, node, value, (math.prod(value.shape[:axis]), math.prod(value.shape[axis:])))]


def _transpose(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.settle(node, 0)
    if isinstance(value, QuantisedConst):
        perm = _read_perm(node, len(value.shape))
        return [replace(value, integers=value.integers.transpose(perm), axis=perm.index(value.axis))]
    value = _read_movable(lower, node)
    return [permute(value, _read_perm(node, len(value.shape)))]


def _read_perm(node: Node, rank: int) -> Shape:
    perm = node.integers("perm", tuple(reversed(range(rank))))
    if sorted(perm) != list(range(rank)):
        raise BadInput(f"{node.kind} '{node.name}': perm {list(perm)} is no order of {rank} axes")
    return perm


def _squeeze(lower: Lowering, node: Node) -> Sequence[Value]:
    value, given = _read_movable(lower, node), lower.integers(node, 1)
    rank = len(value.shape)
    chosen = node.integers("axes", ()) if given is None else given
    axes = tuple(normalise_axis(axis, rank, node) for axis in chosen)
    axes = axes or tuple(axis for axis in range(rank) if value.shape[axis] == 1)
    if any(value.shape[axis] != 1 for axis in axes):
        raise BadInput(f"{node.kind} '{node.name}': axes {list(axes)} of {list(value.shape)} do not have size 1")
    return [drop_axes(lower, value, axes)]


def _unsqueeze(lower: Lowering, node: Node) -> Sequence[Value]:
    value, given = _read_movable(lower, node), lower.integers(node, 1)
    chosen = node.integers("axes", ()) if given is None else given
    rank = len(value.shape) + len(chosen)
    added = {normalise_axis(axis, rank, node) for axis in chosen}
    old = iter(value.shape)
    shape = tuple(1 if axis in added else next(old) for axis in range(rank))
    kept = [axis for axis in range(rank) if axis not in added]
    if value.natural:
        return [replace(value, tensor=lower.build.reshape(value.tensor, shape), shape=shape, axes=tuple(range(rank)))]
    axes = (*sorted(added), *(kept[axis] for axis in value.axes))
    tensor = lower.build.reshape(value.tensor, tuple(shape[axis] for axis in axes))
    return [replace(value, tensor=tensor, shape=shape, axes=axes)]


def _slice_block(lower: Lowering, value: Any, start: Sequence[int], size: Sequence[int]) -> Any:
    """A block of a value, in ONNX's order of axes."""
    held_start, held_size = ([numbers[axis] for axis in value.axes] for numbers in (start, size))
    tensor = lower.build.slice(value.tensor, held_start, held_size)
    return replace(value, tensor=tensor, shape=tuple(size))


def _slice(lower: Lowering, node: Node) -> Sequence[Value]:
    value = _read_movable(lower, node)
    starts, ends = (
        lower.integers(node, index) or node.integers(name, ()) for index, name in ((1, "starts"), (2, "ends"))
    )
    axes = lower.integers(node, 3) or node.integers("axes", tuple(range(len(starts))))
    steps = lower.integers(node, 4) or (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise BadInput(f"{node.kind} '{node.name}': starts, ends, axes and steps do not fit one another")
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        value = _slice_axis(lower, node, value, normalise_axis(axis, len(value.shape), node), slice(start, end, step))
    return [value]


def _slice_axis(lower: Lowering, node: Node, value: Any, axis: int, part: slice) -> Any:
    chosen = range(*part.indices(value.shape[axis]))
    if part.step < 0:  # indices() reads an end of -1 as the last element; ONNX's ends are clamped before
        chosen = range(value.shape[axis])[
            part.start : None if part.stop < -value.shape[axis] else part.stop : part.step
        ]
    if not len(chosen):
        raise BadInput(f"{node.kind} '{node.name}': nothing is left of axis {axis}")
    return _choose(lower, value, axis, chosen)


def _choose(lower: Lowering, value: Any, axis: int, chosen: range) -> Any:
    """The elements at start, start + step and so on: a block, reversed or thinned out where the step says so."""
    first, last = min(chosen[0], chosen[-1]), max(chosen[0], chosen[-1])
    block = _slice_block(lower, value, *_bound_block(value.shape, axis, first, last - first + 1))
    if chosen.step < 0:
        position = block.axes.index(axis)
        before = lower.build.tensor(block.tensor)
        reversed_ = lower.build.emit("REVERSE", (block.tensor,), before.shape, before.dtype, {"axis": position})
        block = replace(block, tensor=reversed_)
    step = abs(chosen.step)
    return block if step == 1 or len(chosen) == 1 else _take_every(lower, block, axis, step, len(chosen))


def _bound_block(shape: Shape, axis: int, start: int, size: int) -> tuple[list[int], list[int]]:
    starts, sizes = [0] * len(shape), list(shape)
    starts[axis], sizes[axis] = start, size
    return starts, sizes


def _take_every(lower: Lowering, value: Any, axis: int, step: int, count: int) -> Any:
    """Every step-th element: the axis as (count, step), of which the first column stays."""
    build, position = lower.build, value.axes.index(axis)
    shape = value.graph_shape
    widths = [(0, count * step - size if index == position else 0) for index, size in enumerate(shape)]
    full = build.pad(value.tensor, widths, 0) if any(high for _, high in widths) else value.tensor
    front, back = shape[:position], shape[position + 1 :]
    grid = build.reshape(full, (math.prod(front), count, step, math.prod(back)))
    column = build.slice(grid, (0, 0, 0, 0), (math.prod(front), count, 1, math.prod(back)))
    tensor = build.reshape(column, (*front, count, *back))
    return replace(
        value, tensor=tensor, shape=tuple(count if index == axis else size for index, size in enumerate(value.shape))
    )


def _split(lower: Lowering, node: Node) -> Sequence[Value]:
    value = _read_movable(lower, node)
    axis = normalise_axis(node.integer("axis", 0), len(value.shape), node)
    count, whole = len(node.outputs), value.shape[axis]
    each = -(-whole // count)
    sizes = lower.integers(node, 1) or node.integers("split", (*(each,) * (count - 1), whole - each * (count - 1)))
    if sum(sizes) != whole or min(sizes) < 1 or len(sizes) != count:
        raise BadInput(f"{node.kind} '{node.name}': {list(sizes)} do not make up axis {axis} of size {whole}")
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    return [
        _slice_block(lower, value, *_bound_block(value.shape, axis, start, size))
        for start, size in zip(starts, sizes, strict=True)
    ]


def _gather(lower: Lowering, node: Node) -> Sequence[Value]:
    source, indices = lower.settle(node, 0), lower.value(node, 1)
    axis = normalise_axis(node.integer("axis", 0), len(source.shape), node)
    if isinstance(indices, Integers):
        return [_gather_rows(lower, node, source, indices, axis)]
    if not isinstance(indices, Const):
        raise refuse(node, "its indices must be integers")
    value = _read_movable(lower, node)
    whole = value.shape[axis]
    flat = [int(index) + whole if index < 0 else int(index) for index in indices.values.reshape(-1)]
    if not flat or min(flat) < 0 or max(flat) >= whole:
        raise BadInput(f"{node.kind} '{node.name}': indices outside of axis {axis} of size {whole}")
    step = flat[1] - flat[0] if len(flat) > 1 else 1
    regular = range(flat[0], flat[0] + step * len(flat), step) if step else None
    if regular is None or list(regular) != flat:
        parts = [_choose(lower, value, axis, range(index, index + 1)) for index in flat]
        taken = join(lower, node, parts, axis)
    else:
        taken = _choose(lower, value, axis, regular)
    if indices.values.ndim == 0:
        return [drop_axes(lower, taken, (axis,))]
    shape = (*value.shape[:axis], *indices.shape, *value.shape[axis + 1 :])
    return [taken if indices.values.ndim == 1 else _reshape_to(lower, node, taken, shape)]


def _gather_rows(lower: Lowering, node: Node, source: Value, indices: Integers, axis: int) -> Value:
    """GATHER of the rows of a table by computed indices."""
    build = lower.build
    if axis != 0 or indices.offset or build.tensor(indices.tensor).dtype is not DType.INT32:
        raise refuse(node, "computed indices are held along axis 0 alone, as int32 or int64")
    table = _read_table(lower, node, source)
    rows, columns = table.shape[0], math.prod(table.shape[1:])
    values = build.reshape(restore_order(build, table).tensor, (1, rows, columns))
    count = math.prod(indices.shape)
    flat = build.reshape(restore_order(build, indices).tensor, (1, count))
    tensor = build.emit("GATHER", (values, flat), (1, count, columns), DType.INT8)
    shape = (*indices.shape, *table.shape[1:])
    axes = tuple(range(len(shape)))
    return replace(table, tensor=build.reshape(tensor, shape), shape=shape, axes=axes)


def _read_table(lower: Lowering, node: Node, source: Value) -> AffineInt8:
    """The table as int8: a constant keeps its integers, or takes the scale of the QuantizeLinear behind."""
    if isinstance(source, AffineInt8):
        return source
    if isinstance(source, QuantisedConst) and source.scale.size == 1:
        shift = 128 if source.integers.max(initial=0) > 127 else 0
        tensor = lower.build.constant(source.integers - shift, DType.INT8)
        scale, zero_point = float(source.scale[0]), int(source.zero_point[0]) - shift
    else:
        parameters = lower.find_following(node)
        if not isinstance(source, Const | QuantisedConst) or parameters is None:
            raise refuse(node, "its table must be a constant that is quantised, or followed by a QuantizeLinear")
        steps = np.rint(np.asarray(dequantize_const(source), np.float64) / parameters.scale) + parameters.zero_point
        tensor = lower.build.constant(np.clip(steps, -128, 127), DType.INT8)
        scale, zero_point = parameters.scale, parameters.zero_point
    axes = tuple(range(len(source.shape)))
    return AffineInt8(tensor=tensor, shape=source.shape, axes=axes, scale=scale, zero_point=zero_point)


def _pad(lower: Lowering, node: Node) -> Sequence[Value]:
    value = _read_movable(lower, node)
    if node.text("mode", "constant") != "constant":
        raise refuse(node, f"mode {node.text('mode', '')} is not held; constant is")
    given, rank = lower.integers(node, 1), len(value.shape)
    widths = np.array(node.integers("pads", ()) if given is None else given)
    chosen = lower.integers(node, 3) or tuple(range(rank))
    if widths.size != 2 * len(chosen) or widths.min(initial=0) < 0:
        raise refuse(node, f"pads {widths.tolist()} must be two numbers of 0 or more for each axis")
    filled = lower.constant(node, 2)
    level = node.number("value", 0.0) if filled is None else float(filled.reshape(-1)[0])
    pairs = [(0, 0)] * rank
    for index, axis in enumerate(chosen):
        pairs[normalise_axis(axis, rank, node)] = (int(widths[index]), int(widths[index + len(chosen)]))
    return [_pad_value(lower, value, pairs, level)]


def _pad_value(lower: Lowering, value: Any, pairs: list[tuple[int, int]], level: float) -> Value:
    build = lower.build
    if isinstance(value, Lut | Acc32):
        value = to_acc32(build, value)
        stored = round(level / float(value.scale[0]))
        value = replace(value, bound=np.maximum(value.bound, abs(stored)))
    elif isinstance(value, AffineInt8):
        stored = int(np.clip(np.rint(level / value.scale) + value.zero_point, -128, 127))
    else:
        stored = int(level) - value.offset
    tensor = build.pad(value.tensor, [pairs[axis] for axis in value.axes], stored)
    shape = tuple(size + sum(pair) for size, pair in zip(value.shape, pairs, strict=True))
    result: Value = replace(value, tensor=tensor, shape=shape)
    return result


def _expand(lower: Lowering, node: Node) -> Sequence[Value]:
    value, asked = _read_movable(lower, node), lower.integers(node, 1)
    assert asked is not None
    if node.kind == "Tile":
        shape = tuple(size * count for size, count in zip(value.shape, asked, strict=True))
    else:
        shape = tuple(np.broadcast_shapes(value.shape, asked))
    wider = extend_rank(lower.build, value, len(shape))
    multiples = tuple(shape[axis] // wider.shape[axis] for axis in wider.axes)
    if max(multiples, default=1) == 1:
        return [wider]
    operands = (wider.tensor, lower.build.shape_constant(multiples))
    graph_shape = tuple(shape[axis] for axis in wider.axes)
    tensor = lower.build.emit("TILE", operands, graph_shape, lower.build.tensor(wider.tensor).dtype)
    return [replace(wider, tensor=tensor, shape=shape)]


def _move_depth_to_space(lower: Lowering, node: Node) -> Sequence[Value]:
    """Channels to blocks of pixels, in the order DCR or CRD."""
    value, block = restore_order(lower.build, _read_movable(lower, node)), node.integer("blocksize", 1)
    batch, channels, height, width = value.shape
    inner = channels // block**2
    if node.text("mode", "DCR") == "DCR":
        split, perm = (batch, block, block, inner, height, width), (0, 3, 4, 1, 5, 2)
    else:
        split, perm = (batch, inner, block, block, height, width), (0, 1, 4, 2, 5, 3)
    parts = permute(reshape(lower.build, value, split), perm)
    return [reshape(lower.build, parts, (batch, inner, height * block, width * block))]


def _move_space_to_depth(lower: Lowering, node: Node) -> Sequence[Value]:
    value, block = restore_order(lower.build, _read_movable(lower, node)), node.integer("blocksize", 1)
    batch, channels, height, width = value.shape
    split = (batch, channels, height // block, block, width // block, block)
    parts = permute(reshape(lower.build, value, split), (0, 3, 5, 1, 2, 4))
    return [reshape(lower.build, parts, (batch, channels * block**2, height // block, width // block))]


def _read_shape(lower: Lowering, node: Node) -> Sequence[Value]:
    shape = np.array(lower.value(node, 0).shape, np.int64)
    return [Const(values=shape[node.integer("start", 0) : node.integer("end", len(shape))])]


HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(("Identity", "Dropout"), _pass_through),
    "Cast": _cast,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Transpose": _transpose,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Slice": _slice,
    "Split": _split,
    "Gather": _gather,
    "Pad": _pad,
    **dict.fromkeys(("Expand", "Tile"), _expand),
    "DepthToSpace": _move_depth_to_space,
    "SpaceToDepth": _move_space_to_depth,
    "Shape": _read_shape,
}
