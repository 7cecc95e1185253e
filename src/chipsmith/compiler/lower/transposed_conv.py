"""Transposed convolutions of large strides: one convolution computes all outputs between two inputs as channels.

Along an axis an output o stands at o - pad = q * stride + r and meets the taps r, r + stride, ... of the inputs q,
q - 1, ...: a window of stride 1 whose output channels are the pairs of r and a channel. Outputs with r beyond the
kernel meet no tap: what the bias alone makes of them is written first, everywhere. So the number of instructions does
not grow with the stride.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from chipsmith.compiler.lower.context import Sketch
from chipsmith.compiler.lower.conv_geometry import Geometry
from chipsmith.compiler.lower.kernel import Step
from chipsmith.compiler.lower.tensor import Drained, lower_convolution
from chipsmith.compiler.lower.vector import lower_copy
from chipsmith.compiler.lower.view import View
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import ChannelRecord
from chipsmith.tosa.graph import Array, DType

Stage: TypeAlias = tuple[str, tuple[Step, ...]]
"""The engine ("tensor" or "vector") and the instructions of a kernel."""
_MOST_CHANNELS = 1 << 15
_SHARE = 16
"""The results of a pixel, with their weights and records, take at most this part of the on-chip memory."""
_RECORD_BYTES = 9


@dataclass(frozen=True, kw_only=True)
class _Axis:
    """An axis of a transposed convolution; `taps` of the window of stride 1, each of which stands for `reach` taps."""

    outputs: int
    stride: int
    kernel: int
    pad: int

    @property
    def taps(self) -> int:
        return ceil_div(self.kernel, self.stride)

    @property
    def reach(self) -> int:
        return min(self.stride, self.kernel)

    def spans(self) -> list[_Span]:
        """Outputs that meet a tap, in runs of q with the same remainders: at most three."""
        first, last = -self.pad // self.stride, (self.outputs - 1 - self.pad) // self.stride
        spans = []
        for (low, high), run in itertools.groupby(range(first, last + 1), key=self._remainders):
            members = list(run)
            if low < high:
                spans.append(_Span(axis=self, q=members[0], count=len(members), low=low, high=high))
        return spans

    def _remainders(self, q: int) -> tuple[int, int]:
        start = -self.pad - q * self.stride
        return max(0, start), min(self.reach, start + self.outputs)


@dataclass(frozen=True, kw_only=True)
class _Span:
    """Outputs q * stride + r of an axis for `count` values of q from `q` on, and r from `low` to `high`."""

    axis: _Axis
    q: int
    count: int
    low: int
    high: int

    @property
    def size(self) -> int:
        return self.high - self.low

    @property
    def pad(self) -> int:
        """Pixels before the input of the window of stride 1."""
        return self.axis.taps - 1 - self.q

    def pieces(self, most: int) -> Iterator[_Span]:
        """The span in parts of at most so many remainders."""
        for low in range(self.low, self.high, most):
            yield replace(self, low=low, high=min(low + most, self.high))

    def split(self, view: View, at: int) -> View:
        """These outputs of an axis of a view, as two axes: q and r."""
        step = view.strides[at]
        offset = view.offset + (self.q * self.axis.stride + self.low + self.axis.pad) * step
        shape = (*view.shape[:at], self.count, self.size, *view.shape[at + 1 :])
        strides = (*view.strides[:at], step * self.axis.stride, step, *view.strides[at + 1 :])
        return replace(view, offset=offset, shape=shape, strides=strides)


def subpixel_stages(whole: Geometry, drained: Drained, sketch: Sketch) -> Iterator[Stage]:
    """The stages of a transposed convolution without a residual, whose Geometry has its own stride and padding."""
    y, x = (
        _Axis(
            outputs=whole.output.shape[1 + at],
            stride=whole.stride[at],
            kernel=whole.kernel[at],
            pad=whole.pad[at],
        )
        for at in (1, 2)
    )
    covered = math.prod(sum(span.count * span.size for span in axis.spans()) for axis in (y, x))
    if covered < y.outputs * x.outputs:
        empty = replace(whole, weights=replace(whole.weights, shape=(0,) * 5), stride=(1, 1, 1), pad=(0, 0, 0))
        yield _convolved(empty, drained, sketch)
    channels = whole.output.shape[-1]
    bytes_each = whole.output.dtype.size_bytes + y.taps * x.taps * whole.weights.shape[4] + _RECORD_BYTES
    most = min(_MOST_CHANNELS, sketch.chip.memory_bytes // (_SHARE * bytes_each))
    for row, column in itertools.product(y.spans(), x.spans()):
        for right in column.pieces(max(most // channels, 1)):
            for down in row.pieces(max(most // (channels * right.size), 1)):
                yield from _part(whole, down, right, drained, sketch)


def _part(whole: Geometry, y: _Span, x: _Span, drained: Drained, sketch: Sketch) -> Iterator[Stage]:
    """The outputs of a span of rows and one of columns: a convolution, and a copy where it cannot write in place."""
    images, _, _, _, channels = whole.output.shape
    together = y.size * x.size * channels
    target = x.split(y.split(whole.output, 2), 4).transpose((0, 1, 2, 4, 3, 5, 6))
    output = _joined(target)
    beside = output is None
    if output is None:
        output = sketch.scratch((images, 1, y.count, x.count, together), whole.output.dtype)
    weights = yield from _weights(whole, y, x, drained.template.w_zero_point, sketch)
    name = f"{drained.name}.y{y.q}.{y.low}x{x.q}.{x.low}"
    records, bias = np.tile(drained.records, y.size * x.size), drained.bias
    if bias is not None and drained.parameters is not ChannelRecord.NONE:
        spread = sketch.scratch((y.size * x.size, channels), DType.INT32)
        yield "vector", lower_copy(bias.insert(0), spread, sketch.chip)
        bias = spread
    part = replace(whole, weights=weights, output=output, stride=(1, 1, 1), pad=(0, y.pad, x.pad)).clipped()
    yield _convolved(part, replace(drained, name=name, records=records, bias=bias), sketch)
    if beside:
        computed = output.reshape(target.shape)
        if computed is None:
            raise ValueError("a dense tensor takes any shape")
        yield "vector", lower_copy(computed, target, sketch.chip)


def _joined(target: View) -> View | None:
    """[N, D, QY, QX, RY, RX, C] as [N, D, QY, QX, RY * RX * C], where the last three stand in one dense run."""
    size = target.dtype.size_bytes
    dense = size
    for count, stride in zip(target.shape[:3:-1], target.strides[:3:-1], strict=True):
        if count > 1 and stride != dense:
            return None
        dense *= count
    return replace(target, shape=(*target.shape[:4], math.prod(target.shape[4:])), strides=(*target.strides[:4], size))


def _convolved(geometry: Geometry, drained: Drained, sketch: Sketch) -> Stage:
    lowered = lower_convolution([geometry], drained, sketch.buffers, sketch.chip)
    sketch.buffers.update({one.name: one for one in lowered.buffers})
    return "tensor", lowered.steps


# --- weights ---------------------------------------------------------------------------------------------------------


def _weights(whole: Geometry, y: _Span, x: _Span, zero_point: int, sketch: Sketch) -> Generator[Stage, None, View]:
    """The weights [RY * RX * OC, 1, TY, TX, IC] of the window of stride 1: a constant, or copies of computed ones."""
    channels, _, _, _, inputs = whole.weights.shape
    shape = (y.size, x.size, channels, y.axis.taps, x.axis.taps, inputs)
    data = sketch.buffers[whole.weights.buffer].data
    if data is not None:
        made = sketch.constant(_turned(whole.weights.read(data), y, x, zero_point))
    else:
        made = sketch.scratch(shape, DType.INT8)
        yield from _copied(whole.weights, y, x, zero_point, made, sketch)
    joined = made.reshape((y.size * x.size * channels, 1, *shape[3:]))
    if joined is None:
        raise ValueError("a dense tensor takes any shape")
    return joined


def _turned(weights: Array, y: _Span, x: _Span, zero_point: int) -> Array:
    """[OC, 1, KY, KX, IC] as [RY, RX, OC, TY, TX, IC]; beyond the kernel stands the zero point, which counts as 0."""
    after = [one.taps * one.reach - one.kernel for one in (y.axis, x.axis)]
    padded = np.pad(weights[:, 0], ((0, 0), (0, after[0]), (0, after[1]), (0, 0)), constant_values=np.int8(zero_point))
    channels, inputs = weights.shape[0], weights.shape[4]
    split = padded.reshape(channels, y.axis.taps, y.axis.reach, x.axis.taps, x.axis.reach, inputs)
    turned = split[:, ::-1, y.low : y.high, ::-1, x.low : x.high]
    return np.ascontiguousarray(turned.transpose(2, 4, 0, 1, 3, 5))


def _copied(weights: View, y: _Span, x: _Span, zero_point: int, made: View, sketch: Sketch) -> Iterator[Stage]:
    """Computed weights in the same order: the zero point everywhere, then the taps that there are."""
    zero = sketch.constant(np.full((1,) * 6, zero_point, np.int8))
    yield "vector", lower_copy(zero, made, sketch.chip)
    steps: list[Step] = []
    for down, right in itertools.product(_taps(y), _taps(x)):
        source = right.of(down.of(weights, 2), 4)
        target = right.to(down.to(made, 0, 3), 1, 4)
        # [OC, 1, TY, RY, TX, RX, IC] in the target's order.
        steps += lower_copy(source.transpose((3, 5, 0, 2, 4, 6, 1)), target.insert(6), sketch.chip)
    yield "vector", tuple(steps)


@dataclass(frozen=True, kw_only=True)
class _Taps:
    """Taps j * reach + r of an axis for j from `first` on, so many, and r from the span's `low` to `high`."""

    span: _Span
    first: int
    count: int
    high: int

    def of(self, view: View, at: int) -> View:
        """These taps of an axis of the weights as two axes: j backwards, r."""
        step, reach = view.strides[at], self.span.axis.reach
        last = (self.first + self.count - 1) * reach + self.span.low
        shape = (*view.shape[:at], self.count, self.high - self.span.low, *view.shape[at + 1 :])
        strides = (*view.strides[:at], -reach * step, step, *view.strides[at + 1 :])
        return replace(view, offset=view.offset + last * step, shape=shape, strides=strides)

    def to(self, view: View, remainders: int, window: int) -> View:
        """Where they stand in the window's weights, whose taps are turned."""
        first = self.span.axis.taps - self.first - self.count
        placed = view.every(remainders, first=0, count=self.high - self.span.low)
        return placed.every(window, first=first, count=self.count)


def _taps(span: _Span) -> Iterator[_Taps]:
    """The taps of a span's remainders: the whole groups, and the last one where the kernel ends within it."""
    whole, rest = divmod(span.axis.kernel, span.axis.reach)
    if whole:
        yield _Taps(span=span, first=0, count=whole, high=span.high)
    if rest > span.low:
        yield _Taps(span=span, first=whole, count=1, high=min(rest, span.high))
