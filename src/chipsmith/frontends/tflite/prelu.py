"""PRELU in int8, to the bits of TensorFlow Lite's reference kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipsmith.frontends.tflite.lowering import Handler, IntegerLowering
from chipsmith.frontends.tflite.model import FileOperator, FileTensor
from chipsmith.frontends.tflite.scales import UNIT, multiply, quantize_multiplier
from chipsmith.numerics import Int64Array, Scale, saturate
from chipsmith.tosa.graph import DType

_INT8 = np.arange(-128, 128, dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class _Prelu:
    """A PRELU: `slopes` as integers, `rising` and `falling` the factors of what is above 0 and below."""

    source: FileTensor
    result: FileTensor
    slopes: Int64Array
    rising: Scale
    falling: Scale

    def above(self) -> Int64Array:
        """The rising line at each int8 value."""
        return self._at_border(multiply(_INT8 - self.source.zero_point, self.rising))

    def below(self) -> Int64Array:
        """The falling line of each slope at each int8 value."""
        centred = _INT8 - self.source.zero_point
        return self._at_border(multiply(centred * self.slopes.reshape(-1, 1), self.falling))

    def values(self) -> Int64Array:
        """What each int8 value becomes with each slope."""
        return np.where(self.source.zero_point <= _INT8, self.above(), self.below())

    def _at_border(self, reals: Int64Array) -> Int64Array:
        return saturate(reals + self.result.zero_point, bits=8)


def _prelu(lower: IntegerLowering, operator: FileOperator) -> str:
    source, alpha, result = lower.operand(operator, 0), lower.operand(operator, 1), lower.result(operator)
    assert alpha.data is not None
    prelu = _Prelu(
        source=source,
        result=result,
        slopes=alpha.data.astype(np.int64) - alpha.zero_point,
        rising=quantize_multiplier(float(source.scale) / float(result.scale)),
        falling=quantize_multiplier(float(source.scale) * float(alpha.scale) / float(result.scale)),
    )
    if prelu.slopes.size == 1:
        return lower.table(lower.read(source), prelu.values()[0])
    for kind, choose in (("MAXIMUM", np.maximum), ("MINIMUM", np.minimum)):
        if (choose(prelu.above(), prelu.below()) == prelu.values()).all():
            return _choose(lower, prelu, kind)
    return _add(lower, prelu)


def _choose(lower: IntegerLowering, prelu: _Prelu, kind: str) -> str:
    """The larger, or the smaller, of the two lines."""
    source = lower.read(prelu.source)
    falling = _fall(lower, prelu, source)
    rising = lower.rescale(source, DType.INT32, prelu.rising, input_zero_point=prelu.source.zero_point)
    return _join(lower, prelu, kind, rising, falling)


def _add(lower: IntegerLowering, prelu: _Prelu) -> str:
    """The sum of the lines, each 0 where the other counts."""
    source, zero, result_zero = lower.read(prelu.source), prelu.source.zero_point, prelu.result.zero_point
    limits = {"min_val": -128, "max_val": zero}
    negative = lower.build.emit("CLAMP", (source,), prelu.source.shape, DType.INT8, limits)
    falling = _fall(lower, prelu, negative)
    rising = lower.table(source, np.where(zero <= _INT8, prelu.above(), result_zero))
    wide = lower.rescale(rising, DType.INT32, UNIT, input_zero_point=result_zero)
    return _join(lower, prelu, "ADD", wide, falling)


def _fall(lower: IntegerLowering, prelu: _Prelu, source: str) -> str:
    """The falling line of an int8 tensor, in int8."""
    slopes = prelu.slopes.reshape((1,) * (len(prelu.source.shape) - prelu.slopes.ndim) + prelu.slopes.shape)
    centred = lower.rescale(source, DType.INT32, UNIT, input_zero_point=prelu.source.zero_point)
    products = lower.build.multiply(centred, lower.constant(slopes, DType.INT32))
    return lower.rescale(products, DType.INT8, prelu.falling, output_zero_point=prelu.result.zero_point)


def _join(lower: IntegerLowering, prelu: _Prelu, kind: str, rising: str, falling: str) -> str:
    zero = prelu.result.zero_point
    wide = lower.rescale(falling, DType.INT32, UNIT, input_zero_point=zero)
    return lower.rescale(lower.build.binary(kind, rising, wide), DType.INT8, UNIT, output_zero_point=zero)


HANDLERS: Mapping[str, Handler] = {"PRELU": _prelu}
