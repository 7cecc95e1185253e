"""Images whose rows are so long that a window's rows do not stand on the chip together: stripes of columns, copied."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from chipsmith.chip.description import Chip
from chipsmith.compiler.lower.conv_geometry import Geometry
from chipsmith.compiler.lower.view import View
from chipsmith.program.arithmetic import ceil_div

_SHARE = 8
"""A stripe, and a window's rows where nothing is copied, take at most this part of the on-chip memory."""
_WHOLE_SHARE = 4
"""An input that takes less than this part of it stands there whole."""


@dataclass(frozen=True, kw_only=True)
class ColumnStripe:
    """So many output columns from `first` on; they read the input columns `low` to `high` with `pad` before them."""

    first: int
    count: int
    low: int
    high: int
    pad: int


def cut_columns(
    a: View, *, axis: int, outputs: int, kernel: int, stride: int, dilation: int, pad: int, reach_bytes: int, chip: Chip
) -> list[ColumnStripe]:
    """The stripes along an axis of an input, over `reach_bytes` of which a window spreads; one where all is well."""
    size_bytes, limit = math.prod(a.shape) * a.dtype.size_bytes, chip.memory_bytes // _SHARE
    wide = size_bytes > chip.memory_bytes // _WHOLE_SHARE and reach_bytes > limit
    each = ceil_div(outputs, min(ceil_div(size_bytes, limit), outputs)) if wide else outputs
    stripes: list[ColumnStripe] = []
    for first in range(0, outputs, each):
        count = min(each, outputs - first)
        start = first * stride - pad
        low = min(max(start, 0), a.shape[axis] - 1)
        stop = start + (count - 1) * stride + (kernel - 1) * dilation + 1
        high = max(min(stop, a.shape[axis]), low + 1)
        stripes.append(ColumnStripe(first=first, count=count, low=low, high=high, pad=low - start))
    return stripes


def cut_convolution(whole: Geometry, chip: Chip) -> Iterator[Geometry]:
    """A convolution in stripes of columns; the views of their inputs are not yet copied."""
    planes, rows = ((whole.kernel[axis] - 1) * whole.dilation[axis] * abs(whole.a.strides[1 + axis]) for axis in (0, 1))
    stripes = cut_columns(
        whole.a,
        axis=3,
        outputs=whole.output.shape[3],
        kernel=whole.kernel[2],
        stride=whole.stride[2],
        dilation=whole.dilation[2],
        pad=whole.pad[2],
        reach_bytes=planes + rows,
        chip=chip,
    )
    for stripe in stripes if len(stripes) > 1 else ():
        residual = whole.residual
        yield replace(
            whole,
            a=whole.a.every(3, first=stripe.low, count=stripe.high - stripe.low),
            output=whole.output.every(3, first=stripe.first, count=stripe.count),
            residual=None if residual is None else residual.every(3, first=stripe.first, count=stripe.count),
            pad=(whole.pad[0], whole.pad[1], stripe.pad),
        )
    if len(stripes) == 1:
        yield whole
