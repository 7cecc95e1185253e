"""Convolutions in the form that the array does best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chipsmith.tosa.graph import Array, DType, Graph, Operator
from chipsmith.tosa.passes.rewrite import ConstantData, Replacement, Site, rewrite

_DEPTHWISE = "DEPTHWISE_CONV2D"


def plain_convolutions(graph: Graph) -> Graph:
    """A depthwise convolution of one channel, or with a multiplier above 1, becomes a CONV2D.

    Its weights are zero, as their zero point counts it, where an output channel does not see an input channel.
    """
    return rewrite(graph, _as_convolution)


def single_channel_convolutions(graph: Graph) -> Graph:
    """A depthwise convolution of one channel becomes a CONV2D, which has the same weights."""
    return rewrite(graph, _of_single_channel)


def _of_single_channel(site: Site, op: Operator) -> Replacement | None:
    single = op.kind == _DEPTHWISE and site.shape(op.inputs[1])[2] == 1
    return _as_convolution(site, op) if single else None


def _as_convolution(site: Site, op: Operator) -> Replacement | None:
    if op.kind != _DEPTHWISE:
        return None
    weights, zero_point = site.graph.constant(op.inputs[1]), site.graph.constant(op.inputs[4])
    if weights is None or zero_point is None or (weights.shape[2] > 1 and weights.shape[3] == 1):
        return None
    name = site.fresh(f"{op.outputs[0]}/weight")
    dense = _spread_weights(weights, zero_point)
    return Replacement(
        operators=(replace(op, kind="CONV2D", inputs=(op.inputs[0], name, *op.inputs[2:])),),
        constants={name: ConstantData(dense, site.graph.tensor(op.inputs[1]).dtype)},
    )


def _spread_weights(weights: Array, zero_point: Array) -> Array:
    """Depthwise weights (KH, KW, C, M) as those of a CONV2D (C * M, KH, KW, C)."""
    height, width, channels, multiplier = weights.shape
    dense = np.full((channels, multiplier, height, width, channels), zero_point.reshape(-1)[0], weights.dtype)
    every = np.arange(channels)
    dense[every, :, :, :, every] = weights.transpose(2, 3, 0, 1)
    return dense.reshape(channels * multiplier, height, width, channels)


def merge_padding(graph: Graph) -> Graph:
    """A PAD of rows and columns with the value that a window's own padding has becomes part of that padding.

    The value is the input's zero point for a convolution and the type's least for MAX_POOL2D.
    """
    return rewrite(graph, _with_padding)


def _with_padding(site: Site, op: Operator) -> Replacement | None:
    pad = site.producer(op.inputs[0], "PAD") if op.kind in ("CONV2D", _DEPTHWISE, "MAX_POOL2D") else None
    if pad is None:
        return None
    widths, value = site.graph.constant(pad.inputs[1]), site.graph.constant(pad.inputs[2])
    if widths is None or value is None or value.reshape(-1)[0] != _neutral(site, op):
        return None
    before_and_after = tuple(int(width) for width in widths.reshape(-1))
    outside = (*before_and_after[:2], *before_and_after[6:])
    total = tuple(map(sum, zip(_integers(op, "pad"), before_and_after[2:6], strict=True)))
    if any(outside) or not _is_legal(op, total):
        return None
    merged = replace(op, inputs=(pad.inputs[0], *op.inputs[1:]), attributes={**op.attributes, "pad": total})
    return Replacement(operators=(merged,))


def _neutral(site: Site, op: Operator) -> int | None:
    """The value that padding of this operator has; None where it is not known."""
    if op.kind == "MAX_POOL2D":
        dtype = site.graph.tensor(op.inputs[0]).dtype
        return int(np.iinfo(dtype.numpy.name).min) if dtype in (DType.INT8, DType.INT16) else None
    zero_point = site.graph.constant(op.inputs[3])
    return None if zero_point is None else int(zero_point.reshape(-1)[0])


def _is_legal(op: Operator, pad: tuple[int, ...]) -> bool:
    """Padding of a pooling must be smaller than its kernel."""
    if op.kind != "MAX_POOL2D":
        return True
    height, width = _integers(op, "kernel")
    return max(pad[:2]) < height and max(pad[2:]) < width


def _integers(op: Operator, attribute: str) -> tuple[int, ...]:
    values = op.attributes[attribute]
    assert isinstance(values, tuple)
    return values
