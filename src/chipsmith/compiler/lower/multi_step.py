"""Operators that take several instructions: each function yields stages, and a stage may read what one before wrote."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from chipsmith.compiler.fuse.chains import ChannelScale
from chipsmith.compiler.fuse.graph_index import integer
from chipsmith.compiler.lower.context import Sketch
from chipsmith.compiler.lower.gather_scatter import gather, scatter
from chipsmith.compiler.lower.kernel import Step
from chipsmith.compiler.lower.reductions import reduce_axis
from chipsmith.compiler.lower.resize import resize
from chipsmith.compiler.lower.vector import (
    lower_copy,
    lower_elementwise,
    lower_nest,
    reduction,
    value_range,
    view_type,
)
from chipsmith.compiler.lower.vector_loops import Loop, Nest
from chipsmith.compiler.lower.view import View
from chipsmith.program.instructions import Op, Reduce, Type, VectorInstruction
from chipsmith.tosa.graph import DType, Operator

Stage: TypeAlias = tuple[Step, ...]
Expand: TypeAlias = Callable[[Operator, Sketch], Iterator[Stage]]
_FAR = 30
"""Bits that a false position is moved up in ARGMAX: beyond every true one."""


def pad(op: Operator, sketch: Sketch) -> Iterator[Stage]:
    """The input in the middle, and the constant in slabs before and behind it along each axis."""
    a, o = sketch.view(op.inputs[0]), sketch.view(op.outputs[0])
    padding = sketch.lookup.graph.constants[op.inputs[1]].reshape(-1, 2).tolist()
    value = sketch.constant(sketch.lookup.graph.constants[op.inputs[2]].reshape((1,) * len(o.shape)))
    box = [(0, size) for size in o.shape]
    for axis, (before, _) in enumerate(padding):
        low, high = before, before + a.shape[axis]
        for first, last in ((0, low), (high, o.shape[axis])):
            if first < last:
                yield lower_copy(value, _box(o, [*box[:axis], (first, last), *box[axis + 1 :]]), sketch.chip)
        box[axis] = (low, high)
    yield lower_copy(a, _box(o, box), sketch.chip)


def _box(view: View, box: list[tuple[int, int]]) -> View:
    return view.slice(tuple(first for first, _ in box), tuple(last - first for first, last in box))


def tile(op: Operator, sketch: Sketch) -> Iterator[Stage]:
    """One copy for each axis that is repeated, from the last on: three loops each, over dense tensors between."""
    a, o = sketch.view(op.inputs[0]), sketch.view(op.outputs[0])
    repeated = [at for at, size in enumerate(a.shape) if size != o.shape[at]]
    for axis in reversed(repeated[1:]):
        shape = (*a.shape[:axis], o.shape[axis], *a.shape[axis + 1 :])
        between = sketch.scratch(shape, a.dtype)
        yield _repeat(axis, a, between, sketch)
        a = between
    yield _repeat(repeated[0] if repeated else 0, a, o, sketch)


def _repeat(axis: int, a: View, o: View, sketch: Sketch) -> Stage:
    """A copy with two loops along an axis: over the repetitions, while the input stands still, and over its size."""
    loops = [Loop(count=a.shape[at], a=a.strides[at], b=0, o=o.strides[at]) for at in range(len(a.shape))]
    repetitions = o.shape[axis] // a.shape[axis]
    loops.append(Loop(count=repetitions, a=0, b=0, o=a.shape[axis] * o.strides[axis]))
    nest = Nest(loops=tuple(loops), a_base=a.offset, b_base=0, o_base=o.offset)
    return lower_nest(VectorInstruction(), nest, a, None, o, sketch.chip)


def select(op: Operator, sketch: Sketch) -> Iterator[Stage]:
    """(a - b) * condition + b in int32, whose sums wrap: exact for every value."""
    condition, a, b = (sketch.view(name) for name in op.inputs)
    o = sketch.view(op.outputs[0])
    difference, chosen = (sketch.scratch(o.shape, DType.INT32) for _ in range(2))
    yield lower_elementwise(VectorInstruction(op=Op.SUB), a, b, difference, sketch.chip)
    yield lower_elementwise(VectorInstruction(op=Op.MUL), difference, condition, chosen, sketch.chip)
    yield lower_elementwise(VectorInstruction(op=Op.ADD), chosen, b, o, sketch.chip)


def argmax(op: Operator, sketch: Sketch) -> Iterator[Stage]:
    """The maximum, which positions are below it, and the least position of the others."""
    a, axis = sketch.view(op.inputs[0]), integer(op, "axis")
    single = tuple(1 if at == axis else size for at, size in enumerate(a.shape))
    o = sketch.view(op.outputs[0]).insert(axis)
    largest, below = sketch.scratch(single, a.dtype), sketch.scratch(a.shape, DType.INT8)
    places = tuple(size if at == axis else 1 for at, size in enumerate(a.shape))
    positions = sketch.constant(np.arange(a.shape[axis], dtype=np.int32).reshape(places))
    yield from reduce_axis(VectorInstruction(reduce=Reduce.MAX), axis, a, None, largest, sketch)
    yield lower_elementwise(VectorInstruction(op=Op.GT), largest, a, below, sketch.chip)
    least = VectorInstruction(op=Op.OR, a_left_shift=_FAR, reduce=Reduce.MIN)
    yield from reduce_axis(least, axis, below, positions, o, sketch)


def cast_to_bool(op: Operator, sketch: Sketch) -> Iterator[Stage]:
    """The largest byte of each element, unsigned, cut off at 1."""
    a, o = sketch.view(op.inputs[0]), sketch.view(op.outputs[0])
    size = a.dtype.size_bytes
    bytes_of = replace(a, shape=(*a.shape, size), strides=(*a.strides, 1), dtype=DType.INT8)
    template = VectorInstruction(reduce=Reduce.MAX, clamp_min=0, clamp_max=1)
    nest = reduction(len(a.shape), bytes_of, None, o.insert(len(o.shape)))
    yield lower_nest(template, nest, bytes_of, None, o, sketch.chip, a_type=Type.UINT8)


def rescale_by_channel(op: Operator, sketch: Sketch) -> Iterator[Stage]:
    """One instruction for each run of channels (last axis) with one scale."""
    a, o = sketch.view(op.inputs[0]), sketch.view(op.outputs[0])
    scale = sketch.lookup.channel_scale(op)
    if scale is None:
        raise ValueError(f"{op.name}: its scales are no constants")
    unsigned = (bool(op.attributes["input_unsigned"]), bool(op.attributes["output_unsigned"]))
    zero_points = sketch.lookup.rescale_zero_points(op)
    low, high = value_range(o, unsigned=unsigned[1])
    template = VectorInstruction(
        a_zero_point=zero_points[0],
        o_rounding=scale.rounding,
        o_zero_point=zero_points[1],
        clamp_min=low,
        clamp_max=high,
    )
    steps: list[Step] = []
    for first, last in _equal_channels(scale):
        start, size = (*(0,) * (len(a.shape) - 1), first), (*a.shape[:-1], last - first)
        scaled = replace(template, o_multiplier=int(scale.multiplier[first]), o_shift=int(scale.shift[first]))
        one, two = a.slice(start, size), o.slice(start, size)
        types = {"a_type": view_type(a, unsigned=unsigned[0]), "o_type": view_type(o, unsigned=unsigned[1])}
        steps += lower_elementwise(scaled, one, None, two, sketch.chip, **types)
    yield tuple(steps)


def _equal_channels(scale: ChannelScale) -> Iterator[tuple[int, int]]:
    """(first, last) of each run of channels with equal multiplier and shift."""
    pairs = list(zip(scale.multiplier.tolist(), scale.shift.tolist(), strict=True))
    first = 0
    for _, run in itertools.groupby(pairs):
        last = first + len(list(run))
        yield first, last
        first = last


EXPANSIONS: Mapping[str, Expand] = {
    "PAD": pad,
    "TILE": tile,
    "SELECT": select,
    "ARGMAX": argmax,
    "RESIZE": resize,
    "GATHER": gather,
    "SCATTER": scatter,
    "CAST": cast_to_bool,
    "RESCALE": rescale_by_channel,
}
"""The expansion of each operator that has one; of CAST to bool alone, of RESCALE with a scale for each channel."""
