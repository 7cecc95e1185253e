"""RESIZE: an image at another size, by integer coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chipsmith.numerics import Int64Array
from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.row import MAX_SCALE, Operand, Operation, OperatorRow, Shape, Values, choice

_MAX_SIZE = 16384
_MAX_NUMERATOR = 1 << 11
_LARGEST_SHRINK = 16


@dataclass(frozen=True, kw_only=True)
class ResizeAxis:
    """How one axis of a RESIZE maps: output i reads input (i x denominator + offset) / numerator."""

    size: int
    numerator: int
    denominator: int
    offset: int
    border: int

    @property
    def span(self) -> int:
        """Distance from the first to the last output position, in units of 1 / numerator of an input pixel."""
        return (self.size - 1) * self.numerator - self.offset + self.border

    def neighbours(self) -> tuple[Int64Array, Int64Array, Int64Array]:
        """For each output position: the input pixel before, the one behind, and the distance from the first."""
        positions = np.arange(self.span // self.denominator + 1) * self.denominator + self.offset
        before = positions // self.numerator
        distance = positions - before * self.numerator
        return np.maximum(before, 0), np.minimum(before + 1, self.size - 1), distance

    def nearest(self) -> Int64Array:
        """For each output position the nearest input pixel, the one behind where both are as near."""
        before, behind, distance = self.neighbours()
        return np.where(2 * distance >= self.numerator, behind, before)


def resize_axes(operation: Operation) -> tuple[ResizeAxis, ResizeAxis]:
    """The axes y and x of a RESIZE."""
    scale, offset, border = (operation.values(name) for name in ("scale", "offset", "border"))
    sizes = operation.shape("input")[1:3]
    y, x = (
        ResizeAxis(
            size=sizes[i],
            numerator=scale[2 * i],
            denominator=scale[2 * i + 1],
            offset=offset[i],
            border=border[i],
        )
        for i in range(2)
    )
    return y, x


def operands_have_their_lengths(operation: Operation) -> bool:
    """Scale has 4 numbers (y and x: numerator, denominator), offset and border have 2."""
    lengths = [operation.shape(name) for name in ("scale", "offset", "border")]
    return lengths == [(4,), (2,), (2,)]


def sizes_are_small_enough(operation: Operation) -> bool:
    """Heights and widths are below 16384."""
    return max(*operation.shape("input")[1:3], *operation.output.shape[1:3]) < _MAX_SIZE


def scales_are_in_range(operation: Operation) -> bool:
    """Scales are positive, numerators at most 2048, enlargement at most 256 and shrinking less than 16."""
    return all(
        0 < axis.numerator <= _MAX_NUMERATOR
        and 0 < axis.denominator < _LARGEST_SHRINK * axis.numerator
        and axis.numerator <= MAX_SCALE * axis.denominator
        for axis in resize_axes(operation)
    )


def offsets_are_in_range(operation: Operation) -> bool:
    """Offsets are from -numerator to below 16 x numerator, borders from -16 x numerator to below numerator."""
    return all(
        -axis.numerator <= axis.offset < _LARGEST_SHRINK * axis.numerator
        and -_LARGEST_SHRINK * axis.numerator <= axis.border < axis.numerator
        for axis in resize_axes(operation)
    )


def output_ends_at_the_border(operation: Operation) -> bool:
    """(size - 1) x numerator - offset + border is a multiple of the denominator and not negative."""
    return all(axis.span >= 0 and axis.span % axis.denominator == 0 for axis in resize_axes(operation))


def mode_fits_the_type(operation: Operation) -> bool:
    """BILINEAR gives int32, NEAREST keeps int8."""
    return (operation.name("mode") == "BILINEAR") == (operation.output.dtype is DType.INT32)


def _shape(operation: Operation) -> Shape:
    batch, _, _, channels = operation.shape("input")
    height, width = (axis.span // axis.denominator + 1 for axis in resize_axes(operation))
    return (batch, height, width, channels)


def _resize(operation: Operation, values: Sequence[Values]) -> Values:
    """Rows first, then columns; the products of weights and pixels fit int32."""
    y, x = resize_axes(operation)
    blend = _bilinear if operation.name("mode") == "BILINEAR" else _nearest
    rows = blend(values[0].astype(np.int32), y, 2)
    return blend(rows, x, 3).astype(operation.output.dtype.numpy)


def _bilinear(image: Values, axis: ResizeAxis, position: int) -> Values:
    before, behind, distance = axis.neighbours()
    weight = distance.astype(np.int32).reshape(-1, *(1,) * (image.ndim - 1 - position))
    first, second = np.take(image, before, axis=position), np.take(image, behind, axis=position)
    blended: Values = first * (np.int32(axis.numerator) - weight) + second * weight
    return blended


def _nearest(image: Values, axis: ResizeAxis, position: int) -> Values:
    return np.take(image, axis.nearest(), axis=position)


def _shape_operand(name: str) -> Operand:
    return Operand(name=name, type_name="shape_t", min_rank=1, max_rank=1, compile_time=True)


RESIZE = OperatorRow(
    kind="RESIZE",
    chapter="Image operators",
    summary="(N, H, W, C) at another height and width, by the nearest pixel or blended and not divided.",
    inputs=(
        Operand(name="input", type_name="in_t", min_rank=4, max_rank=4),
        _shape_operand("scale"),
        _shape_operand("offset"),
        _shape_operand("border"),
    ),
    output=Operand(name="output", type_name="out_t", min_rank=4, max_rank=4),
    types=({"in_t": DType.INT8, "out_t": DType.INT32}, {"in_t": DType.INT8, "out_t": DType.INT8}),
    attributes=(choice("mode", "NEAREST", "BILINEAR"),),
    constraints=(
        operands_have_their_lengths,
        sizes_are_small_enough,
        scales_are_in_range,
        offsets_are_in_range,
        output_ends_at_the_border,
        mode_fits_the_type,
    ),
    shape=_shape,
    meaning=_resize,
)

ROWS = (RESIZE,)
