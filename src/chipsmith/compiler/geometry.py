"""A convolution as numbers and views: what its instruction's loops are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from chipsmith.chip.description import Chip
from chipsmith.compiler.chains import TensorChain
from chipsmith.compiler.lookup import Lookup, integers
from chipsmith.compiler.views import View
from chipsmith.errors import OperatorRefused
from chipsmith.program.arithmetic import ceil_div
from chipsmith.tosa.graph import Array

SWAPPED = (0, 2, 1, 3)


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Views of NHWC operands, the weights ([OC, KH, KW, IC]; depthwise [KH, KW, C, 1]) and (y, x) steps of a window."""

    depthwise: bool
    weights: Array
    a: View
    output: View
    residual: View | None
    stride: tuple[int, int]
    dilation: tuple[int, int]
    pad: tuple[int, int]

    @property
    def kernel(self) -> tuple[int, int]:
        """Taps along y and x."""
        height, width = self.weights.shape[:2] if self.depthwise else self.weights.shape[1:3]
        return height, width

    @property
    def pointwise(self) -> bool:
        """Whether each output pixel is a product with one input pixel, in the same order."""
        one_to_one = self.stride == (1, 1) and self.pad == (0, 0) and self.a.shape[1:3] == self.output.shape[1:3]
        return self.kernel == (1, 1) and one_to_one and not self.depthwise

    def part(self, first: int, last: int) -> Geometry:
        """Output channels `first` to `last` alone."""
        depthwise = self.depthwise
        return replace(
            self,
            weights=self.weights[:, :, first:last] if depthwise else self.weights[first:last],
            a=_channels(self.a, first, last) if depthwise else self.a,
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
            stride=self.stride[::-1],
            dilation=self.dilation[::-1],
            pad=self.pad[::-1],
        )


def geometry_of(chain: TensorChain, lookup: Lookup, view: Callable[[str], View]) -> Geometry:
    """The geometry of a convolution; OperatorRefused where its weights are no constant."""
    anchor = chain.anchor
    weights = lookup.graph.constant(anchor.inputs[1])
    if weights is None:
        raise OperatorRefused(f"operator {anchor.name} ({anchor.kind}): weights that are no constant are not held yet")
    top, _, left, _ = integers(anchor, "pad")
    stride_y, stride_x = integers(anchor, "stride")
    dilation_y, dilation_x = integers(anchor, "dilation")
    output = view(chain.output)
    residual = None if chain.residual is None else view(chain.residual.residual.tensor)
    return Geometry(
        depthwise=anchor.kind == "DEPTHWISE_CONV2D",
        weights=weights,
        a=view(anchor.inputs[0]),
        output=output,
        residual=None if residual is None else replace(residual, shape=output.shape),
        stride=(stride_y, stride_x),
        dilation=(dilation_y, dilation_x),
        pad=(top, left),
    )


def swapping_pays(geometry: Geometry, chip: Chip) -> bool:
    """Whether runs along y fill the array so much better than runs along x that exchanging the axes is worth a copy.

    A spectrogram's first layer is the case: one channel and a kernel that is longer in time than in frequency.
    """
    if geometry.depthwise or geometry.pointwise or geometry.dilation != (1, 1):
        return False
    kernel_y, kernel_x = geometry.kernel
    channels, rows = geometry.weights.shape[3], chip.tensor.rows
    saved_phases = kernel_y * ceil_div(kernel_x * channels, rows) - kernel_x * ceil_div(kernel_y * channels, rows)
    images, height, width, outputs = geometry.output.shape
    saved = saved_phases * images * height * width * ceil_div(outputs, chip.tensor.columns)
    images, height, width, _ = geometry.a.shape
    copied = images * height * width * ceil_div(channels, chip.vector.lanes)
    return saved > 2 * copied


def _channels(view: View, first: int, last: int) -> View:
    return replace(view, offset=view.offset + first * view.strides[-1], shape=(*view.shape[:-1], last - first))
