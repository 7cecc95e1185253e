"""RESIZE as copies and weighted sums of rows, then of columns: outputs of one phase step evenly through the input."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chipsmith.compiler.lower.context import LoweringContext
from chipsmith.compiler.lower.kernel import UnplacedInstruction
from chipsmith.compiler.lower.vector import lower_nest
from chipsmith.compiler.lower.vector_loops import Loop, Nest
from chipsmith.compiler.lower.view import View
from chipsmith.program.instructions import Op, Reduce, VectorInstruction
from chipsmith.tosa.graph import DType, Operator
from chipsmith.tosa.operators.image import ResizeAxis

_ROWS, _COLUMNS = 1, 2
_BLEND = VectorInstruction(op=Op.MUL, reduce=Reduce.SUM)


@dataclass(frozen=True, kw_only=True)
class ResizeRun:
    """Outputs `first`, `first + step`, ... that read input `source`, `source + source_step`, ... and `beside` it.

    `phase` names their common weights.
    """

    first: int
    count: int
    step: int
    source: int
    source_step: int
    beside: int
    phase: int


def resize(op: Operator, context: LoweringContext) -> Iterator[tuple[UnplacedInstruction, ...]]:
    """The stages of RESIZE: rows into a tensor between, then its columns into the output."""
    a, o = context.view(op.inputs[0]), context.view(op.outputs[0])
    scale, offset, border = (context.index.graph.constants[name].tolist() for name in op.inputs[1:4])
    rows, columns = (
        ResizeAxis(
            size=a.shape[1 + index],
            numerator=scale[2 * index],
            denominator=scale[2 * index + 1],
            offset=offset[index],
            border=border[index],
        )
        for index in range(2)
    )
    stage = _blend if op.attributes["mode"] == "BILINEAR" else _pick
    between = context.scratch((a.shape[0], o.shape[1], *a.shape[2:]), DType(o.dtype))
    yield tuple(stage(rows, _ROWS, a, between, context))
    yield tuple(stage(columns, _COLUMNS, between, o, context))


def _pick(axis: ResizeAxis, position: int, a: View, o: View, context: LoweringContext) -> Iterator[UnplacedInstruction]:
    before, behind, distance = axis.neighbours()
    nearest = np.where(2 * distance >= axis.numerator, behind, before)
    for run in runs(nearest.tolist(), nearest.tolist(), _period(axis)):
        yield from lower_nest(VectorInstruction(), _nest(run, position, a, o, ()), a, None, o, context.chip)


def _blend(
    axis: ResizeAxis, position: int, a: View, o: View, context: LoweringContext
) -> Iterator[UnplacedInstruction]:
    before, behind, distance = axis.neighbours()
    behind = np.where(distance == 0, before, behind)
    weights = np.stack([axis.numerator - distance, distance], axis=1)[: _period(axis)]
    table = context.constant(weights.astype(np.int32))
    for run in runs(before.tolist(), behind.tolist(), _period(axis)):
        taps = Loop(count=2, a=run.beside * a.strides[position], b=table.strides[1], o=0, reduced=True)
        nest = _nest(run, position, a, o, (taps,))
        nest = nest.moved(Loop(count=1, a=0, b=table.strides[0], o=0), run.phase)
        yield from lower_nest(_BLEND, nest, a, table, o, context.chip)


def _period(axis: ResizeAxis) -> int:
    """After so many outputs the distances repeat."""
    return axis.numerator // math.gcd(axis.numerator, axis.denominator)


def _nest(run: ResizeRun, position: int, a: View, o: View, taps: tuple[Loop, ...]) -> Nest:
    others = [axis for axis in range(len(o.shape)) if axis != position]
    loops = [
        Loop(count=o.shape[dimension], a=a.strides[dimension], b=0, o=o.strides[dimension]) for dimension in others
    ]
    along = Loop(count=run.count, a=run.source_step * a.strides[position], b=0, o=run.step * o.strides[position])
    return Nest(
        loops=(*loops, along, *taps),
        a_base=a.offset + run.source * a.strides[position],
        b_base=0,
        o_base=o.offset + run.first * o.strides[position],
    )


def runs(before: list[int], behind: list[int], period: int) -> Iterator[ResizeRun]:
    """The fewest runs in which the outputs of each phase step evenly through the input, the edges apart."""
    for phase in range(min(period, len(before))):
        positions = list(range(phase, len(before), period))
        start = 0
        while start < len(positions):
            end = _even_end([(before[output], behind[output]) for output in positions[start:]]) + start
            first = positions[start]
            step = before[positions[start + 1]] - before[first] if end > start + 1 else 0
            yield ResizeRun(
                first=first,
                count=end - start,
                step=period,
                source=before[first],
                source_step=step,
                beside=behind[first] - before[first],
                phase=phase,
            )
            start = end


def _even_end(pairs: list[tuple[int, int]]) -> int:
    """How many pairs from the first on have one difference from each to the next, the same in both numbers."""
    if len(pairs) < 2:
        return len(pairs)
    step = pairs[1][0] - pairs[0][0]
    end = 1
    while end < len(pairs) and all(pairs[end][side] - pairs[end - 1][side] == step for side in (0, 1)):
        end += 1
    return end
