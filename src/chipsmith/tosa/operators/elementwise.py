"""What the element-wise chapters share: broadcasting of shapes, and rows of one or two operands."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.tosa.graph import DType
from chipsmith.tosa.operators.row import Attribute, Meaning, Operand, Operation, OperatorRow, Shape, shape_of

BITS = {DType.INT8: 8, DType.INT16: 16, DType.INT32: 32}
INT_TYPES = tuple({"in_out_t": dtype} for dtype in BITS)
INT32_TYPES = ({"in_out_t": DType.INT32},)
BOOL_TYPES = ({"in_out_t": DType.BOOL},)
_SPREAD_OPERANDS = ("input1", "input2", "input3")


def shapes_broadcast(operation: Operation) -> bool:
    """The operands have one rank, and each dimension is the same in all of them or 1."""
    shapes = _spread_shapes(operation)
    if len({len(shape) for shape in shapes}) > 1:
        return False
    return all(len({size for size in sizes if size != 1}) <= 1 for sizes in zip(*shapes, strict=True))


def broadcast_shape(operation: Operation) -> Shape:
    """The largest size of each dimension."""
    shapes = _spread_shapes(operation)
    return tuple(max(sizes) for sizes in zip(*shapes, strict=True))


def _spread_shapes(operation: Operation) -> list[Shape]:
    return [tensor.shape for name, tensor in operation.tensors.items() if name in _SPREAD_OPERANDS]


def binary_row(
    *,
    kind: str,
    chapter: str,
    summary: str,
    types: Sequence[dict[str, DType]],
    meaning: Meaning,
    attributes: tuple[Attribute, ...] = (),
    operand_type: str = "in_out_t",
    output_type: str = "in_out_t",
) -> OperatorRow:
    """The row of an operator that combines two tensors element by element, with broadcasting."""
    return OperatorRow(
        kind=kind,
        chapter=chapter,
        summary=summary,
        inputs=(Operand(name="input1", type_name=operand_type), Operand(name="input2", type_name=operand_type)),
        output=Operand(name="output", type_name=output_type),
        types=tuple(types),
        attributes=attributes,
        constraints=(shapes_broadcast,),
        shape=broadcast_shape,
        meaning=meaning,
    )


def unary_row(
    *, kind: str, chapter: str, summary: str, types: Sequence[dict[str, DType]], meaning: Meaning
) -> OperatorRow:
    """The row of an operator that maps a tensor element by element."""
    return OperatorRow(
        kind=kind,
        chapter=chapter,
        summary=summary,
        inputs=(Operand(name="input1", type_name="in_out_t"),),
        output=Operand(name="output", type_name="in_out_t"),
        types=tuple(types),
        shape=shape_of("input1"),
        meaning=meaning,
    )
