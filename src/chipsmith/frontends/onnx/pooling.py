"""Poolings, and reductions along axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from chipsmith.frontends.onnx.convolution import Window, channels_last_axes, emit_convolution, read_window
from chipsmith.frontends.onnx.lowering import Handler, Lowering, normalise_axis, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.frontends.onnx.requantize import arrange, to_acc32
from chipsmith.frontends.onnx.values import (
    Acc32,
    AffineInt8,
    AnyGraphValue,
    GraphValue,
    Integers,
    QuantisedConst,
    Shape,
    Value,
)
from chipsmith.tosa.graph import AttributeValue, DType

_LARGEST_SUM = float(1 << 30)


def _average_pool(lower: Lowering, node: Node) -> Sequence[Value]:
    """A depthwise convolution with weights of one where all windows have one size: sums are exact, as is their mean."""
    image = lower.read_affine(node, 0)
    window = _read_pool_window(node, image)
    if node.integer("count_include_pad", 0) and window.pads != read_window(node, window.kernel, image.shape[2:]).pads:
        raise refuse(node, "a ceiling with padding that counts is not held")
    if any(sum(pad) for pad in window.pads) and not node.integer("count_include_pad", 0):
        return [_average_inside(lower, node, image, window)]
    taps = int(np.prod(window.kernel))
    channels = image.shape[1]
    ones = QuantisedConst(
        integers=np.ones((channels, 1, *window.kernel), np.int64),
        scale=np.array([1.0 / taps]),
        zero_point=np.zeros(1, np.int64),
        axis=0,
    )
    return [emit_convolution(lower, node, image, ones, window, channels, np.zeros(channels, np.int64))]


def _read_pool_window(node: Node, image: GraphValue) -> Window:
    kernel = node.integers("kernel_shape", ())
    window = read_window(node, kernel, image.shape[2:])
    if not node.integer("ceil_mode", 0):
        return window
    return replace(window, pads=_pad_to_ceiling(window, image.shape[2:]))


def _pad_to_ceiling(window: Window, sizes: Shape) -> tuple[tuple[int, int], ...]:
    """More padding at the end, so that a last window that begins inside of the input or its padding counts."""
    pads = []
    for size, kernel, stride, dilation, (before, after) in zip(
        sizes, window.kernel, window.strides, window.dilations, window.pads, strict=True
    ):
        span = size + before + after - (kernel - 1) * dilation - 1
        count = -(-span // stride)
        count -= count * stride >= size + before
        pads.append((before, after + max(count * stride - span, 0)))
    return tuple(pads)


def _average_inside(lower: Lowering, node: Node, image: AffineInt8, window: Window) -> AffineInt8:
    """AVG_POOL2D, which leaves padding out of the mean, at the input's own scale."""
    return _pool(lower, node, image, window, "AVG_POOL2D")


def _pool(lower: Lowering, node: Node, image: AnyGraphValue, window: Window, kind: str) -> AnyGraphValue:
    if len(image.shape) not in (3, 4) or max(window.dilations) > 1:
        raise refuse(node, f"rank {len(image.shape)} with dilations {list(window.dilations)}; one or two axes are held")
    build = lower.build
    source = arrange(build, image, channels_last_axes(len(image.shape)))
    flat = build.tensor(source.tensor).shape
    batch, channels = flat[0], flat[-1]
    missing = 2 - len(window.kernel)
    tensor = build.reshape(source.tensor, (batch, *(1,) * missing, *flat[1:-1], channels))
    kernel, strides = ((*(1,) * missing, *values) for values in (window.kernel, window.strides))
    pads = [*((0, 0),) * missing, *window.pads]
    shape = build.tensor(tensor).shape
    pads, kept = _trim(shape[1:-1], kernel, strides, pads)
    tensor = build.slice(tensor, (0,) * 4, (batch, *kept, channels))
    sizes = tuple(
        (size + sum(pad) - taps) // stride + 1
        for size, pad, taps, stride in zip(kept, pads, kernel, strides, strict=True)
    )
    attributes: dict[str, AttributeValue] = {
        "kernel": kernel,
        "stride": strides,
        "pad": tuple(width for pair in pads for width in pair),
    }
    operands: tuple[str, ...] = (tensor,)
    if kind == "AVG_POOL2D":
        assert isinstance(image, AffineInt8)
        zero_point = build.constant([image.zero_point], DType.INT8)
        operands, attributes["acc_type"] = (tensor, zero_point, zero_point), "INT32"
    else:
        attributes["nan_mode"] = "PROPAGATE"
    pooled = build.emit(kind, operands, (batch, *sizes, channels), DType.INT8, attributes)
    final = (batch, *sizes[missing:], channels)
    return replace(source, tensor=build.reshape(pooled, final), shape=(final[0], final[-1], *final[1:-1]))


def _trim(
    sizes: Sequence[int], kernel: Shape, strides: Shape, pads: list[tuple[int, int]]
) -> tuple[list[tuple[int, int]], list[int]]:
    """Padding and sizes without what no window reaches, as TOSA asks."""
    exact, kept = [], []
    for size, taps, stride, (before, after) in zip(sizes, kernel, strides, pads, strict=True):
        surplus = (size + before + after - taps) % stride
        exact.append((before, max(after - surplus, 0)))
        kept.append(size - max(surplus - after, 0))
    return exact, kept


def _max_pool(lower: Lowering, node: Node) -> Sequence[Value]:
    if len([name for name in node.outputs if name]) > 1:
        raise refuse(node, "the positions of maxima are not held")
    value = lower.settle(node, 0)
    image = value if isinstance(value, Integers) else lower.read_affine(node, 0)
    return [_pool(lower, node, image, _read_pool_window(node, image), "MAX_POOL2D")]


def _average_globally(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.read_computed(node, 0)
    return [_sum_along(lower, value, tuple(range(2, len(value.shape))), mean=True)]


def _max_globally(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.read_affine(node, 0)
    return [_reduce_extreme(lower, value, tuple(range(2, len(value.shape))), "REDUCE_MAX")]


def _reduce(lower: Lowering, node: Node) -> Sequence[Value]:
    axes = _read_axes(lower, node, len(lower.read_computed(node, 0).shape))
    if node.kind in ("ReduceMax", "ReduceMin"):
        result: AffineInt8 | Acc32 = _reduce_extreme(
            lower, lower.read_affine(node, 0), axes, f"REDUCE_{node.kind[6:].upper()}"
        )
    else:
        result = _sum_along(lower, lower.read_computed(node, 0), axes, mean=node.kind == "ReduceMean")
    return [result if node.integer("keepdims", 1) else drop_axes(lower, result, axes)]


def _read_axes(lower: Lowering, node: Node, rank: int) -> Shape:
    """Axes are an attribute in older versions and an input since; none are all, or none at all where a node says so."""
    given = lower.integers(node, 1)
    chosen = node.integers("axes", ()) if given is None else given
    if not chosen and node.integer("noop_with_empty_axes", 0):
        return ()
    return tuple(sorted({normalise_axis(axis, rank, node) for axis in chosen})) if chosen else tuple(range(rank))


def _sum_along(lower: Lowering, value: AffineInt8 | Acc32 | Value, axes: Shape, *, mean: bool) -> Acc32:
    """Sums in int32, exact; a mean is the same integers at a smaller scale."""
    assert not isinstance(value, Integers)
    wide = to_acc32(lower.build, value)  # type: ignore[arg-type]
    count = float(np.prod([wide.shape[axis] for axis in axes]))
    wide = _make_room(lower, wide, count)
    tensor = _reduce_along(lower, "REDUCE_SUM", wide, axes)
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(wide.shape))
    scale = wide.scale / count if mean else wide.scale
    return replace(wide, tensor=tensor, shape=shape, scale=scale, bound=wide.bound * count)


def _make_room(lower: Lowering, wide: Acc32, count: float) -> Acc32:
    """The value in coarser steps where a sum of so many would not fit int32."""
    surplus = wide.bound[0] * count / _LARGEST_SUM
    if surplus <= 1:
        return wide
    factor = 2.0 ** np.ceil(np.log2(surplus))
    tensor = lower.build.rescale(wide.tensor, DType.INT32, np.array([1 / factor]))
    return replace(wide, tensor=tensor, scale=wide.scale * factor, bound=np.ceil(wide.bound / factor))


def _reduce_along(lower: Lowering, kind: str, value: GraphValue, axes: Shape) -> str:
    tensor = value.tensor
    for axis in axes:
        tensor = lower.build.reduce(kind, tensor, value.axes.index(axis))
    return tensor


def _reduce_extreme(lower: Lowering, value: AffineInt8, axes: Shape, kind: str) -> AffineInt8:
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(value.shape))
    return replace(value, tensor=_reduce_along(lower, kind, value, axes), shape=shape)


def drop_axes(lower: Lowering, value: AnyGraphValue, dropped: Shape) -> AnyGraphValue:
    """The value without these axes, each of which has size 1."""
    kept = [axis for axis in range(len(value.shape)) if axis not in dropped]
    axes = tuple(kept.index(axis) for axis in value.axes if axis in kept)
    shape = tuple(value.shape[axis] for axis in kept)
    tensor = lower.build.reshape(value.tensor, tuple(shape[axis] for axis in axes))
    return replace(value, tensor=tensor, shape=shape, axes=axes)


def _lower_argmax(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.read_affine(node, 0)
    axis = normalise_axis(node.integer("axis", 0), len(value.shape), node)
    if node.integer("select_last_index", 0):
        raise refuse(node, "select_last_index is not held")
    position = value.axes.index(axis)
    graph_shape = tuple(size for index, size in enumerate(value.graph_shape) if index != position)
    attributes: dict[str, AttributeValue] = {"axis": position, "nan_mode": "PROPAGATE"}
    tensor = lower.build.emit("ARGMAX", (value.tensor,), graph_shape, DType.INT32, attributes)
    kept = [index for index in range(len(value.shape)) if index != axis]
    axes = tuple(kept.index(index) for index in value.axes if index != axis)
    result = Integers(tensor=tensor, shape=tuple(value.shape[index] for index in kept), axes=axes)
    if not node.integer("keepdims", 1):
        return [result]
    plain = arrange(lower.build, result, tuple(range(len(kept))))
    shape = (*plain.shape[:axis], 1, *plain.shape[axis:])
    tensor = lower.build.reshape(plain.tensor, shape)
    return [replace(plain, tensor=tensor, shape=shape, axes=tuple(range(len(shape))))]


HANDLERS: Mapping[str, Handler] = {
    "AveragePool": _average_pool,
    "MaxPool": _max_pool,
    "GlobalAveragePool": _average_globally,
    "GlobalMaxPool": _max_globally,
    **dict.fromkeys(("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin"), _reduce),
    "ArgMax": _lower_argmax,
}
