"""Operators that move elements and change none."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.row import (
    MAX_TENSOR_LIST,
    Attribute,
    Constraint,
    Meaning,
    Operand,
    Operation,
    OperatorRow,
    Shape,
    ShapeRule,
    Values,
    integer,
    integers,
    shape_of,
)
from chipsmith.tosa.operators.rules import axis_is_in_range

_CHAPTER = "Data layout"
_TYPES = tuple({"in_out_t": dtype} for dtype in (DType.BOOL, DType.INT8, DType.INT16, DType.INT32))


def _shape_operand(name: str) -> Operand:
    return Operand(name=name, type_name="shape_t", min_rank=1, max_rank=1, compile_time=True)


def inputs_agree_outside_of_the_axis(operation: Operation) -> bool:
    """One to 64 inputs, which have one rank and the same sizes but along the axis."""
    axis = operation.integer("axis")
    shapes = [tensor.shape for tensor in operation.inputs]
    others = {(shape[:axis], shape[axis + 1 :], len(shape)) for shape in shapes}
    return 1 <= len(shapes) <= MAX_TENSOR_LIST and len(others) == 1


def _joined_shape(operation: Operation) -> Shape:
    axis, shape = operation.integer("axis"), operation.shape("input1")
    return (*shape[:axis], sum(tensor.shape[axis] for tensor in operation.inputs), *shape[axis + 1 :])


def _concat(operation: Operation, values: Sequence[Values]) -> Values:
    inferences = max(len(array) for array in values)
    spread = [np.broadcast_to(array, (inferences, *array.shape[1:])) for array in values]
    return np.concatenate(spread, axis=operation.integer("axis") + 1)


def padding_fits(operation: Operation) -> bool:
    """Padding holds two numbers of 0 or more (before, after) for each axis, and one element pads."""
    padding = operation.values("padding")
    right_count = len(padding) == 2 * len(operation.shape("input1"))
    return right_count and min(padding) >= 0 and operation.shape("pad_const") == (1,)


def _padded_shape(operation: Operation) -> Shape:
    padding = operation.values("padding")
    sizes = zip(operation.shape("input1"), padding[0::2], padding[1::2], strict=True)
    return tuple(before + size + after for size, before, after in sizes)


def _pad(operation: Operation, values: Sequence[Values]) -> Values:
    padding = operation.values("padding")
    widths = [(0, 0), *zip(padding[0::2], padding[1::2], strict=True)]
    return np.pad(values[0], widths, constant_values=operation.constants["pad_const"].reshape(-1)[0])


def elements_are_kept(operation: Operation) -> bool:
    """The new shape has positive sizes and as many elements as the old."""
    shape = operation.values("shape")
    return min(shape, default=1) >= 1 and math.prod(shape) == math.prod(operation.shape("input1"))


def _new_shape(operation: Operation) -> Shape:
    return operation.values("shape")


def _reshape(operation: Operation, values: Sequence[Values]) -> Values:
    return values[0].reshape(-1, *operation.output.shape)


def _reverse(operation: Operation, values: Sequence[Values]) -> Values:
    return np.flip(values[0], axis=operation.integer("axis") + 1)


def slice_is_inside(operation: Operation) -> bool:
    """Start and size have one number an axis; start is 0 or more, size 1 or more, and both stay inside of the input."""
    start, size, shape = operation.values("start"), operation.values("size"), operation.shape("input1")
    if not len(start) == len(size) == len(shape):
        return False
    return all(s >= 0 and n >= 1 and s + n <= whole for s, n, whole in zip(start, size, shape, strict=True))


def _slice_shape(operation: Operation) -> Shape:
    return operation.values("size")


def _slice(operation: Operation, values: Sequence[Values]) -> Values:
    bounds = zip(operation.values("start"), operation.values("size"), strict=True)
    return values[0][(slice(None), *(slice(start, start + size) for start, size in bounds))]


def multiples_fit(operation: Operation) -> bool:
    """There is one multiple of 1 or more for each axis."""
    multiples = operation.values("multiples")
    return len(multiples) == len(operation.shape("input1")) and min(multiples) >= 1


def _tiled_shape(operation: Operation) -> Shape:
    sizes = zip(operation.shape("input1"), operation.values("multiples"), strict=True)
    return tuple(size * multiple for size, multiple in sizes)


def _tile(operation: Operation, values: Sequence[Values]) -> Values:
    return np.tile(values[0], (1, *operation.values("multiples")))


def perms_is_a_permutation(operation: Operation) -> bool:
    """Perms holds each of the input's axes once."""
    return sorted(operation.integers("perms")) == list(range(len(operation.shape("input1"))))


def _transposed_shape(operation: Operation) -> Shape:
    shape = operation.shape("input1")
    return tuple(shape[axis] for axis in operation.integers("perms"))


def _transpose(operation: Operation, values: Sequence[Values]) -> Values:
    return values[0].transpose(0, *(axis + 1 for axis in operation.integers("perms")))


def _identity(operation: Operation, values: Sequence[Values]) -> Values:
    del operation
    return values[0]


def _row(
    *,
    kind: str,
    summary: str,
    shape: ShapeRule,
    meaning: Meaning,
    constraints: tuple[Constraint, ...] = (),
    more_inputs: tuple[Operand, ...] = (),
    attributes: tuple[Attribute, ...] = (),
    min_rank: int = 1,
    chapter: str = _CHAPTER,
    variadic: bool = False,
) -> OperatorRow:
    first = Operand(name="input1", type_name="in_out_t", min_rank=min_rank, variadic=variadic)
    return OperatorRow(
        kind=kind,
        chapter=chapter,
        summary=summary,
        inputs=(first, *more_inputs),
        output=Operand(name="output", type_name="in_out_t", min_rank=min_rank),
        types=_TYPES,
        attributes=attributes,
        constraints=constraints,
        shape=shape,
        meaning=meaning,
    )


CONCAT = _row(
    kind="CONCAT",
    summary="Tensors joined along an axis.",
    attributes=(integer("axis"),),
    constraints=(axis_is_in_range, inputs_agree_outside_of_the_axis),
    shape=_joined_shape,
    meaning=_concat,
    variadic=True,
)
PAD = _row(
    kind="PAD",
    summary="A constant around the input.",
    more_inputs=(
        _shape_operand("padding"),
        Operand(name="pad_const", type_name="in_out_t", min_rank=1, max_rank=1, compile_time=True),
    ),
    constraints=(padding_fits,),
    shape=_padded_shape,
    meaning=_pad,
)
RESHAPE = _row(
    kind="RESHAPE",
    summary="The same elements in the same order under another shape.",
    more_inputs=(_shape_operand("shape"),),
    constraints=(elements_are_kept,),
    shape=_new_shape,
    meaning=_reshape,
    min_rank=0,
)
REVERSE = _row(
    kind="REVERSE",
    summary="The order of elements along an axis turned round.",
    attributes=(integer("axis"),),
    constraints=(axis_is_in_range,),
    shape=shape_of("input1"),
    meaning=_reverse,
)
SLICE = _row(
    kind="SLICE",
    summary="A block of the input.",
    more_inputs=(_shape_operand("start"), _shape_operand("size")),
    constraints=(slice_is_inside,),
    shape=_slice_shape,
    meaning=_slice,
)
TILE = _row(
    kind="TILE",
    summary="The input repeated along each axis.",
    more_inputs=(_shape_operand("multiples"),),
    constraints=(multiples_fit,),
    shape=_tiled_shape,
    meaning=_tile,
)
TRANSPOSE = _row(
    kind="TRANSPOSE",
    summary="Axes in another order: output axis i is input axis perms[i].",
    attributes=(integers("perms"),),
    constraints=(perms_is_a_permutation,),
    shape=_transposed_shape,
    meaning=_transpose,
)
IDENTITY = _row(
    kind="IDENTITY",
    summary="The input.",
    shape=shape_of("input1"),
    meaning=_identity,
    min_rank=0,
    chapter="Data nodes",
)

ROWS = (CONCAT, IDENTITY, PAD, RESHAPE, REVERSE, SLICE, TILE, TRANSPOSE)
