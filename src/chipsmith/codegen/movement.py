"""Operators that move elements: copies between affine views of two tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from chipsmith.codegen.ctext import C_TYPES, literal
from chipsmith.codegen.elementwise import index_text, nest
from chipsmith.codegen.step import CStep
from chipsmith.codegen.storage import GraphLayout, viewed
from chipsmith.codegen.unit import Unit
from chipsmith.codegen.views import AffineView, block, collapse, contiguous
from chipsmith.tosa.graph import DType, Operator
from chipsmith.tosa.operators.row import Operation
from chipsmith.tosa.verify import operation_of


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The elements of view `source` of tensor `name` go to view `target` of the output, which has the same sizes."""

    name: str
    source: AffineView
    target: AffineView


Copies = Callable[[Operation, GraphLayout], Sequence[Copy]]


def _joined(operation: Operation, layout: GraphLayout) -> Sequence[Copy]:
    axis, whole = operation.integer("axis"), contiguous(operation.output.shape)
    starts = [0, *accumulate(tensor.shape[axis] for tensor in operation.inputs)]
    origin = [0] * len(whole.sizes)
    return tuple(
        Copy(
            name=tensor.name,
            source=layout.view(tensor.name),
            target=block(whole, [*origin[:axis], start, *origin[axis + 1 :]], tensor.shape),
        )
        for tensor, start in zip(operation.inputs, starts, strict=False)
    )


def _padded(operation: Operation, layout: GraphLayout) -> Sequence[Copy]:
    """The constant goes everywhere first: that copy's source has strides of 0."""
    whole, inner = contiguous(operation.output.shape), operation.shape("input1")
    constant = AffineView(sizes=whole.sizes, strides=(0,) * len(whole.sizes))
    target = block(whole, operation.values("padding")[0::2], inner)
    return (
        Copy(name=operation.inputs[2].name, source=constant, target=whole),
        Copy(name=operation.inputs[0].name, source=layout.view(operation.inputs[0].name), target=target),
    )


def _tiled(operation: Operation, layout: GraphLayout) -> Sequence[Copy]:
    """Each axis is two: the repetition, along which the source stands still, and the axis itself."""
    sizes, multiples = operation.shape("input1"), operation.values("multiples")
    split = tuple(size for pair in zip(multiples, sizes, strict=True) for size in pair)
    whole, inner = contiguous(split), layout.view(operation.inputs[0].name)
    strides = tuple(stride for own in inner.strides for stride in (0, own))
    return (
        Copy(
            name=operation.inputs[0].name,
            source=AffineView(sizes=split, strides=strides, offset=inner.offset),
            target=whole,
        ),
    )


def _viewed(operation: Operation, layout: GraphLayout) -> Sequence[Copy]:
    name = operation.inputs[0].name
    source = viewed(operation, layout.view(name))
    assert source is not None, "a RESHAPE whose input lies in order copies nothing"
    return (Copy(name=name, source=source, target=contiguous(operation.output.shape)),)


MOVEMENTS: Mapping[str, Copies] = {
    "CONCAT": _joined,
    "IDENTITY": _viewed,
    "PAD": _padded,
    "RESHAPE": _viewed,
    "REVERSE": _viewed,
    "SLICE": _viewed,
    "TILE": _tiled,
    "TRANSPOSE": _viewed,
}
"""The copies that each operator of this kind stands for, in order."""


def movement_step(layout: GraphLayout, operator: Operator) -> CStep:
    """The step of an operator of MOVEMENTS."""
    copies = MOVEMENTS[operator.kind](operation_of(layout.graph, operator), layout)
    output = operator.outputs[0]
    return CStep(
        operators=(operator,),
        reads=layout.computed(copy.name for copy in copies),
        writes=(output,),
        write=lambda unit, _: "\n".join(_write(layout, copy, output, unit) for copy in copies),
    )


def _write(layout: GraphLayout, copy: Copy, output: str, unit: Unit) -> str:
    data, dtype = layout.data(copy.name), layout.graph.tensor(output).dtype
    target = unit.element(output, copy.target.offset)
    if data is not None and data.size == 1:
        return _fill(copy, int(data[0]), target, dtype, unit)
    source = unit.element(layout.root(copy.name), copy.source.offset)
    return _copy(copy, source, target, dtype, unit)


def _copy(copy: Copy, source: str, target: str, dtype: DType, unit: Unit) -> str:
    if copy.source.is_contiguous and copy.target.is_contiguous:
        return f"memcpy({target}, {source}, {math.prod(copy.source.sizes) * dtype.size_bytes});"
    ctype = C_TYPES[dtype]
    body = _loops(copy, "out[{}] = in[{}];")
    function = unit.add_function("copy", f"{ctype} *restrict out, const {ctype} *restrict in", body)
    return f"{function}({target}, {source});"


def _fill(copy: Copy, value: int, target: str, dtype: DType, unit: Unit) -> str:
    if copy.target.is_contiguous and (value == 0 or dtype.size_bytes == 1):
        return f"memset({target}, {value}, {math.prod(copy.target.sizes) * dtype.size_bytes});"
    body = _loops(copy, "out[{}] = " + f"{literal(value)};")
    return f"{unit.add_function('fill', f'{C_TYPES[dtype]} *restrict out', body)}({target});"


def _loops(copy: Copy, line: str) -> str:
    sizes, (targets, sources) = collapse(copy.target.sizes, [copy.target.strides, copy.source.strides])
    return nest(sizes, [line.format(index_text(targets, 0), index_text(sources, 0))])
