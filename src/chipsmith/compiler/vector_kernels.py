"""Lowering of vector chains: loops of an operator to the loops and lanes of VECTOR."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from chipsmith import numerics
from chipsmith.chip.description import Chip
from chipsmith.compiler.chains import InStage, VectorChain
from chipsmith.compiler.kernels import Operand, Step
from chipsmith.compiler.lookup import integer, integers
from chipsmith.compiler.views import View
from chipsmith.errors import OperatorRefused
from chipsmith.program.instructions import Reduce, Rounding, Source, Table, Type, Vector
from chipsmith.program.vector_cycles import vector_cycles
from chipsmith.tosa.graph import DType, Operator

TYPES = {DType.INT8: Type.INT8, DType.BOOL: Type.INT8, DType.INT16: Type.INT16, DType.INT32: Type.INT32}
_OUTER_LOOPS = 4
_COUNT_LIMIT = (1 << 16) - 1


@dataclass(frozen=True, kw_only=True)
class Loop:
    """One loop of an operator: its count and the bytes that each stream moves a step."""

    count: int
    a: int
    b: int
    o: int
    reduced: bool = False


@dataclass(frozen=True, kw_only=True)
class Nest:
    """Loops of an operator and where its streams start."""

    loops: tuple[Loop, ...]
    a_base: int
    b_base: int
    o_base: int


def lower_vector(chain: VectorChain, view: Callable[[str], View], chip: Chip) -> tuple[Step, ...]:
    """The VECTOR instructions of a chain; `view` says where each of its tensors stands."""
    a, o = view(chain.a.tensor), view(chain.output)
    b = view(chain.b.tensor) if isinstance(chain.b, InStage) else None
    table = view(chain.out.table_tensor) if chain.out.table is not Table.NONE else None
    template = _template(chain, a, b, o)
    return tuple(
        _step(scaled, nest, a, b, o, table)
        for part, scale in _nests(chain, a, b, o)
        for scaled, nest in _instructions(replace(template, **scale), part, chip)
    )


def lower_copy(source: View, target: View, chip: Chip) -> tuple[Step, ...]:
    """The VECTOR instructions that copy a view of the same shape."""
    nest = _elementwise(source, None, target)
    template = Vector(a_type=TYPES[source.dtype], o_type=TYPES[target.dtype])
    return tuple(_step(one, part, source, None, target, None) for one, part in _instructions(template, nest, chip))


# --- what the chain says -------------------------------------------------------------------------------------------


def _template(chain: VectorChain, a: View, b: View | None, o: View) -> Vector:
    out = chain.out
    template = Vector(
        a_type=TYPES[a.dtype],
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
        o_type=TYPES[o.dtype],
    )
    if isinstance(chain.b, int):
        return replace(template, b_source=Source.IMMEDIATE, b_immediate=chain.b)
    if chain.b is None or b is None:
        return template
    return replace(
        template,
        b_source=Source.STREAM,
        b_type=TYPES[b.dtype],
        b_zero_point=chain.b.zero_point,
        b_left_shift=chain.b.left_shift,
        b_rounding=chain.b.scale.rounding,
        b_multiplier=chain.b.scale.multiplier,
        b_shift=chain.b.scale.shift,
    )


def _nests(chain: VectorChain, a: View, b: View | None, o: View) -> Iterator[tuple[Nest, dict[str, Any]]]:
    """The loop nests of a chain, each with the fields that it alone has."""
    core = chain.core
    if core is not None and core.kind in ("MAX_POOL2D", "AVG_POOL2D"):
        yield from _pool(core, a, o)
    elif chain.reduce is not Reduce.NONE and core is not None:
        yield _reduction(integer(core, "axis"), a, o), {}
    else:
        yield _elementwise(a, b, o), {}


def _elementwise(a: View, b: View | None, o: View) -> Nest:
    a = a.broadcast(o.shape)
    b_strides = b.broadcast(o.shape).strides if b is not None else (0,) * len(o.shape)
    loops = tuple(
        Loop(count=count, a=one, b=two, o=three)
        for count, one, two, three in zip(o.shape, a.strides, b_strides, o.strides, strict=True)
    )
    return Nest(loops=loops, a_base=a.offset, b_base=b.offset if b is not None else 0, o_base=o.offset)


def _reduction(axis: int, a: View, o: View) -> Nest:
    loops = tuple(
        Loop(count=count, a=one, b=0, o=0 if at == axis else two, reduced=at == axis)
        for at, (count, one, two) in enumerate(zip(a.shape, a.strides, o.strides, strict=True))
    )
    return Nest(loops=loops, a_base=a.offset, b_base=0, o_base=o.offset)


@dataclass(frozen=True, kw_only=True)
class _Span:
    """Outputs `first` to `first + count` of a pooled axis whose windows have the taps `low` to `high`."""

    first: int
    count: int
    low: int
    high: int


def _spans(outputs: int, size: int, kernel: int, stride: int, pad: int) -> tuple[_Span, ...]:
    starts = [at * stride - pad for at in range(outputs)]
    taps = [(max(0, -start), min(kernel, size - start)) for start in starts]
    spans: list[_Span] = []
    for low_high, run in itertools.groupby(range(outputs), key=lambda at: taps[at]):
        members = list(run)
        spans.append(_Span(first=members[0], count=len(members), low=low_high[0], high=low_high[1]))
    return tuple(spans)


def _pool(core: Operator, a: View, o: View) -> Iterator[tuple[Nest, dict[str, Any]]]:
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
        yield nest, _average(taps_y * taps_x) if core.kind == "AVG_POOL2D" else {}


def _average(count: int) -> dict[str, Any]:
    scale = numerics.reciprocal_scale(count)
    return {"o_rounding": Rounding.SINGLE, "o_multiplier": int(scale.multiplier), "o_shift": int(scale.shift)}


# --- loops to the instruction's loops --------------------------------------------------------------------------------


def coalesce(loops: tuple[Loop, ...]) -> tuple[Loop, ...]:
    """The same loops with counts of one dropped and every pair joined that is one longer loop in all streams."""
    left = [one for one in loops if one.count != 1]
    joined = True
    while joined:
        joined = False
        for outer, inner in itertools.permutations(left, 2):
            if _joins(outer, inner):
                left[left.index(inner)] = replace(inner, count=inner.count * outer.count)
                left.remove(outer)
                joined = True
                break
    return tuple(left)


def _joins(outer: Loop, inner: Loop) -> bool:
    same = all(getattr(outer, one) == getattr(inner, one) * inner.count for one in ("a", "b", "o"))
    return same and outer.reduced == inner.reduced and outer.count * inner.count <= _COUNT_LIMIT


def _instructions(template: Vector, nest: Nest, chip: Chip) -> Iterator[tuple[Vector, Nest]]:
    """The instructions that cover a nest: the lanes that make it fastest, loops beyond the hardware's unrolled."""
    loops = coalesce(nest.loops)
    candidates = [_assign(template, loops, lane) for lane in range(len(loops))] or [_assign(template, loops, None)]
    able = [one for one in candidates if one is not None]
    if not able:
        raise OperatorRefused("a reduction over more than three separate axes is not held; split it in two operators")
    best, unrolled = min(able, key=lambda one: _cost(one[0], one[1], chip))
    for index in itertools.product(*(range(one.count) for one in unrolled)):
        shift = [
            sum(at * getattr(one, stream) for at, one in zip(index, unrolled, strict=True))
            for stream in ("a", "b", "o")
        ]
        moved = replace(
            nest, a_base=nest.a_base + shift[0], b_base=nest.b_base + shift[1], o_base=nest.o_base + shift[2]
        )
        yield best, moved


def _cost(instruction: Vector, unrolled: tuple[Loop, ...], chip: Chip) -> int:
    apart = replace(instruction, b_first_group=1, b_last_group=1, o_first_group=2, o_last_group=2)
    count = 1
    for one in unrolled:
        count *= one.count
    return count * vector_cycles(apart, chip)


def _assign(template: Vector, loops: tuple[Loop, ...], lane: int | None) -> tuple[Vector, tuple[Loop, ...]] | None:
    """The instruction with loop number `lane` along the lanes, and the loops that it has no counter for."""
    outer = sorted((one for at, one in enumerate(loops) if at != lane and not one.reduced), key=lambda one: -one.count)
    inner = [one for at, one in enumerate(loops) if at != lane and one.reduced]
    fitting = [one for one in outer if one.count <= _COUNT_LIMIT][:_OUTER_LOOPS]
    unrolled = tuple(one for one in outer if one not in fitting)
    if len(inner) > 2 or any(one.b for one in inner) or any(one.count > _COUNT_LIMIT for one in inner):
        return None
    fields: dict[str, Any] = {}
    for at, one in enumerate(reversed(fitting)):
        fields |= {f"o{at}": one.count, f"a_stride_{at}": one.a, f"b_stride_{at}": one.b, f"o_stride_{at}": one.o}
    for at, one in enumerate(inner):
        fields |= {f"r{at}": one.count, f"a_reduce_{at}": one.a}
    along = loops[lane] if lane is not None else None
    if along is None:
        fields |= {
            "a_lane_stride": template.a_type.size_bytes,
            "b_lane_stride": template.b_type.size_bytes,
            "o_lane_stride": template.o_type.size_bytes,
        }
    else:
        fields |= {
            "lanes": along.count,
            "lane_reduce": int(along.reduced),
            "a_lane_stride": along.a,
            "b_lane_stride": along.b,
            "o_lane_stride": along.o,
        }
    return replace(template, **fields), unrolled


def _step(instruction: Vector, nest: Nest, a: View, b: View | None, o: View, table: View | None) -> Step:
    operands = [
        Operand(stream="a", buffer=a.buffer, base=nest.a_base),
        Operand(stream="o", buffer=o.buffer, base=nest.o_base, written=True),
    ]
    if b is not None:
        operands.append(Operand(stream="b", buffer=b.buffer, base=nest.b_base))
    if table is not None:
        operands.append(Operand(stream="t", buffer=table.buffer, base=table.offset))
    return Step(template=instruction, operands=tuple(operands))
