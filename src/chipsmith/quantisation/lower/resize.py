"""RESIZE of images: the nearest pixel, or two along each axis blended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from chipsmith.quantisation.lower.arithmetic import combine
from chipsmith.quantisation.lower.movement import narrow_before
from chipsmith.quantisation.lower.products import read_factor, split_bytes
from chipsmith.quantisation.lower.state import Handler, LoweringState
from chipsmith.quantisation.lower.values import Int8Value, Int32Value, Value
from chipsmith.tosa.graph import DType, Operator


def lower_resize(state: LoweringState, operator: Operator) -> Value:
    """RESIZE: NEAREST keeps int8, BILINEAR gives int32 that counts in parts of both axes' steps.

    Blending reads int16 as two bytes; of the nearest pixel the upper 8 bits stay.
    """
    if operator.attributes["mode"] == "NEAREST":
        value = narrow_before(state, operator)
        image = value if isinstance(value, Int8Value) else state.to_int8(operator, 0)
        return replace(image, tensor=_emit(state, operator, image, DType.INT8))
    factor = read_factor(state, operator, 0)
    if isinstance(factor, Int8Value):
        return _blend(state, operator, factor)
    upper, lower = (_blend(state, operator, part) for part in split_bytes(state.build, factor))
    return combine(state.build, "ADD", upper, lower)


def _emit(state: LoweringState, operator: Operator, image: Int8Value, dtype: DType) -> str:
    geometry = [state.build.shape_constant(state.integers(operator, index)) for index in (1, 2, 3)]
    shape = state.shape(operator.outputs[0])
    return state.build.emit("RESIZE", (image.tensor, *geometry), shape, dtype, operator.attributes)


def _blend(state: LoweringState, operator: Operator, image: Int8Value) -> Int32Value:
    scale = state.integers(operator, 1)
    return _remove_zero_point(state, image, _emit(state, operator, image, DType.INT32), scale[0] * scale[2])


def _remove_zero_point(state: LoweringState, image: Int8Value, tensor: str, parts: int) -> Int32Value:
    if image.zero_point:
        offset = state.build.constant(np.full((1, 1, 1, 1), image.zero_point * parts), DType.INT32)
        tensor = state.build.binary("SUB", tensor, offset)
    return Int32Value(
        tensor=tensor,
        shape=state.build.shape(tensor),
        scale=np.array([image.scale / parts]),
        bound=np.array([image.bound * parts]),
    )


HANDLERS: Mapping[str, Handler] = {"RESIZE": lower_resize}
