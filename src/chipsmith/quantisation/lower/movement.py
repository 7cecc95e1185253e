"""Operators that move elements of a single tensor and change none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from chipsmith.quantisation.lower.rescale import lay_out, narrow, unify_scale
from chipsmith.quantisation.lower.state import Handler, LoweringState
from chipsmith.quantisation.lower.values import (
    ConstantValue,
    IndexValue,
    Int8Value,
    Int16Value,
    Int32Value,
    MaskValue,
    Tabulated,
    Value,
)
from chipsmith.tosa.builder import Axes, GraphBuilder
from chipsmith.tosa.graph import Operator

Move = Callable[[GraphBuilder, str], str]
"""Emits an operator of a tensor: the result's tensor."""


def narrow_before(state: LoweringState, operator: Operator) -> Value:
    """An operator's first input, rounded already as the plan rounds the result: moving commutes with rounding."""
    value, planned = state.operand(operator, 0), state.planned(operator.outputs[0])
    if planned is None or not isinstance(value, Tabulated | Int32Value):
        return value
    return narrow(state.build, value, planned)


def move(state: LoweringState, value: Value, mover: Move, *, keeps_channels: bool = False) -> Value:
    """The value with its elements moved; `keeps_channels`: each stays in its place of the last axis."""
    match value:
        case Int8Value() | Int16Value() | IndexValue() | MaskValue():
            return replace(value, tensor=mover(state.build, value.tensor))
        case Tabulated():
            return replace(value, root=mover(state.build, value.root))
        case Int32Value():
            plain = lay_out(state.build, value if keeps_channels else unify_scale(state.build, value))
            tensor = mover(state.build, plain.tensor)
            return replace(plain, tensor=tensor, shape=state.build.shape(tensor))
        case ConstantValue():
            raise AssertionError("constants are folded before")


def lower_reshape(state: LoweringState, operator: Operator) -> Value:
    """RESHAPE; of int32 with the same last axis it waits for the rounding behind."""
    value, shape = narrow_before(state, operator), state.shape(operator.outputs[0])
    if isinstance(value, Int32Value):
        channels = value.shape[-1:] == shape[-1:]
        plain = value if channels else lay_out(state.build, unify_scale(state.build, value))
        return replace(plain, shape=shape)
    return move(state, value, lambda build, tensor: build.reshape(tensor, shape))


def lower_transpose(state: LoweringState, operator: Operator) -> Value:
    """TRANSPOSE."""
    perms = _axes(operator)
    keeps = perms[-1] == len(perms) - 1
    value = narrow_before(state, operator)
    return move(state, value, lambda build, tensor: build.transpose(tensor, perms), keeps_channels=keeps)


def _axes(operator: Operator) -> Axes:
    perms = operator.attributes["perms"]
    assert isinstance(perms, tuple)
    return perms


def lower_slice(state: LoweringState, operator: Operator) -> Value:
    """SLICE."""
    start, size = state.integers(operator, 1), state.integers(operator, 2)
    keeps = state.shape(operator.inputs[0])[-1] == size[-1]
    value = narrow_before(state, operator)
    return move(state, value, lambda build, tensor: build.slice(tensor, start, size), keeps_channels=keeps)


def lower_reverse(state: LoweringState, operator: Operator) -> Value:
    """REVERSE."""
    axis = operator.attributes["axis"]
    keeps = axis != len(state.shape(operator.outputs[0])) - 1

    def reverse(build: GraphBuilder, tensor: str) -> str:
        return build.emit("REVERSE", (tensor,), build.shape(tensor), build.dtype(tensor), {"axis": axis})

    return move(state, narrow_before(state, operator), reverse, keeps_channels=keeps)


def lower_tile(state: LoweringState, operator: Operator) -> Value:
    """TILE."""
    multiples = state.integers(operator, 1)
    value = narrow_before(state, operator)
    return move(state, value, lambda build, tensor: build.tile(tensor, multiples), keeps_channels=multiples[-1] == 1)


def lower_identity(state: LoweringState, operator: Operator) -> Value:
    """IDENTITY: the value itself, which the plan may round anew."""
    return state.operand(operator, 0)


HANDLERS: Mapping[str, Handler] = {
    "RESHAPE": lower_reshape,
    "TRANSPOSE": lower_transpose,
    "SLICE": lower_slice,
    "REVERSE": lower_reverse,
    "TILE": lower_tile,
    "IDENTITY": lower_identity,
}
