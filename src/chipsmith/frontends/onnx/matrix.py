"""Gemm and MatMul: by constant weights as 1 x 1 convolutions, of two activations as MATMUL."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.convolution import narrow_weights, read_bias, read_weights
from chipsmith.frontends.onnx.lowering import Handler, Lowering, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.frontends.onnx.requantize import arrange, extend_rank, restore_order
from chipsmith.frontends.onnx.values import Acc32, AffineInt8, QuantisedConst, Shape, Value, permute
from chipsmith.tosa.graph import AttributeValue, DType

_ONE_BY_ONE: Mapping[str, AttributeValue] = {
    "pad": (0, 0, 0, 0),
    "stride": (1, 1),
    "dilation": (1, 1),
    "local_bound": False,
    "acc_type": "INT32",
}


def _lower_gemm(lower: Lowering, node: Node) -> Sequence[Value]:
    left, alpha, beta = lower.read_affine(node, 0), node.number("alpha", 1.0), node.number("beta", 1.0)
    if len(left.shape) != 2 or alpha <= 0:
        raise refuse(
            node, f"matrices of rank {len(left.shape)} and alpha {alpha}; rank 2 and a positive alpha are held"
        )
    left = permute(left, (1, 0)) if node.integer("transA", 0) else left
    left = replace(left, scale=left.scale * alpha)
    weights = read_weights(lower, node, 1)
    weights = weights if node.integer("transB", 0) else _transpose(weights)
    return [_multiply_weights(lower, node, left, weights, beta)]


def _lower_matmul(lower: Lowering, node: Node) -> Sequence[Value]:
    second = lower.settle(node, 1)
    if isinstance(second, QuantisedConst) and len(second.shape) == 2:
        return [
            _multiply_weights(lower, node, lower.read_affine(node, 0), _transpose(read_weights(lower, node, 1)), 1.0)
        ]
    return [_multiply_activations(lower, node)]


def _transpose(weights: QuantisedConst) -> QuantisedConst:
    """The transpose of a matrix."""
    if weights.integers.ndim != 2:
        raise BadInput(f"weights of rank {weights.integers.ndim} where a matrix belongs")
    return replace(weights, integers=weights.integers.T, axis=1 - weights.axis)


def _multiply_weights(lower: Lowering, node: Node, left: AffineInt8, weights: QuantisedConst, beta: float) -> Acc32:
    """left (..., K) times the transpose of weights (N, K), plus a bias, which Gemm alone has."""
    build = lower.build
    columns, inner = weights.shape
    if not left.shape or left.shape[-1] != inner:
        raise BadInput(f"{node.kind} '{node.name}': {left.shape} does not fit weights of {weights.shape[::-1]}")
    if weights.scale.size > 1 and weights.axis != 0:
        raise refuse(node, "its weights have scales along the axis that is summed; quantise them by output channel")
    integers, zero_point = narrow_weights(weights, node)
    scale = weights.scale * left.scale
    bias = read_bias(lower, node, 2, scale, beta) if node.kind == "Gemm" else None
    if bias is not None and bias.size not in (1, columns):
        raise refuse(node, "a bias that differs by row is not held")
    bias = np.zeros(columns, np.int64) if bias is None else np.broadcast_to(bias.reshape(-1), (columns,))
    rows = math.prod(left.shape[:-1])
    operands = (
        build.reshape(restore_order(build, left).tensor, (rows, 1, 1, inner)),
        build.constant(integers.reshape(columns, 1, 1, inner), DType.INT8),
        build.constant(bias, DType.INT32),
        build.constant([left.zero_point], DType.INT8),
        build.constant([zero_point], DType.INT8),
    )
    tensor = build.emit("CONV2D", operands, (rows, 1, 1, columns), DType.INT32, _ONE_BY_ONE)
    reach = max(128 + left.zero_point, 127 - left.zero_point)
    shape = (*left.shape[:-1], columns)
    return Acc32(
        tensor=build.reshape(tensor, shape),
        shape=shape,
        axes=tuple(range(len(shape))),
        scale=scale,
        bound=(np.abs(integers - zero_point).sum(axis=1) * reach + np.abs(bias)).astype(np.float64),
    )


def _multiply_activations(lower: Lowering, node: Node) -> Acc32:
    """A product of two matrices for each index of the axes before the last two, which broadcast."""
    build = lower.build
    left, right = _read_operand(lower, node, 0), _read_operand(lower, node, 1)
    rank = max(len(left.shape), len(right.shape))
    if min(len(left.shape), len(right.shape)) < 2:
        raise refuse(node, "products with a vector are not held; give it a second axis")
    left, right = extend_rank(build, left, rank), extend_rank(build, right, rank)
    batch = tuple(np.broadcast_shapes(left.shape[:-2], right.shape[:-2]))
    rows, inner, columns = left.shape[-2], left.shape[-1], right.shape[-1]
    if inner != right.shape[-2]:
        raise BadInput(f"{node.kind} '{node.name}': {left.shape} and {right.shape} are no factors of a product")
    operands = (
        _stack(lower, left, batch),
        _stack(lower, right, batch),
        build.constant([left.zero_point], DType.INT8),
        build.constant([right.zero_point], DType.INT8),
    )
    tensor = build.emit("MATMUL", operands, (math.prod(batch), rows, columns), DType.INT32)
    shape = (*batch, rows, columns)
    bounds = [float(max(128 + operand.zero_point, 127 - operand.zero_point)) for operand in (left, right)]
    return Acc32(
        tensor=build.reshape(tensor, shape),
        shape=shape,
        axes=tuple(range(len(shape))),
        scale=np.array([left.scale * right.scale]),
        bound=np.array([bounds[0] * bounds[1] * inner]),
    )


def _read_operand(lower: Lowering, node: Node, index: int) -> AffineInt8:
    """A factor as int8; a constant one becomes a tensor of the graph."""
    value = lower.settle(node, index)
    if not isinstance(value, QuantisedConst):
        return lower.read_affine(node, index)
    if value.scale.size > 1:
        raise refuse(node, "stacked weights with a scale for each channel are not held; quantise them per tensor")
    integers, zero_point = narrow_weights(value, node)
    tensor = lower.build.constant(integers, DType.INT8)
    axes = tuple(range(len(value.shape)))
    return AffineInt8(tensor=tensor, shape=value.shape, axes=axes, scale=float(value.scale[0]), zero_point=zero_point)


def _stack(lower: Lowering, value: AffineInt8, batch: Shape) -> str:
    """The matrices as (N, rows, columns), repeated where the batch asks for more."""
    build = lower.build
    tensor = arrange(build, value, tuple(range(len(value.shape)))).tensor
    if value.shape[:-2] != batch:
        multiples = (*(wide // own for wide, own in zip(batch, value.shape[:-2], strict=True)), 1, 1)
        operands = (tensor, build.shape_constant(multiples))
        tensor = build.emit("TILE", operands, (*batch, *value.shape[-2:]), DType.INT8)
    return build.reshape(tensor, (math.prod(batch), *value.shape[-2:]))


HANDLERS: Mapping[str, Handler] = {"Gemm": _lower_gemm, "MatMul": _lower_matmul}
