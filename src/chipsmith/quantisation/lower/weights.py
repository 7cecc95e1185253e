"""Constants of products as int8, and their biases as int32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.plan import Quantisation, Reals
from chipsmith.quantisation.weights import symmetric_scales

_LARGEST_WEIGHT = 127
_LARGEST_BIAS = float(1 << 30)


@dataclass(frozen=True, kw_only=True)
class IntegerWeights:
    """real = (integers - zero_point) * scale; `scale` has one element, or one for each output channel."""

    integers: npt.NDArray[np.int64]
    scale: Reals
    zero_point: int


def quantise_weights(real: Reals, axis: int | None, planned: Quantisation | None) -> IntegerWeights:
    """Weights with the scales that the plan has for this use, else with symmetric ones of their own.

    `axis` counts the output channels, each of which may have a scale; None where all must share one.
    """
    if planned is not None and _is_usable(planned, axis, real.shape):
        spread = _spread(planned.scale, axis, real.ndim)
        integers = np.rint(real / spread) + planned.zero_point[0]
        low, high = planned.limits
        return IntegerWeights(
            integers=np.clip(integers, low, high).astype(np.int64),
            scale=planned.scale,
            zero_point=int(planned.zero_point[0]),
        )
    return _quantise_by(real, symmetric_scales(real, axis).scale, axis)


def _is_usable(planned: Quantisation, axis: int | None, shape: tuple[int, ...]) -> bool:
    """Whether the plan's scales are a single one, or one for each output channel of this use."""
    if np.unique(planned.zero_point).size > 1:
        return False
    return planned.scale.size == 1 or (planned.axis == axis and planned.scale.size == shape[planned.axis])


def _spread(flat: npt.NDArray[Any], axis: int | None, rank: int) -> npt.NDArray[Any]:
    """A number for each output channel, so that it broadcasts with the weights."""
    shape = [1] * rank
    if flat.size > 1 and axis is not None:
        shape[axis] = -1
    return flat.reshape(shape)


def _quantise_by(real: Reals, scale: Reals, axis: int | None) -> IntegerWeights:
    integers = np.rint(real / _spread(scale, axis, real.ndim))
    limited = np.clip(integers, -_LARGEST_WEIGHT, _LARGEST_WEIGHT)
    return IntegerWeights(integers=limited.astype(np.int64), scale=scale, zero_point=0)


def make_room_for_bias(
    weights: IntegerWeights, real: Reals, axis: int, bias: Reals, input_scale: float
) -> IntegerWeights:
    """The weights with a larger scale for each channel whose bias would not fit int32 in steps of the products.

    Such a channel has weights that are nothing beside its bias: at the larger scale they are exact enough.
    """
    scale = weights.scale * np.ones(real.shape[axis])
    least = np.abs(bias) / (input_scale * _LARGEST_BIAS)
    tight = scale < least
    if not tight.any():
        return weights
    enlarged = _quantise_by(real, np.where(tight, least, scale), axis)
    moved = np.clip(enlarged.integers + weights.zero_point, -128, 127)
    integers = np.where(_spread(tight, axis, real.ndim), moved, weights.integers)
    return IntegerWeights(integers=integers, scale=enlarged.scale, zero_point=weights.zero_point)


def quantise_bias(bias: Reals, weights: IntegerWeights, input_scale: float) -> npt.NDArray[np.int64]:
    """The bias in steps of the products."""
    return np.rint(bias / (weights.scale * input_scale)).astype(np.int64)
