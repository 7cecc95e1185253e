"""A convolution as numbers and views: what its instructions' loops are made from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.compiler.fuse.chains import TensorChain
from chipsmith.compiler.fuse.graph_index import integers
from chipsmith.compiler.lower.view import View
from chipsmith.program.arithmetic import ceil_div
from chipsmith.tosa.graph import Operator

Triple: TypeAlias = tuple[int, int, int]
"""A number for each of z, y and x."""

_OUTPUTS, _DEPTH, _INPUTS = 0, 1, 4
SWAPPED = (0, 1, 3, 2, 4)
"""The axes of a Geometry's views with x for y."""


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Views of [N, D, H, W, C] operands and [OC, KD, KH, KW, IC] weights, and how the window moves over z, y and x.

    A depthwise convolution's input has the channels of its output, and its IC is 1.
    """

    depthwise: bool
    weights: View
    a: View
    output: View
    residual: View | None
    stride: Triple
    dilation: Triple
    pad: Triple

    @property
    def kernel(self) -> Triple:
        """Taps along z, y and x."""
        depth, height, width = self.weights.shape[1:4]
        return depth, height, width

    @property
    def pointwise(self) -> bool:
        """Whether each output pixel is a product with one input pixel, in the same order."""
        one_to_one = self.stride == (1, 1, 1) and self.pad == (0, 0, 0) and self.a.shape[1:4] == self.output.shape[1:4]
        return self.kernel == (1, 1, 1) and one_to_one and not self.depthwise

    @property
    def weight_order(self) -> tuple[int, ...]:
        """The axes of the weights in the order in which the tensor engine reads them, the densest last."""
        return (1, 2, 3, 4, 0) if self.depthwise else (0, 1, 2, 3, 4)

    def part(self, first: int, last: int) -> Geometry:
        """Output channels `first` to `last` alone."""
        return replace(
            self,
            weights=self.weights.every(_OUTPUTS, first=first, count=last - first),
            a=_channels(self.a, first, last) if self.depthwise else self.a,
            output=_channels(self.output, first, last),
            residual=None if self.residual is None else _channels(self.residual, first, last),
        )

    def swapped(self, a: View) -> Geometry:
        """The same convolution with x for y; `a` is the input with these axes exchanged in memory too."""
        return replace(
            self,
            weights=self.weights.transpose(SWAPPED),
            a=a,
            output=self.output.transpose(SWAPPED),
            residual=None if self.residual is None else self.residual.transpose(SWAPPED),
            stride=_exchanged(self.stride),
            dilation=_exchanged(self.dilation),
            pad=_exchanged(self.pad),
        )

    def clipped(self) -> Geometry:
        """The same sums without the taps that meet padding alone, in every output."""
        geometry = self
        for axis in range(3):
            if (self.kernel[axis] - 1) * self.dilation[axis] >= self.a.shape[1 + axis]:
                taps = self._taps_used(axis)
                geometry = replace(
                    geometry,
                    weights=geometry.weights.every(1 + axis, first=taps.start, count=len(taps)),
                    pad=_with(geometry.pad, axis, self.pad[axis] - taps.start * self.dilation[axis]),
                )
        return geometry

    def _taps_used(self, axis: int) -> range:
        """The taps along an axis from the first to the last that meets the input in some output."""
        starts = np.arange(self.output.shape[1 + axis]) * self.stride[axis] - self.pad[axis]
        low = np.maximum(0, -(starts // self.dilation[axis]))
        high = np.minimum(self.kernel[axis], (self.a.shape[1 + axis] - 1 - starts) // self.dilation[axis] + 1)
        used = low < high
        return range(int(low[used].min()), int(high[used].max())) if used.any() else range(0)

    def taps_of_plane(self, plane: int) -> range:
        """The taps along z of an output plane that meet the input."""
        first = plane * self.stride[0] - self.pad[0]
        low = max(0, ceil_div(-first, self.dilation[0]))
        high = min(self.kernel[0], (self.a.shape[_DEPTH] - 1 - first) // self.dilation[0] + 1)
        return range(low, max(low, high))


def geometries(chain: TensorChain, view: Callable[[str], View], a: View) -> list[Geometry]:
    """A convolution, from its input `a`, as sliding windows: one, or for a transposed one the phases of its stride."""
    whole = geometry_of(chain, view, a)
    return [
        geometry.clipped() for geometry in (_phases(whole) if chain.anchor.kind == "TRANSPOSE_CONV2D" else (whole,))
    ]


def geometry_of(chain: TensorChain, view: Callable[[str], View], a: View) -> Geometry:
    """A convolution from its input `a`; of a transposed one stride and padding are the output's."""
    anchor, output = chain.anchor, view(chain.output)
    residual = None if chain.residual is None else replace(view(chain.residual.residual.tensor), shape=output.shape)
    weights = view(anchor.inputs[1])
    return Geometry(
        depthwise=anchor.kind == "DEPTHWISE_CONV2D",
        weights=_depthwise_weights(weights) if anchor.kind == "DEPTHWISE_CONV2D" else _in_space(weights),
        a=_in_space(a),
        output=_in_space(output),
        residual=None if residual is None else _in_space(residual),
        stride=_three(integers(anchor, "stride"), 1),
        dilation=(1, 1, 1) if anchor.kind == "TRANSPOSE_CONV2D" else _three(integers(anchor, "dilation"), 1),
        pad=_three(_padding(anchor), 0),
    )


def _padding(anchor: Operator) -> tuple[int, ...]:
    return integers(anchor, "out_pad" if anchor.kind == "TRANSPOSE_CONV2D" else "pad")[::2]


def _in_space(view: View) -> View:
    return view.insert(_DEPTH) if len(view.shape) == 4 else view


def _depthwise_weights(view: View) -> View:
    """[KH, KW, C, M] as [C x M, 1, KH, KW, 1]; C and M are dense."""
    height, width, channels, multiplier = view.shape
    return view.shaped((height, width, channels * multiplier)).transpose((2, 0, 1)).insert(_DEPTH).insert(_INPUTS)


def _three(values: tuple[int, ...], default: int) -> Triple:
    z, y, x = (default,) * (3 - len(values)) + values
    return z, y, x


def _exchanged(steps: Triple) -> Triple:
    return steps[0], steps[2], steps[1]


def _channels(view: View, first: int, last: int) -> View:
    return view.every(len(view.shape) - 1, first=first, count=last - first)


# --- transposed convolution ------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Phase:
    """Outputs `first`, `first + stride`, ... of an axis, which meet the taps `tap`, `tap + stride`, ... alone.

    In turned order the taps are those of a window of stride 1 with `pad` pixels before the input.
    """

    first: int
    count: int
    tap: int
    taps: int
    pad: int


def _phases(whole: Geometry) -> Iterator[Geometry]:
    """Each output pixel of a phase of the stride meets the same taps: a convolution of stride 1 with turned weights."""
    for y in _axis_phases(whole, 1):
        for x in _axis_phases(whole, 2):
            phase = _along(_along(whole, 1, y), 2, x)
            yield phase if y.taps and x.taps else replace(phase, weights=replace(phase.weights, shape=(0,) * 5))


def _axis_phases(whole: Geometry, axis: int) -> Iterator[_Phase]:
    outputs, stride, kernel = whole.output.shape[1 + axis], whole.stride[axis], whole.kernel[axis]
    for first in range(min(stride, outputs)):
        skipped, tap = divmod(first - whole.pad[axis], stride)
        taps = len(range(tap, kernel, stride))
        yield _Phase(first=first, count=len(range(first, outputs, stride)), tap=tap, taps=taps, pad=taps - 1 - skipped)


def _along(geometry: Geometry, axis: int, phase: _Phase) -> Geometry:
    stride, dimension = geometry.stride[axis], 1 + axis
    last = phase.tap + (phase.taps - 1) * stride

    def outputs(view: View) -> View:
        return view.every(dimension, first=phase.first, count=phase.count, step=stride)

    return replace(
        geometry,
        weights=geometry.weights.every(dimension, first=last, count=phase.taps, step=-stride),
        output=outputs(geometry.output),
        residual=None if geometry.residual is None else outputs(geometry.residual),
        stride=_with(geometry.stride, axis, 1),
        pad=_with(geometry.pad, axis, phase.pad),
    )


def _with(steps: Triple, axis: int, value: int) -> Triple:
    z, y, x = (value if index == axis else step for index, step in enumerate(steps))
    return z, y, x


# --- choices ---------------------------------------------------------------------------------------------------------


def swapping_pays(geometry: Geometry, chip: Chip) -> bool:
    """Whether runs along y fill the array so much better than runs along x that exchanging the axes is worth a copy.

    A spectrogram's first layer is the case: one channel and a kernel that is longer in time than in frequency.
    """
    if geometry.depthwise or geometry.pointwise or geometry.dilation != (1, 1, 1):
        return False
    _, kernel_y, kernel_x = geometry.kernel
    channels, rows = geometry.weights.shape[_INPUTS], chip.tensor.rows
    saved_phases = kernel_y * ceil_div(kernel_x * channels, rows) - kernel_x * ceil_div(kernel_y * channels, rows)
    *pixels, outputs = geometry.output.shape
    saved = saved_phases * math.prod(pixels) * geometry.kernel[0] * ceil_div(outputs, chip.tensor.columns)
    *pixels, _ = geometry.a.shape
    return saved > 2 * math.prod(pixels) * ceil_div(channels, chip.vector.lanes)
