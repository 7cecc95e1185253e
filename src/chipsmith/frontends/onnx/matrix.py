"""Gemm, MatMul and Einsum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.forms.einsum import sum_products
from chipsmith.frontends.forms.elementwise import apply_binary, multiply_number
from chipsmith.frontends.forms.matrix import apply_linear, multiply_matrices
from chipsmith.frontends.forms.values import Const, GraphValue, permute
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Value
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


def _lower_einsum(lower: Lowering, node: Node) -> Sequence[Value]:
    operands = [lower.value(node, index) for index in range(len(node.inputs))]
    return [sum_products(lower.build, node.text("equation", ""), operands)]


HANDLERS: Mapping[str, Handler] = {
    "Einsum": _lower_einsum,
    "Gemm": _lower_gemm,
    "MatMul": _lower_matmul,
}
