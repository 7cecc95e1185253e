"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR in int8, to the bits of TensorFlow Lite's reference kernels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.tflite.lowering import Handler, IntegerLowering
from chipsmith.frontends.tflite.model import FileOperator
from chipsmith.frontends.tflite.scales import power_of_two, quantize_multiplier
from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.image import ResizeAxis

_GREATEST_NUMERATOR = 2048
_GREATEST_SCALE = 256
_GREATEST_SHRINK = 16
_FRACTION = 1024
"""The kernels count positions of RESIZE_BILINEAR in so many parts of a pixel."""

Pixels = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class _Corners:
    """Where the corners of the images lie on one another."""

    aligned: bool
    half_pixel: bool


def _nearest(lower: IntegerLowering, operator: FileOperator) -> str:
    source, result, corners = lower.operand(operator, 0), lower.result(operator), _read_corners(operator)
    pixels = [_nearest_pixels(source.shape[axis], result.shape[axis], corners) for axis in (1, 2)]
    axes = [_find_axis(source.shape[axis], chosen) for axis, chosen in zip((1, 2), pixels, strict=True)]
    image = lower.read(source)
    if None not in axes:
        fitting = [axis for axis in axes if axis is not None]
        return _emit(lower, image, fitting, result.shape, lower.build.dtype(image), "NEAREST")
    for axis, chosen in zip((1, 2), pixels, strict=True):
        image = _gather(lower, image, axis, chosen)
    return image


def _read_corners(operator: FileOperator) -> _Corners:
    return _Corners(aligned=operator.option("alignCorners"), half_pixel=operator.option("halfPixelCenters"))


def _nearest_pixels(size: int, count: int, corners: _Corners) -> Pixels:
    """The pixel that each pixel of the result repeats, as the kernel computes it in float32."""
    aligned = corners.aligned and count > 1
    step = np.float32(size - 1) / np.float32(count - 1) if aligned else np.float32(size) / np.float32(count)
    offset = np.float32(0.5 if corners.half_pixel else 0.0)
    positions = (np.arange(count, dtype=np.float32) + offset) * step
    chosen = np.floor(positions + np.float32(0.5)) if corners.aligned else np.floor(positions)
    pixels: Pixels = np.clip(chosen.astype(np.int64), 0, size - 1)
    return pixels


def _find_axis(size: int, chosen: Pixels) -> ResizeAxis | None:
    """The axis of a RESIZE that repeats these pixels; None where there is none."""
    for axis in _candidates(size, len(chosen)):
        before, behind, distance = axis.neighbours()
        if (np.where(2 * distance >= axis.numerator, behind, before) == chosen).all():
            return axis
    return None


def _candidates(size: int, count: int) -> Iterator[ResizeAxis]:
    """Axes from so many pixels to so many: by the ratio of sizes, or of the distances between corners."""
    for new, old in ((count, size), (count - 1, size - 1)):
        if new < 1 or old < 1:
            continue
        numerator, denominator = 2 * new // gcd(new, old), 2 * old // gcd(new, old)
        for offset in range(-numerator // 2, denominator // 2 + 1):
            axis = _axis_of(size, count, numerator, denominator, offset)
            if _is_legal(axis):
                yield axis


def _axis_of(size: int, count: int, numerator: int, denominator: int, offset: int) -> ResizeAxis:
    border = (count - 1) * denominator + offset - (size - 1) * numerator
    return ResizeAxis(size=size, numerator=numerator, denominator=denominator, offset=offset, border=border)


def _is_legal(axis: ResizeAxis) -> bool:
    """Whether TOSA's limits hold."""
    return (
        axis.numerator <= _GREATEST_NUMERATOR
        and axis.denominator < _GREATEST_SHRINK * axis.numerator
        and axis.numerator <= _GREATEST_SCALE * axis.denominator
        and -axis.numerator <= axis.offset < _GREATEST_SHRINK * axis.numerator
        and -_GREATEST_SHRINK * axis.numerator <= axis.border < axis.numerator
    )


def _gather(lower: IntegerLowering, image: str, axis: int, chosen: Pixels) -> str:
    """The image with these rows, or columns, of it."""
    build, shape = lower.build, lower.build.tensor(image).shape
    outer, inner = int(np.prod(shape[:axis])), int(np.prod(shape[axis + 1 :]))
    rows = build.reshape(image, (outer, shape[axis], inner))
    indices = lower.constant(np.tile(chosen, (outer, 1)), DType.INT32)
    picked = build.emit("GATHER", (rows, indices), (outer, len(chosen), inner), build.dtype(image))
    return build.reshape(picked, (*shape[:axis], len(chosen), *shape[axis + 1 :]))


def _bilinear(lower: IntegerLowering, operator: FileOperator) -> str:
    source, result, corners = lower.operand(operator, 0), lower.result(operator), _read_corners(operator)
    unsigned = source.index in lower.model.unsigned
    place = _exact_axis if unsigned else _blended_axis
    axes = [place(source.shape[axis], result.shape[axis], corners) for axis in (1, 2)]
    if not all(map(_is_legal, axes)):
        sizes = f"{list(source.shape[1:3])} to {list(result.shape[1:3])}"
        raise lower.refuse(operator, f"a size from {sizes} is beyond 256 times as large or a 16th; resize in two steps")
    sums = _emit(lower, lower.read(source), axes, result.shape, DType.INT32, "BILINEAR")
    if unsigned:
        parts = axes[0].numerator * axes[1].numerator
        return lower.rescale(sums, DType.INT8, quantize_multiplier(1 / parts))
    bits = sum(axis.numerator.bit_length() - 1 for axis in axes)
    return lower.rescale(sums, DType.INT8, power_of_two(bits))


def _exact_axis(size: int, count: int, corners: _Corners) -> ResizeAxis:
    """The axis of the kernel of uint8, which counts positions in floating point, and rounds halves to even."""
    aligned = corners.aligned and count > 1
    step = Fraction(size - 1, count - 1) if aligned else Fraction(size, count)
    offset = step / 2 - Fraction(1, 2) if corners.half_pixel else Fraction(0)
    numerator = lcm(step.denominator, offset.denominator)
    if size == 1:
        return _single_pixel_axis(count)
    return _axis_of(size, count, numerator, int(step * numerator), int(offset * numerator))


def _single_pixel_axis(count: int) -> ResizeAxis:
    """Of a single pixel any parts say the same."""
    return _axis_of(1, count, 1 << (count - 1).bit_length(), 1, 0)


def _blended_axis(size: int, count: int, corners: _Corners) -> ResizeAxis:
    """The axis that the kernel counts in 1024ths of a pixel, in the fewest parts that say the same."""
    if size == 1:
        return _single_pixel_axis(count)
    if corners.aligned and count > 1:
        step = (_FRACTION * (size - 1) + (count - 1) // 2) // (count - 1)
    else:
        step = (_FRACTION * size + count // 2) // count
    offset = step // 2 - _FRACTION // 2 if corners.half_pixel else 0
    common = gcd(_FRACTION, step, offset)
    return _axis_of(size, count, _FRACTION // common, step // common, offset // common)


def _emit(
    lower: IntegerLowering, image: str, axes: Sequence[ResizeAxis], shape: tuple[int, ...], dtype: DType, mode: str
) -> str:
    build = lower.build
    operands = (
        image,
        build.shape_constant([number for axis in axes for number in (axis.numerator, axis.denominator)]),
        build.shape_constant([axis.offset for axis in axes]),
        build.shape_constant([axis.border for axis in axes]),
    )
    return build.emit("RESIZE", operands, shape, dtype, {"mode": mode})


KINDS_OF_REALS = ("RESIZE_NEAREST_NEIGHBOR",)
"""Operators that are lowered here in floating point too."""
HANDLERS: Mapping[str, Handler] = {"RESIZE_NEAREST_NEIGHBOR": _nearest, "RESIZE_BILINEAR": _bilinear}
