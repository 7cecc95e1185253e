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

from chipsmith.compiler.fuse.memo import Memo
from chipsmith.compiler.lower.context import LoweringContext
from chipsmith.compiler.lower.conv_geometry import Geometry
from chipsmith.compiler.lower.kernel import UnplacedInstruction
from chipsmith.compiler.lower.tensor import Epilogue, lower_convolution
from chipsmith.compiler.lower.vector import lower_copy
from chipsmith.compiler.lower.view import View
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import ChannelRecord, Engine
from chipsmith.tosa.graph import Array, DType

EngineSteps: TypeAlias = tuple[Engine, tuple[UnplacedInstruction, ...]]
"""The engine and the instructions of a kernel."""
_MOST_CHANNELS = 1 << 15
_SHARE = 16
"""The results of a pixel, with their weights and records, take at most this part of the on-chip memory."""


@dataclass(frozen=True, kw_only=True)
class _TransposedAxis:
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

    def spans(self) -> list[_RemainderSpan]:
        """Outputs that meet a tap, in runs of q with the same remainders: at most three."""
        first, last = -self.pad // self.stride, (self.outputs - 1 - self.pad) // self.stride
        spans = []
        for (low, high), run in itertools.groupby(range(first, last + 1), key=self._remainders):
            members = list(run)
            if low < high:
                spans.append(_RemainderSpan(axis=self, q=members[0], count=len(members), low=low, high=high))
        return spans

    def _remainders(self, q: int) -> tuple[int, int]:
        start = -self.pad - q * self.stride
        return max(0, start), min(self.reach, start + self.outputs)


@dataclass(frozen=True, kw_only=True)
class _RemainderSpan:
    """Outputs q * stride + r of an axis for `count` values of q from `q` on, and r from `low` to `high`."""

    axis: _TransposedAxis
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

    def pieces(self, most: int) -> Iterator[_RemainderSpan]:
        """The span in parts of at most so many remainders."""
        for low in range(self.low, self.high, most):
            yield replace(self, low=low, high=min(low + most, self.high))

    def split(self, view: View, dimension: int) -> View:
        """These outputs of an axis of a view, as two axes: q and r."""
        step = view.strides[dimension]
        offset = view.offset + (self.q * self.axis.stride + self.low + self.axis.pad) * step
        shape = (*view.shape[:dimension], self.count, self.size, *view.shape[dimension + 1 :])
        strides = (*view.strides[:dimension], step * self.axis.stride, step, *view.strides[dimension + 1 :])
        return replace(view, offset=offset, shape=shape, strides=strides)


def lower_transposed_convolution(
    whole: Geometry, epilogue: Epilogue, context: LoweringContext
) -> Iterator[EngineSteps]:
    """The stages of a transposed convolution without a residual, whose Geometry has its own stride and padding."""
    y, x = (
        _TransposedAxis(
            outputs=whole.output.shape[1 + index],
            stride=whole.stride[index],
            kernel=whole.kernel[index],
            pad=whole.pad[index],
        )
        for index in (1, 2)
    )
    covered = math.prod(sum(span.count * span.size for span in axis.spans()) for axis in (y, x))
    if covered < y.outputs * x.outputs:
        empty = replace(whole, weights=replace(whole.weights, shape=(0,) * 5), stride=(1, 1, 1), pad=(0, 0, 0))
        yield _convolved(empty, epilogue, context)
    channels = whole.output.shape[-1]
    bytes_each = (
        whole.output.dtype.size_bytes
        + y.taps * x.taps * whole.weights.shape[4]
        + ChannelRecord.PER_CHANNEL.record_bytes
    )
    most = min(_MOST_CHANNELS, context.chip.memory_bytes // (_SHARE * bytes_each))
    for row, column in itertools.product(y.spans(), x.spans()):
        for right in column.pieces(max(most // channels, 1)):
            for down in row.pieces(max(most // (channels * right.size), 1)):
                yield from _part(whole, down, right, epilogue, context)


def _part(
    whole: Geometry, y: _RemainderSpan, x: _RemainderSpan, epilogue: Epilogue, context: LoweringContext
) -> Iterator[EngineSteps]:
    """The outputs of a span of rows and one of columns: a convolution, and a copy where it cannot write in place."""
    images, _, _, _, channels = whole.output.shape
    together = y.size * x.size * channels
    target = x.split(y.split(whole.output, 2), 4).transpose((0, 1, 2, 4, 3, 5, 6))
    output = _joined(target)
    beside = output is None
    if output is None:
        output = context.scratch((images, 1, y.count, x.count, together), whole.output.dtype)
    weights = yield from _weights(whole, y, x, epilogue.template.w_zero_point, context)
    name = f"{epilogue.name}.y{y.q}.{y.low}x{x.q}.{x.low}"
    records, bias = np.tile(epilogue.records, y.size * x.size), epilogue.bias
    if bias is not None and epilogue.parameters is not ChannelRecord.NONE:
        spread = context.scratch((y.size * x.size, channels), DType.INT32)
        yield Engine.VECTOR, lower_copy(bias.insert(0), spread, context.chip)
        bias = spread
    part = replace(whole, weights=weights, output=output, stride=(1, 1, 1), pad=(0, y.pad, x.pad)).clipped()
    yield _convolved(part, replace(epilogue, name=name, records=records, bias=bias), context)
    if beside:
        yield Engine.VECTOR, lower_copy(output.shaped(target.shape), target, context.chip)


def _joined(target: View) -> View | None:
    """[N, D, QY, QX, RY, RX, C] as [N, D, QY, QX, RY * RX * C], where the last three stand in one dense run."""
    size = target.dtype.size_bytes
    dense = size
    for count, stride in zip(target.shape[:3:-1], target.strides[:3:-1], strict=True):
        if count > 1 and stride != dense:
            return None
        dense *= count
    return replace(target, shape=(*target.shape[:4], math.prod(target.shape[4:])), strides=(*target.strides[:4], size))


def _convolved(geometry: Geometry, epilogue: Epilogue, context: LoweringContext) -> EngineSteps:
    lowered = lower_convolution([geometry], epilogue, context.buffers, context.chip, Memo())
    context.buffers.update({buffer.name: buffer for buffer in lowered.buffers})
    return Engine.TENSOR, lowered.steps


# --- weights ---------------------------------------------------------------------------------------------------------


def _weights(
    whole: Geometry, y: _RemainderSpan, x: _RemainderSpan, zero_point: int, context: LoweringContext
) -> Generator[EngineSteps, None, View]:
    """The weights [RY * RX * OC, 1, TY, TX, IC] of the window of stride 1: a constant, or copies of computed ones."""
    channels, _, _, _, inputs = whole.weights.shape
    shape = (y.size, x.size, channels, y.axis.taps, x.axis.taps, inputs)
    data = context.buffers[whole.weights.buffer].data
    if data is not None:
        packed = context.constant(_turned(whole.weights.read(data), y, x, zero_point))
    else:
        packed = context.scratch(shape, DType.INT8)
        yield from _copied(whole.weights, y, x, zero_point, packed, context)
    return packed.shaped((y.size * x.size * channels, 1, *shape[3:]))


def _turned(weights: Array, y: _RemainderSpan, x: _RemainderSpan, zero_point: int) -> Array:
    """[OC, 1, KY, KX, IC] as [RY, RX, OC, TY, TX, IC]; beyond the kernel stands the zero point, which counts as 0."""
    after = [axis.taps * axis.reach - axis.kernel for axis in (y.axis, x.axis)]
    padded = np.pad(weights[:, 0], ((0, 0), (0, after[0]), (0, after[1]), (0, 0)), constant_values=np.int8(zero_point))
    channels, inputs = weights.shape[0], weights.shape[4]
    split = padded.reshape(channels, y.axis.taps, y.axis.reach, x.axis.taps, x.axis.reach, inputs)
    turned = split[:, ::-1, y.low : y.high, ::-1, x.low : x.high]
    return np.ascontiguousarray(turned.transpose(2, 4, 0, 1, 3, 5))


def _copied(
    weights: View, y: _RemainderSpan, x: _RemainderSpan, zero_point: int, packed: View, context: LoweringContext
) -> Iterator[EngineSteps]:
    """Computed weights in the same order: the zero point everywhere, then the taps that there are."""
    zero = context.constant(np.full((1,) * 6, zero_point, np.int8))
    yield Engine.VECTOR, lower_copy(zero, packed, context.chip)
    steps: list[UnplacedInstruction] = []
    for down, right in itertools.product(_taps(y), _taps(x)):
        source = right.of(down.of(weights, 2), 4)
        target = right.to(down.to(packed, 0, 3), 1, 4)
        # [OC, 1, TY, RY, TX, RX, IC] in the target's order.
        steps += lower_copy(source.transpose((3, 5, 0, 2, 4, 6, 1)), target.insert(6), context.chip)
    yield Engine.VECTOR, tuple(steps)


@dataclass(frozen=True, kw_only=True)
class _Taps:
    """Taps j * reach + r of an axis for j from `first` on, so many, and r from the span's `low` to `high`."""

    span: _RemainderSpan
    first: int
    count: int
    high: int

    def of(self, view: View, dimension: int) -> View:
        """These taps of an axis of the weights as two axes: j backwards, r."""
        step, reach = view.strides[dimension], self.span.axis.reach
        last = (self.first + self.count - 1) * reach + self.span.low
        shape = (*view.shape[:dimension], self.count, self.high - self.span.low, *view.shape[dimension + 1 :])
        strides = (*view.strides[:dimension], -reach * step, step, *view.strides[dimension + 1 :])
        return replace(view, offset=view.offset + last * step, shape=shape, strides=strides)

    def to(self, view: View, remainders: int, window: int) -> View:
        """Where they stand in the window's weights, whose taps are turned."""
        first = self.span.axis.taps - self.first - self.count
        placed = view.every(remainders, first=0, count=self.high - self.span.low)
        return placed.every(window, first=first, count=self.count)


def _taps(span: _RemainderSpan) -> Iterator[_Taps]:
    """The taps of a span's remainders: the whole groups, and the last one where the kernel ends within it."""
    whole, rest = divmod(span.axis.kernel, span.axis.reach)
    if whole:
        yield _Taps(span=span, first=0, count=whole, high=span.high)
    if rest > span.low:
        yield _Taps(span=span, first=whole, count=1, high=min(rest, span.high))
