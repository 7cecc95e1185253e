"""Functions of one value, element by element: whatever computes them, of int8 they have 256 results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from chipsmith.frontends.onnx.lowering import Handler, Lowering, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.frontends.onnx.requantize import apply_limits, unify_scale
from chipsmith.frontends.onnx.values import Acc32, AffineInt8, Const, Lut, QuantisedConst, Value, dequantize_const
from chipsmith.tosa.graph import DType

_UNARY = (
    *("Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Celu", "Clip", "Cos", "Cosh", "Elu", "Erf"),
    *("Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "LeakyRelu", "Log", "Mish", "Neg", "QuickGelu", "Reciprocal"),
    *("Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Swish"),
    *("Tan", "Tanh", "ThresholdedRelu"),
)
_FREE_OF_TABLES = ("Relu", "Clip", "LeakyRelu", "Neg", "Abs")


def tabulate(lower: Lowering, node: Node) -> Lut | None:
    """The node as a function of one int8 tensor, computed by onnxruntime for its 256 values; None where it is none.

    Its inputs are that tensor, functions of it in the same shape and order, and constants of one element.
    """
    inputs: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = {}
    root: AffineInt8 | Lut | None = None
    for name in node.inputs:
        value = lower.values.get(name) if name else None
        if isinstance(value, AffineInt8 | Lut):
            if root is not None and not _is_same_tensor(root, value):
                return None
            root, inputs[name] = value, value.real
        elif isinstance(value, Const | QuantisedConst) and dequantize_const(value).size == 1:
            inputs[name] = np.asarray(dequantize_const(value), np.float32).reshape(())
        elif name:
            return None
    if root is None:
        return None
    (real,) = lower.evaluate(node, inputs)
    return Lut(
        tensor=root.tensor, shape=root.shape, axes=root.axes, real=np.broadcast_to(real, (256,)).astype(np.float32)
    )


def _is_same_tensor(left: AffineInt8 | Lut, right: AffineInt8 | Lut) -> bool:
    return (left.tensor, left.shape, left.axes) == (right.tensor, right.shape, right.axes)


def _apply_unary(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.read_computed(node, 0)
    if not isinstance(value, Acc32):
        table = tabulate(lower, node)
        if table is None:
            raise refuse(
                node, "its parameters are computed or differ by channel; only constants of one element are held"
            )
        return [table]
    if node.kind not in _FREE_OF_TABLES:
        raise refuse(node, f"it reads '{node.inputs[0]}', which no QuantizeLinear makes int8: quantise that tensor too")
    return [_apply_to_acc32(lower, node, value)]


def _apply_to_acc32(lower: Lowering, node: Node, value: Acc32) -> Acc32:
    """Relu and Clip wait for the QuantizeLinear that follows; the others are int32 operators."""
    match node.kind:
        case "Relu":
            return _clamp(value, 0.0, np.inf)
        case "Clip":
            return _clamp(value, *_read_limits(lower, node))
        case "Neg":
            return _scale(lower, value, -1)
        case "Abs":
            plain = apply_limits(lower.build, value)
            shape = lower.build.tensor(plain.tensor).shape
            return replace(plain, tensor=lower.build.emit("ABS", (plain.tensor,), shape, DType.INT32))
        case _:
            return _leak(lower, node, value)


def _clamp(value: Acc32, low: float, high: float) -> Acc32:
    return replace(value, low=min(max(value.low, low), high), high=max(min(value.high, high), low))


def _read_limits(lower: Lowering, node: Node) -> tuple[float, float]:
    """Limits are attributes up to version 6 of Clip, and inputs since."""
    limits = []
    for index, (name, free) in enumerate((("min", -np.inf), ("max", np.inf)), start=1):
        given = lower.constant(node, index)
        limits.append(node.number(name, free) if given is None else float(given.reshape(-1)[0]))
    return limits[0], limits[1]


def _scale(lower: Lowering, value: Acc32, factor: int) -> Acc32:
    plain = apply_limits(lower.build, value)
    operand = lower.build.constant(np.full((1,) * len(value.shape), factor), DType.INT32)
    return replace(plain, tensor=lower.build.multiply(plain.tensor, operand))


def _leak(lower: Lowering, node: Node, value: Acc32) -> Acc32:
    """The larger of the value and its multiple by a slope between 0 and 1."""
    slope = node.number("alpha", 0.01)
    if not 0 < slope < 1:
        raise refuse(node, f"a slope of {slope} needs its input in int8: quantise '{node.inputs[0]}' too")
    plain = unify_scale(lower.build, apply_limits(lower.build, value))
    lower_side = lower.build.rescale(plain.tensor, DType.INT32, np.array([slope]))
    return replace(plain, tensor=lower.build.binary("MAXIMUM", plain.tensor, lower_side))


HANDLERS: Mapping[str, Handler] = dict.fromkeys(_UNARY, _apply_unary)
