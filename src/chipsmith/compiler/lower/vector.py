"""Lowering of vector chains: loops of an operator to the loops and lanes of VECTOR."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from chipsmith import numerics
from chipsmith.chip.description import Chip
from chipsmith.compiler.fuse.chains import InStage, VectorChain
from chipsmith.compiler.fuse.graph_index import integer, integers
from chipsmith.compiler.fuse.operators import POOLS
from chipsmith.compiler.lower.kernel import StreamOperand, UnplacedInstruction
from chipsmith.compiler.lower.types import machine_type
from chipsmith.compiler.lower.vector_loops import Loop, Nest, Way, find_ways, instructions, unrolled, way_cycles
from chipsmith.compiler.lower.view import View
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import Reduce, Rounding, Source, Table, Type, VectorInstruction
from chipsmith.program.stream_fields import StreamName
from chipsmith.tosa.graph import Operator


def lower_vector(chain: VectorChain, view: Callable[[str], View], chip: Chip) -> tuple[UnplacedInstruction, ...]:
    """The VECTOR instructions of a chain; `view` says where each of its tensors stands."""
    return pick_ways(chain_ways(chain, *chain_views(chain, view)), chip)


def chain_views(chain: VectorChain, view: Callable[[str], View]) -> tuple[View, View | None, View, View | None]:
    """Where operand A of a chain stands, operand B and the table where it has them, and its output: A, B, O, table."""
    a, o = view(chain.a.tensor), view(chain.output)
    b = view(chain.b.tensor) if isinstance(chain.b, InStage) else None
    table = view(chain.out.table_tensor) if chain.out.table is not Table.NONE else None
    return a, b, o, table


Steps: TypeAlias = tuple[UnplacedInstruction, ...]


def chain_ways(
    chain: VectorChain, a: View, b: View | None, o: View, table: View | None
) -> tuple[tuple[tuple[Way, Steps], ...], ...]:
    """For each loop nest of a chain the ways to cover it, each with its steps: what is the same for all chips."""
    template = chain_template(chain, a, b, o)
    return tuple(
        tuple(
            (way, tuple(_step(instruction, part, a, b, o, table) for instruction, part in unrolled(way)))
            for way in find_ways(scaled, nest)
        )
        for scaled, nest in _nests(chain, template, a, b, o)
    )


def pick_ways(nests: tuple[tuple[tuple[Way, Steps], ...], ...], chip: Chip) -> Steps:
    """The steps of the way that is fastest on a chip, nest by nest."""
    picked = (min(ways, key=lambda way: way_cycles(way[0], chip)) if len(ways) > 1 else ways[0] for ways in nests)
    return tuple(step for _, steps in picked for step in steps)


def lower_copy(source: View, target: View, chip: Chip) -> tuple[UnplacedInstruction, ...]:
    """The VECTOR instructions that copy a view, repeated to the target's shape where its size is 1."""
    return lower_elementwise(VectorInstruction(), source, None, target, chip)


def lower_elementwise(
    template: VectorInstruction,
    a: View,
    b: View | None,
    o: View,
    chip: Chip,
    *,
    a_type: Type | None = None,
    o_type: Type | None = None,
) -> tuple[UnplacedInstruction, ...]:
    """The VECTOR instructions that do the same to all elements of views that broadcast to `o`."""
    return lower_nest(template, elementwise(a, b, o), a, b, o, chip, a_type=a_type, o_type=o_type)


def lower_nest(
    template: VectorInstruction,
    nest: Nest,
    a: View,
    b: View | None,
    o: View,
    chip: Chip,
    *,
    a_type: Type | None = None,
    o_type: Type | None = None,
) -> tuple[UnplacedInstruction, ...]:
    """The VECTOR instructions of a nest over views; types are the views' own unless others are given."""
    typed = replace(
        template,
        a_type=machine_type(a.dtype) if a_type is None else a_type,
        o_type=machine_type(o.dtype) if o_type is None else o_type,
    )
    if b is not None:
        typed = replace(typed, b_source=Source.STREAM, b_type=machine_type(b.dtype))
    return tuple(_step(instruction, part, a, b, o, None) for instruction, part in instructions(typed, nest, chip))


# --- what the chain says -------------------------------------------------------------------------------------------


def chain_template(chain: VectorChain, a: View, b: View | None, o: View) -> VectorInstruction:
    """VECTOR with all that a chain says but its loops."""
    out = chain.out
    template = VectorInstruction(
        a_type=machine_type(a.dtype, unsigned=chain.a.unsigned),
        a_zero_point=chain.a.zero_point,
        a_left_shift=chain.a.left_shift,
        a_rounding=chain.a.scale.rounding,
        a_multiplier=chain.a.scale.multiplier,
        a_shift=chain.a.scale.shift,
        op=chain.op,
        op_argument=chain.op_argument,
        reduce=chain.reduce,
        o_rounding=out.scale.rounding,
        o_multiplier=out.scale.multiplier,
        o_shift=out.scale.shift,
        o_zero_point=out.zero_point,
        clamp_min=out.clamp_min,
        clamp_max=out.clamp_max,
        table=out.table,
        o_type=machine_type(o.dtype, unsigned=out.unsigned),
    )
    if isinstance(chain.b, int):
        return replace(template, b_source=Source.IMMEDIATE, b_immediate=chain.b)
    if chain.b is None or b is None:
        return template
    return replace(
        template,
        b_source=Source.STREAM,
        b_type=machine_type(b.dtype),
        b_zero_point=chain.b.zero_point,
        b_left_shift=chain.b.left_shift,
        b_rounding=chain.b.scale.rounding,
        b_multiplier=chain.b.scale.multiplier,
        b_shift=chain.b.scale.shift,
    )


def value_range(view: View, *, unsigned: bool) -> tuple[int, int]:
    """Least and greatest value of a view's elements."""
    bits = 8 * view.dtype.size_bytes
    return (0, (1 << bits) - 1) if unsigned else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def _nests(
    chain: VectorChain, template: VectorInstruction, a: View, b: View | None, o: View
) -> Iterator[tuple[VectorInstruction, Nest]]:
    """The loop nests of a chain, each with its template."""
    core = chain.core
    if core is not None and core.kind in POOLS:
        yield from _pool(core, template, a, o)
    elif chain.reduce is not Reduce.NONE and core is not None:
        yield template, reduction(integer(core, "axis"), a, None, o)
    else:
        yield template, elementwise(a, b, o)


def elementwise(a: View, b: View | None, o: View) -> Nest:
    """The loops over all elements of `o`, to whose shape the operands broadcast."""
    a = a.broadcast(o.shape)
    b_strides = b.broadcast(o.shape).strides if b is not None else (0,) * len(o.shape)
    loops = tuple(
        Loop(count=count, a=a_stride, b=b_stride, o=o_stride)
        for count, a_stride, b_stride, o_stride in zip(o.shape, a.strides, b_strides, o.strides, strict=True)
    )
    return Nest(loops=loops, a_base=a.offset, b_base=b.offset if b is not None else 0, o_base=o.offset)


def reduction(axis: int, a: View, b: View | None, o: View) -> Nest:
    """The loops over all elements of `a`, of which those along an axis become one of `o`, whose size there is 1."""
    b_strides = b.broadcast(a.shape).strides if b is not None else (0,) * len(a.shape)
    loops = tuple(
        Loop(count=count, a=a_stride, b=b_stride, o=0 if dimension == axis else o_stride, reduced=dimension == axis)
        for dimension, (count, a_stride, b_stride, o_stride) in enumerate(
            zip(a.shape, a.strides, b_strides, o.strides, strict=True)
        )
    )
    return Nest(loops=loops, a_base=a.offset, b_base=b.offset if b is not None else 0, o_base=o.offset)


@dataclass(frozen=True, kw_only=True)
class _PoolSpan:
    """Outputs `first` to `first + count` of a pooled axis whose windows have the taps `low` to `high`."""

    first: int
    count: int
    low: int
    high: int


def _spans(outputs: int, size: int, kernel: int, stride: int, pad: int) -> tuple[_PoolSpan, ...]:
    """Those before and behind one by one; between them lie the windows that are all within the input."""
    within = range(min(ceil_div(pad, stride), outputs), min((size - kernel + pad) // stride + 1, outputs))
    spans = [_span(output, size, kernel, stride, pad) for output in range(within.start if within else outputs)]
    if within:
        spans.append(_PoolSpan(first=within.start, count=len(within), low=0, high=kernel))
        spans += [_span(output, size, kernel, stride, pad) for output in range(within.stop, outputs)]
    return tuple(spans)


def _span(output: int, size: int, kernel: int, stride: int, pad: int) -> _PoolSpan:
    start = output * stride - pad
    return _PoolSpan(first=output, count=1, low=max(0, -start), high=min(kernel, size - start))


def _pool(core: Operator, template: VectorInstruction, a: View, o: View) -> Iterator[tuple[VectorInstruction, Nest]]:
    """A nest for each combination of rows and columns whose windows have the same taps."""
    (kernel_y, kernel_x), (stride_y, stride_x) = integers(core, "kernel"), integers(core, "stride")
    top, _, left, _ = integers(core, "pad")
    rows = _spans(o.shape[1], a.shape[1], kernel_y, stride_y, top)
    columns = _spans(o.shape[2], a.shape[2], kernel_x, stride_x, left)
    for y, x in itertools.product(rows, columns):
        taps_y, taps_x = y.high - y.low, x.high - x.low
        first_row = y.first * stride_y - top + y.low
        first_column = x.first * stride_x - left + x.low
        loops = (
            Loop(count=a.shape[0], a=a.strides[0], b=0, o=o.strides[0]),
            Loop(count=y.count, a=stride_y * a.strides[1], b=0, o=o.strides[1]),
            Loop(count=x.count, a=stride_x * a.strides[2], b=0, o=o.strides[2]),
            Loop(count=a.shape[3], a=a.strides[3], b=0, o=o.strides[3]),
            Loop(count=taps_y, a=a.strides[1], b=0, o=0, reduced=True),
            Loop(count=taps_x, a=a.strides[2], b=0, o=0, reduced=True),
        )
        nest = Nest(
            loops=loops,
            a_base=a.offset + first_row * a.strides[1] + first_column * a.strides[2],
            b_base=0,
            o_base=o.offset + y.first * o.strides[1] + x.first * o.strides[2],
        )
        yield _averaged(template, taps_y * taps_x) if core.kind == "AVG_POOL2D" else template, nest


def _averaged(template: VectorInstruction, count: int) -> VectorInstruction:
    """The template with its sums divided by a count."""
    scale = numerics.reciprocal_scale(count)
    multiplier, shift = int(scale.multiplier), int(scale.shift)
    return replace(template, o_rounding=Rounding.SINGLE, o_multiplier=multiplier, o_shift=shift)


def _step(
    instruction: VectorInstruction, nest: Nest, a: View, b: View | None, o: View, table: View | None
) -> UnplacedInstruction:
    operands = [
        StreamOperand(stream=StreamName.A, buffer=a.buffer, base=nest.a_base),
        StreamOperand(stream=StreamName.OUTPUT, buffer=o.buffer, base=nest.o_base, written=True),
    ]
    if b is not None:
        operands.append(StreamOperand(stream=StreamName.B, buffer=b.buffer, base=nest.b_base))
    if table is not None:
        operands.append(StreamOperand(stream=StreamName.TABLE, buffer=table.buffer, base=table.offset))
    return UnplacedInstruction(template=instruction, operands=tuple(operands))
