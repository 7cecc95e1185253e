"""Poolings over windows of (N, H, W, C)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.lower.arithmetic import multiply
from chipsmith.quantisation.lower.movement import narrow_before
from chipsmith.quantisation.lower.products import Channels, multiply_channels, read_factor
from chipsmith.quantisation.lower.rescale import to_int32
from chipsmith.quantisation.lower.state import Handler, LoweringState
from chipsmith.quantisation.lower.values import Int8Value, Int16Value, Int32Value, Value
from chipsmith.quantisation.lower.weights import IntegerWeights
from chipsmith.quantisation.plan import Reals
from chipsmith.tosa.builder import Shape
from chipsmith.tosa.graph import AttributeValue, DType, Operator

_FACTOR = 32767


def lower_max_pool(state: LoweringState, operator: Operator) -> Value:
    """MAX_POOL2D of int8: rounding before it is the same as behind it."""
    value = narrow_before(state, operator)
    value = value if isinstance(value, Int8Value) else state.to_int8(operator, 0)
    attributes = {name: number for name, number in operator.attributes.items() if name != "nan_mode"}
    shape = state.shape(operator.outputs[0])
    tensor = state.build.emit("MAX_POOL2D", (value.tensor,), shape, DType.INT8, attributes)
    return Int8Value(tensor=tensor, scale=value.scale, zero_point=value.zero_point)


def lower_average_pool(state: LoweringState, operator: Operator) -> Value:
    """A depthwise convolution with weights of 1, whose sums are exact, or AVG_POOL2D at its input's scale.

    Padding is outside of the mean: where there is any, each sum is multiplied by the reciprocal of its own count.
    """
    image = read_factor(state, operator, 0)
    if isinstance(image, Int8Value) and any(_integers(operator, "pad")) and _keeps_scale(state, operator, image):
        return _average(state, operator, image)
    sums = _sum_windows(state, operator, image)
    counts = _count_elements(state, operator)
    if counts.min() == counts.max():
        return replace(sums, scale=sums.scale / counts.max())
    step = 1.0 / counts.min() / _FACTOR
    tensor = state.build.constant(np.rint(1.0 / counts / step)[None, :, :, None], DType.INT32)
    shares = Int32Value(
        tensor=tensor, shape=state.build.shape(tensor), scale=np.array([step]), bound=np.array([float(_FACTOR)])
    )
    return multiply(state.build, to_int32(state.build, sums), shares)


def _integers(operator: Operator, attribute: str) -> Shape:
    numbers = operator.attributes[attribute]
    assert isinstance(numbers, tuple)
    return numbers


def _keeps_scale(state: LoweringState, operator: Operator, image: Int8Value) -> bool:
    planned = state.planned(operator.outputs[0])
    return planned is not None and (planned.scale[0], planned.zero_point[0]) == (image.scale, image.zero_point)


def _average(state: LoweringState, operator: Operator, image: Int8Value) -> Int8Value:
    build = state.build
    zero_point = build.constant([image.zero_point], DType.INT8)
    attributes = {**operator.attributes, "acc_type": "INT32"}
    operands, shape = (image.tensor, zero_point, zero_point), state.shape(operator.outputs[0])
    tensor = build.emit("AVG_POOL2D", operands, shape, DType.INT8, attributes)
    return Int8Value(tensor=tensor, scale=image.scale, zero_point=image.zero_point)


def _sum_windows(state: LoweringState, operator: Operator, image: Int8Value | Int16Value) -> Int32Value:
    build, kernel = state.build, _integers(operator, "kernel")
    shape = state.shape(operator.outputs[0])
    ones = build.constant(np.ones((*kernel, shape[3], 1)), DType.INT8)
    attributes: dict[str, AttributeValue] = {
        "pad": _integers(operator, "pad"),
        "stride": _integers(operator, "stride"),
        "dilation": (1, 1),
        "local_bound": False,
        "acc_type": "INT32",
    }

    def sum_up(part: Int8Value, bias: npt.NDArray[np.int64]) -> str:
        added = build.constant(bias, DType.INT32)
        zero_points = (build.constant([part.zero_point], DType.INT8), build.constant([0], DType.INT8))
        return build.emit("DEPTHWISE_CONV2D", (part.tensor, ones, added, *zero_points), shape, DType.INT32, attributes)

    weights = IntegerWeights(integers=np.ones((1, 1), np.int64), scale=np.ones(1), zero_point=0)
    channels = Channels(weights=weights, magnitudes=np.array([math.prod(kernel)]), bias=np.zeros(shape[3], np.int64))
    return multiply_channels(build, image, channels, sum_up)


def _count_elements(state: LoweringState, operator: Operator) -> Reals:
    """How many elements of the input each window holds: (OH, OW)."""
    sizes, outputs = state.shape(operator.inputs[0])[1:3], state.shape(operator.outputs[0])[1:3]
    kernel, stride, pad = (_integers(operator, name) for name in ("kernel", "stride", "pad"))
    counts = [np.ones(1), np.ones(1)]
    for axis in range(2):
        starts = np.arange(outputs[axis]) * stride[axis] - pad[2 * axis]
        ends = np.minimum(starts + kernel[axis], sizes[axis])
        counts[axis] = (ends - np.maximum(starts, 0)).astype(np.float64)
    return np.outer(counts[0], counts[1])


HANDLERS: Mapping[str, Handler] = {"MAX_POOL2D": lower_max_pool, "AVG_POOL2D": lower_average_pool}
