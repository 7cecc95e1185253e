"""Handlers of products of matrices, and of attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from chipsmith.frontends.forms.einsum import sum_products
from chipsmith.frontends.forms.elementwise import apply_binary, multiply_number, number
from chipsmith.frontends.forms.logic import select
from chipsmith.frontends.forms.matrix import apply_linear, multiply_matrices
from chipsmith.frontends.forms.movement import add_axes, merge_axes, tile
from chipsmith.frontends.forms.normalise import softmax
from chipsmith.frontends.forms.operands import permute_operand, reshape_operand
from chipsmith.frontends.forms.reduction import reduce_axes
from chipsmith.frontends.forms.values import Const, GraphValue, Value, drop_axes
from chipsmith.frontends.pytorch.calls import AtenCall, AtenHandler, as_array, value_type
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType

_MASKED = float(np.finfo(np.float32).min)
"""A score that its softmax makes nothing of."""


def linear(call: AtenCall) -> GraphValue:
    """input times the transpose of weight, plus a bias."""
    value, weight, bias = call.value("input"), call.value("weight"), call.optional("bias")
    return _apply_weights(call.build, value, weight, bias)


def _apply_weights(build: GraphBuilder, value: Value, weight: Value, bias: Value | None) -> GraphValue:
    constant = isinstance(weight, Const) and not isinstance(bias, GraphValue)
    if constant and isinstance(value, GraphValue) and len(weight.shape) == 2:
        assert isinstance(weight, Const)
        return apply_linear(build, value, weight.values, None if bias is None else as_array(bias))
    rank = len(weight.shape)
    order = (*range(rank - 2), rank - 1, rank - 2) if rank > 1 else (0,)
    product = multiply_matrices(build, value, permute_operand(weight, order))
    return product if bias is None else apply_binary(build, "ADD", product, bias)


def multiply(call: AtenCall) -> GraphValue:
    """The product of two matrices, stacks of them, or vectors."""
    if call.dtype is not DType.FP32:
        raise call.refuse("products of matrices of integers are not computed, only of floats")
    first, second = (call.value(name) for name in list(call.operands)[:2])
    return multiply_matrices(call.build, first, second)


def add_product(call: AtenCall) -> GraphValue:
    """beta * self + alpha * the product of two matrices."""
    base, first, second = (call.value(name) for name in list(call.operands)[:3])
    alpha, beta = call.number("alpha"), call.number("beta")
    vector = isinstance(base, Const) and len(base.shape) == 1 and base.shape[0] == call.shape[-1]
    if alpha == beta == 1 and vector and len(second.shape) == 2:
        return _apply_weights(call.build, first, permute_operand(second, (1, 0)), base)
    product = multiply_number(call.build, multiply_matrices(call.build, first, second), alpha)
    if beta == 0:
        return product
    return apply_binary(call.build, "ADD", product, _times(call.build, base, beta))


def _times(build: GraphBuilder, value: Value, factor: float) -> Value:
    return Const(values=value.values * factor) if isinstance(value, Const) else multiply_number(build, value, factor)


def outer(call: AtenCall) -> GraphValue:
    """Each element of a vector times each of another."""
    first, second = call.value("self"), call.value("vec2")
    column = reshape_operand(call.build, first, (first.shape[0], 1))
    return apply_binary(call.build, "MUL", column, second)


def trilinear(call: AtenCall) -> GraphValue:
    """The product of three tensors, each with axes of size 1 at its own places, summed over axes."""
    factors = [_expand(call, call.value(f"i{index}"), call.integers(f"expand{index}")) for index in (1, 2, 3)]
    factors.sort(key=lambda factor: isinstance(factor, Const))
    product = factors[0]
    for factor in factors[1:]:
        product = apply_binary(call.build, "MUL", product, factor)
    axes = call.axes("sumdim", len(product.shape))
    return drop_axes(call.build, reduce_axes(call.build, "REDUCE_SUM", call.place_value(product), axes), axes)


def _expand(call: AtenCall, value: Value, added: Sequence[int]) -> Value:
    sizes = iter(value.shape)
    rank = len(value.shape) + len(added)
    return reshape_operand(call.build, value, tuple(1 if axis in added else next(sizes) for axis in range(rank)))


def einsum(call: AtenCall) -> GraphValue:
    """The sum of products that an equation says."""
    return sum_products(call.build, str(call.operands["equation"]), call.values("tensors"))


def attend(call: AtenCall) -> GraphValue:
    """softmax(query times key * scale, but for what is masked) times value."""
    build = call.build
    query, key, value = (call.computed(name) for name in ("query", "key", "value"))
    if call.flag("enable_gqa"):
        key, value = (_repeat_heads(build, each, query.shape[-3]) for each in (key, value))
    scale = call.number("scale") if call.has("scale") else query.shape[-1] ** -0.5
    rank = len(key.shape)
    turned = permute_operand(key, (*range(rank - 2), rank - 1, rank - 2))
    scores = multiply_number(build, multiply_matrices(build, query, turned), scale)
    mask = _read_mask(call, (query.shape[-2], key.shape[-2]))
    weights = softmax(build, _mask_scores(build, scores, mask), len(scores.shape) - 1)
    result = multiply_matrices(build, weights, value)
    return _drop_blind_rows(build, result, mask)


def _repeat_heads(build: GraphBuilder, value: GraphValue, heads: int) -> GraphValue:
    """Each head several times, one behind the other, so that there are as many as the query has."""
    axis = len(value.shape) - 3
    wide = add_axes(build, value, (axis + 1,))
    times = [heads // value.shape[axis] if index == axis + 1 else 1 for index in range(len(wide.shape))]
    return merge_axes(build, tile(build, wide, times), axis, 2)


def _read_mask(call: AtenCall, shape: tuple[int, int]) -> Value | None:
    if call.flag("is_causal"):
        return Const(values=np.tril(np.ones(shape, bool)))
    return call.optional("attn_mask")


def _mask_scores(build: GraphBuilder, scores: GraphValue, mask: Value | None) -> GraphValue:
    """Scores where a mask of truth values is true, or with numbers added."""
    if mask is None:
        return scores
    if value_type(build, mask) is not DType.BOOL:
        return apply_binary(build, "ADD", scores, mask)
    if isinstance(mask, Const):
        return apply_binary(build, "ADD", scores, Const(values=np.where(mask.values, 0.0, _MASKED)))
    return select(build, mask, scores, number(_MASKED))


def _drop_blind_rows(build: GraphBuilder, result: GraphValue, mask: Value | None) -> GraphValue:
    """Zeros for queries that a constant mask of truth values keeps from every key."""
    if not isinstance(mask, Const) or mask.values.dtype.kind != "b":
        return result
    seen = mask.values.any(axis=-1, keepdims=True)
    return result if seen.all() else apply_binary(build, "MUL", result, Const(values=seen.astype(np.float32)))


HANDLERS: Mapping[str, AtenHandler] = {
    **dict.fromkeys(["matmul", "bmm", "mm", "mv", "dot", "vdot"], multiply),
    **dict.fromkeys(["addmm", "baddbmm", "addmv"], add_product),
    **dict.fromkeys(["outer", "ger"], outer),
    "linear": linear,
    "einsum": einsum,
    "_trilinear": trilinear,
    "scaled_dot_product_attention": attend,
}
