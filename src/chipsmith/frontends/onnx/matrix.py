"""Gemm, MatMul and Einsum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.forms.einsum import sum_products
from chipsmith.frontends.forms.elementwise import add_number, apply_binary, multiply_number
from chipsmith.frontends.forms.matrix import apply_linear, multiply_matrices
from chipsmith.frontends.forms.values import Const, GraphValue, permute
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Value, refuse
from chipsmith.frontends.onnx.model import Node


def _lower_gemm(lower: Lowering, node: Node) -> Sequence[Value]:
    """alpha * A B + beta * C: a bias by column goes into the product, any other is added."""
    left = _turn(lower.value(node, 0), turned=bool(node.integer("transA", 0)))
    right = _turn(lower.value(node, 1), turned=bool(node.integer("transB", 0)))
    alpha = node.number("alpha", 1.0)
    bias = _read_bias(lower, node)
    if isinstance(left, GraphValue) and isinstance(right, Const):
        columns = right.shape[-1]
        row = _read_row(bias, columns)
        product = apply_linear(lower.build, left, alpha * right.values.T if alpha != 1 else right.values.T, row)
        return [product if row is not None or bias is None else apply_binary(lower.build, "ADD", product, bias)]
    product = multiply_number(lower.build, multiply_matrices(lower.build, left, right), alpha)
    return [product if bias is None else apply_binary(lower.build, "ADD", product, bias)]


def _turn(value: GraphValue | Const, *, turned: bool) -> GraphValue | Const:
    """The matrix, or its transpose."""
    if not turned:
        return value
    return Const(values=value.values.T) if isinstance(value, Const) else permute(value, (1, 0))


def _read_bias(lower: Lowering, node: Node) -> GraphValue | Const | None:
    """beta * C; None where there is none."""
    beta = node.number("beta", 1.0)
    if not lower.has(node, 2) or beta == 0:
        return None
    value = lower.value(node, 2)
    if isinstance(value, Const):
        return Const(values=value.values * np.float32(beta))
    return multiply_number(lower.build, value, beta)


def _read_row(bias: GraphValue | Const | None, columns: int) -> npt.NDArray[np.float32] | None:
    """A constant bias that is the same in each row."""
    if not isinstance(bias, Const) or bias.shape not in ((), (1,), (columns,), (1, 1), (1, columns)):
        return None
    return np.broadcast_to(bias.values.reshape(-1), (columns,)).astype(np.float32)


def _lower_matmul(lower: Lowering, node: Node) -> Sequence[Value]:
    return [multiply_matrices(lower.build, lower.value(node, 0), lower.value(node, 1))]


def _multiply_integers(lower: Lowering, node: Node) -> Sequence[Value]:
    """MatMulInteger: each factor less its zero point; the integers that it gives are exact as real numbers."""
    left, right = read_steps(lower, node, 0, zero_point=2), read_steps(lower, node, 1, zero_point=3)
    return [multiply_matrices(lower.build, left, right)]


def read_steps(lower: Lowering, node: Node, index: int, *, zero_point: int) -> GraphValue | Const:
    """The integers of a node's input less their zero point, as reals.

    Zero points of several elements are those of rows (of the first input) or columns (of the second).
    """
    zero = lower.constant(node, zero_point)
    value = lower.any_value(node, index)
    if isinstance(value, Const):
        shift = np.zeros(()) if zero is None else zero.astype(np.float32)
        spread = shift.reshape(-1, 1) if index == 0 and shift.size > 1 else shift
        return Const(values=value.values.astype(np.float32) - spread.astype(np.float32))
    if zero is not None and zero.size > 1:
        raise refuse(node, "zero points by row of a computed factor; a single one is held")
    numbers = lower.read_numbers(node, index)
    return add_number(lower.build, numbers, 0.0 if zero is None else -float(zero.reshape(-1)[0]))


def _lower_einsum(lower: Lowering, node: Node) -> Sequence[Value]:
    operands = [lower.value(node, index) for index in range(len(node.inputs))]
    return [sum_products(lower.build, node.text("equation", ""), operands)]


HANDLERS: Mapping[str, Handler] = {
    "Einsum": _lower_einsum,
    "Gemm": _lower_gemm,
    "MatMul": _lower_matmul,
    "MatMulInteger": _multiply_integers,
}
