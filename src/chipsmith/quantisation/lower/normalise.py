"""Softmax and the normalisations in integers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chipsmith.quantisation.lower.arithmetic import multiply
from chipsmith.quantisation.lower.functions import invert_root, reciprocal_of_positive
from chipsmith.quantisation.lower.rescale import ENTRY, FRACTION, find_reach, look_up, rescale, to_int32, to_scale
from chipsmith.quantisation.lower.state import LoweringState
from chipsmith.quantisation.lower.values import Int8Value, Int32Value, RealValue
from chipsmith.tosa.graph import DType

_TABLE_STEPS = float(ENTRY * FRACTION)
_EXP_BITS = 22
"""A table of int16 gives its greatest entry as about 2**22."""
_SOFTMAX_RANGE = 16.0
"""exp(-16) is below a step of the table."""
_FRACTION_BITS = 6
"""Bits behind the point of an int8 value minus its mean."""
_DEVIATION_BITS = 14
"""Bits of a value minus its mean, with its sign."""
_GREATEST_RESULT = 28


def softmax(state: LoweringState, value: RealValue, axis: int) -> Int32Value:
    """exp(x - max(x)) / sum(exp(x - max(x))) along an axis: exp by a table, and the reciprocal of the sum by another.

    The sum is at least a table's greatest entry, which stands for exp(0).
    """
    build, wide = state.build, to_int32(state.build, value)
    below = build.binary("SUB", wide.tensor, build.reduce("REDUCE_MAX", wide.tensor, axis))
    exponentials = _exponentiate(state, below, value, float(wide.scale[0]))
    count = wide.shape[axis]
    spare = max(0, math.ceil(math.log2(count)) + _EXP_BITS + 1 - 31)
    narrow = rescale(build, exponentials, DType.INT32, np.array([2.0**-spare])) if spare else exponentials
    total = build.reduce("REDUCE_SUM", narrow, axis)
    greatest = np.array([_TABLE_STEPS])
    sums = Int32Value(
        tensor=total, shape=build.shape(total), scale=2.0**spare / greatest, bound=count * greatest / 2.0**spare
    )
    inverse = reciprocal_of_positive(state, sums, _TABLE_STEPS / 2.0**spare - 1)
    powers = Int32Value(tensor=exponentials, shape=wide.shape, scale=1.0 / greatest, bound=greatest)
    return multiply(build, powers, inverse)


def _exponentiate(state: LoweringState, below: str, value: RealValue, scale: float) -> str:
    """exp of differences of 0 or less: of int8 values exactly, by the table's entries, of others between them."""
    step = scale if isinstance(value, Int8Value) else max(_SOFTMAX_RANGE / 256, scale)
    index = rescale(state.build, below, DType.INT16, np.array([scale / step * FRACTION]))
    knots = np.minimum((np.arange(513) - 256) * step, 0.0)
    return look_up(state.build, index, np.rint(np.exp(knots) * ENTRY))


def normalise(
    state: LoweringState, value: RealValue, axes: Sequence[int], *, centred: bool, factor: float, epsilon: float
) -> Int32Value:
    """d / sqrt(factor * sum(d * d) + epsilon) over axes; d is x minus its mean where `centred`, else x.

    Squares are summed in int32; their root's reciprocal is a table of the sum's leading bits.
    """
    step = _choose_step(value)
    deviation, lost = _read_deviation(state, value, axes, step=step, centred=centred)
    square_step = step**2 * 2.0**lost
    total = _sum_squares(state, deviation, axes, lost)
    added = max(1, min(round(epsilon / factor / square_step), 1 << 29))
    ones = (1,) * len(state.build.shape(total))
    total = state.build.binary("ADD", total, state.build.constant(np.full(ones, added), DType.INT32))
    return _divide_by_root(state, deviation, total, ratio=1.0 / math.sqrt(factor * 2.0**lost), lost=lost)


def _choose_step(value: RealValue) -> float:
    if isinstance(value, Int8Value):
        return value.scale / 2.0**_FRACTION_BITS
    return find_reach(value) / 2.0 ** (_DEVIATION_BITS - 1)


def _count(state: LoweringState, tensor: str, axes: Sequence[int]) -> int:
    return math.prod(state.build.shape(tensor)[axis] for axis in axes)


def _read_deviation(
    state: LoweringState, value: RealValue, axes: Sequence[int], *, step: float, centred: bool
) -> tuple[str, int]:
    """The value in steps, minus its mean where `centred`, and the bits that its squares lose so that their sum fits."""
    build, fine = state.build, to_scale(state.build, value, step)
    count = _count(state, fine, axes)
    lost = max(0, 2 * _DEVIATION_BITS + math.ceil(math.log2(count)) - 30)
    if not centred:
        return fine, lost
    return build.binary("SUB", fine, _average(state, fine, axes, count)), lost


def _average(state: LoweringState, fine: str, axes: Sequence[int], count: int) -> str:
    """The mean in the same steps; the sum of very many is taken in coarser ones."""
    surplus = 2.0 ** max(0, _DEVIATION_BITS + math.ceil(math.log2(count)) - 30)
    coarse = fine if surplus == 1 else rescale(state.build, fine, DType.INT32, np.array([1.0 / surplus]))
    return rescale(state.build, _sum_along(state, coarse, axes), DType.INT32, np.array([surplus / count]))


def _sum_along(state: LoweringState, tensor: str, axes: Sequence[int]) -> str:
    for axis in axes:
        tensor = state.build.reduce("REDUCE_SUM", tensor, axis)
    return tensor


def _sum_squares(state: LoweringState, deviation: str, axes: Sequence[int], lost: int) -> str:
    return _sum_along(state, state.build.multiply(deviation, deviation, lost), axes)


def _divide_by_root(state: LoweringState, deviation: str, total: str, *, ratio: float, lost: int) -> Int32Value:
    """deviation / sqrt(total) * ratio."""
    build = state.build
    root, halves = invert_root(state, total)
    wider = build.binary("LOGICAL_LEFT_SHIFT", deviation, halves)
    # |deviation| << halves stays below 2**((31 + lost) / 2 + 1); the product with the root is cut to 28 bits
    bits = (31 + lost) // 2 + 2
    shift = max(0, bits + _EXP_BITS - _GREATEST_RESULT)
    tensor = build.multiply(wider, root, shift)
    # 1 / sqrt(total) = root / _TABLE_STEPS * 2**(halves - 14.5)
    scale = 2.0**shift / _TABLE_STEPS * 2.0**-14.5 * ratio
    bound = math.ceil(1.01 * ratio * 2.0 ** (lost / 2) / scale)
    return Int32Value(tensor=tensor, shape=build.shape(tensor), scale=np.array([scale]), bound=np.array([float(bound)]))
