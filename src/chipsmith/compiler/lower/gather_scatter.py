"""GATHER and SCATTER: rows of a tensor that are named by numbers in another one."""

from __future__ import annotations

from collections.abc import Iterator

from chipsmith.compiler.lower.context import LoweringContext
from chipsmith.compiler.lower.kernel import UnplacedInstruction
from chipsmith.compiler.lower.vector import lower_copy, lower_nest
from chipsmith.compiler.lower.vector_loops import Loop, Nest
from chipsmith.compiler.lower.view import View
from chipsmith.program.instructions import Op, VectorInstruction
from chipsmith.tosa.graph import Operator


def gather(op: Operator, context: LoweringContext) -> Iterator[tuple[UnplacedInstruction, ...]]:
    """Rows of values [N, K, C] by numbers [N, W], one a beat, to [N, W, C]; zeros where there is no such row."""
    values, numbers = (context.view(name) for name in op.inputs)
    o = context.view(op.outputs[0])
    nest = _nest(a=values, numbers=numbers, o=o, a_step=0, o_step=o.strides[1])
    yield _moved(Op.GATHER, values, nest, values, numbers, o, context)


def scatter(op: Operator, context: LoweringContext) -> Iterator[tuple[UnplacedInstruction, ...]]:
    """A copy of values [N, K, C], then rows of input [N, W, C] to the rows that the numbers [N, W] name."""
    values, numbers, rows = (context.view(name) for name in op.inputs)
    o = context.view(op.outputs[0])
    yield lower_copy(values, o, context.chip)
    nest = _nest(a=rows, numbers=numbers, o=o, a_step=rows.strides[1], o_step=0)
    yield _moved(Op.SCATTER, o, nest, rows, numbers, o, context)


def _nest(*, a: View, numbers: View, o: View, a_step: int, o_step: int) -> Nest:
    """Loops over batch, numbers and elements of a row; the steps are those of the loop over numbers."""
    loops = (
        Loop(count=o.shape[0], a=a.strides[0], b=numbers.strides[0], o=o.strides[0]),
        Loop(count=numbers.shape[1], a=a_step, b=numbers.strides[1], o=o_step),
        Loop(count=o.shape[2], a=a.strides[2], b=0, o=o.strides[2]),
    )
    return Nest(loops=loops, a_base=a.offset, b_base=numbers.offset, o_base=o.offset)


def _moved(
    op: Op, table: View, nest: Nest, a: View, numbers: View, o: View, context: LoweringContext
) -> tuple[UnplacedInstruction, ...]:
    template = VectorInstruction(op=op, rows=table.shape[1], row_pitch=table.strides[1])
    return lower_nest(template, nest, a, numbers, o, context.chip)
