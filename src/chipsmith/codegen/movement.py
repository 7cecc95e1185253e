"""Operators that move elements: copies between affine views of two tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from chipsmith.codegen.ctext import C_TYPES, literal
from chipsmith.codegen.elementwise import index_text, nest
from chipsmith.codegen.step import Pointers, Step
from chipsmith.codegen.unit import Unit
from chipsmith.codegen.views import View, block, collapse, contiguous, flipped, permuted
from chipsmith.tosa.graph import DType, Graph, Operator
from chipsmith.tosa.operators.row import Operation
from chipsmith.tosa.verify import operation_of


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The elements of view `source` of tensor `name` go to view `target` of the output, which has the same sizes."""

    name: str
    source: View
    target: View


Copies = Callable[[Operation], Sequence[Copy]]


def source_view(operation: Operation) -> View | None:
    """What a SLICE, TRANSPOSE, REVERSE, RESHAPE or IDENTITY reads of its input; None for other operators."""
    whole = contiguous(operation.inputs[0].shape)
    match operation.operator.kind:
        case "SLICE":
            return block(whole, operation.values("start"), operation.values("size"))
        case "TRANSPOSE":
            return permuted(whole, operation.integers("perms"))
        case "REVERSE":
            return flipped(whole, operation.integer("axis"))
        case "RESHAPE" | "IDENTITY":
            return contiguous(operation.output.shape)
        case _:
            return None


def _viewed(operation: Operation) -> Sequence[Copy]:
    view = source_view(operation)
    assert view is not None
    return (Copy(name=operation.inputs[0].name, source=view, target=contiguous(operation.output.shape)),)


def _joined(operation: Operation) -> Sequence[Copy]:
    axis, whole = operation.integer("axis"), contiguous(operation.output.shape)
    starts = [0, *accumulate(tensor.shape[axis] for tensor in operation.inputs)]
    origin = [0] * len(whole.sizes)
    return tuple(
        Copy(
            name=tensor.name,
            source=contiguous(tensor.shape),
            target=block(whole, [*origin[:axis], start, *origin[axis + 1 :]], tensor.shape),
        )
        for tensor, start in zip(operation.inputs, starts, strict=False)
    )


def _padded(operation: Operation) -> Sequence[Copy]:
    """The constant goes everywhere first: that copy's source has strides of 0."""
    whole, inner = contiguous(operation.output.shape), operation.shape("input1")
    constant = View(sizes=whole.sizes, strides=(0,) * len(whole.sizes))
    target = block(whole, operation.values("padding")[0::2], inner)
    return (
        Copy(name=operation.inputs[2].name, source=constant, target=whole),
        Copy(name=operation.inputs[0].name, source=contiguous(inner), target=target),
    )


def _tiled(operation: Operation) -> Sequence[Copy]:
    """Each axis is two: the repetition, along which the source stands still, and the axis itself."""
    sizes, multiples = operation.shape("input1"), operation.values("multiples")
    split = tuple(size for pair in zip(multiples, sizes, strict=True) for size in pair)
    whole, inner = contiguous(split), contiguous(sizes)
    strides = tuple(stride for own in inner.strides for stride in (0, own))
    return (Copy(name=operation.inputs[0].name, source=View(sizes=split, strides=strides), target=whole),)


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


def movement_step(graph: Graph, operator: Operator) -> Step:
    """The step of an operator of MOVEMENTS."""
    copies = MOVEMENTS[operator.kind](operation_of(graph, operator))
    output = operator.outputs[0]
    return Step(
        operators=(operator,),
        reads=tuple(dict.fromkeys(copy.name for copy in copies if copy.name not in graph.constants)),
        writes=(output,),
        write=lambda unit, pointers: _write(graph, copies, output, unit, pointers),
    )


def _write(graph: Graph, copies: Sequence[Copy], output: str, unit: Unit, pointers: Pointers) -> str:
    dtype = graph.tensor(output).dtype
    calls = [_copy(graph, copy, pointers[output], dtype, unit, pointers) for copy in copies]
    return "\n".join(calls)


def _copy(graph: Graph, copy: Copy, target: str, dtype: DType, unit: Unit, pointers: Pointers) -> str:
    data = graph.constant(copy.name)
    if data is not None and data.size == 1:
        return _fill(copy, int(data.reshape(-1)[0]), target, dtype, unit)
    source = pointers[copy.name] if data is None else unit.add_array("constant", data, dtype)
    return copy_call(copy, source, target, dtype, unit)


def copy_call(copy: Copy, source: str, target: str, dtype: DType, unit: Unit) -> str:
    """The call that copies between two views."""
    source, target = _moved(source, copy.source.offset), _moved(target, copy.target.offset)
    if copy.source.is_contiguous and copy.target.is_contiguous:
        return f"memcpy({target}, {source}, {math.prod(copy.source.sizes) * dtype.size_bytes});"
    ctype = C_TYPES[dtype]
    line = "out[{}] = in[{}];"
    body = _loops(copy, line)
    function = unit.add_function("copy", f"{ctype} *restrict out, const {ctype} *restrict in", body)
    return f"{function}({target}, {source});"


def _fill(copy: Copy, value: int, target: str, dtype: DType, unit: Unit) -> str:
    target = _moved(target, copy.target.offset)
    if copy.target.is_contiguous and (value == 0 or dtype.size_bytes == 1):
        return f"memset({target}, {value}, {math.prod(copy.target.sizes) * dtype.size_bytes});"
    body = _loops(copy, "out[{}] = " + f"{literal(value)};")
    return f"{unit.add_function('fill', f'{C_TYPES[dtype]} *restrict out', body)}({target});"


def _moved(pointer: str, offset: int) -> str:
    return f"{pointer} + {offset}" if offset else pointer


def _loops(copy: Copy, line: str) -> str:
    sizes, (targets, sources) = collapse(copy.target.sizes, [copy.target.strides, copy.source.strides])
    return nest(sizes, [line.format(index_text(targets, 0), index_text(sources, 0))])
