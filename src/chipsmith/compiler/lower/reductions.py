"""Reductions over so many bytes that no window holds them: in parts, then over the parts' results."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from chipsmith.chip.description import Chip
from chipsmith.compiler.fuse.chains import VectorChain
from chipsmith.compiler.fuse.graph_index import integer
from chipsmith.compiler.fuse.operators import REDUCTIONS
from chipsmith.compiler.lower.context import LoweringContext
from chipsmith.compiler.lower.kernel import UnplacedInstruction
from chipsmith.compiler.lower.vector import chain_template, lower_copy, lower_nest, reduction
from chipsmith.compiler.lower.view import View, inverse
from chipsmith.program.instructions import Op, Rounding, Source, Table, Type, VectorInstruction
from chipsmith.tosa.graph import DType

_SHARE = 16
"""The operands of one result take at most this part of the on-chip memory, where the whole tensor takes more than"""
_WHOLE_SHARE = 4
"""this part of it."""
_LEAST_LENGTH = 8
"""Fewer elements than this are not worth an instruction: the axis is made the inmost one first."""
_LEAST, _GREATEST = -(1 << 31), (1 << 31) - 1


def is_long_reduction(chain: VectorChain, view: Callable[[str], View], chip: Chip) -> bool:
    """Whether a chain reduces an axis that is too long for one instruction."""
    if chain.core is None or chain.core.kind not in REDUCTIONS or chain.out.table is not Table.NONE:
        return False
    return _is_long(view(chain.a.tensor), integer(chain.core, "axis"), chip)


def reduce_chain(chain: VectorChain, context: LoweringContext) -> Iterator[tuple[UnplacedInstruction, ...]]:
    """The stages of a chain that reduces a long axis."""
    if chain.core is None:
        raise ValueError("a chain without an operator reduces nothing")
    a, o = context.view(chain.a.tensor), context.view(chain.output)
    yield from reduce_axis(chain_template(chain, a, None, o), integer(chain.core, "axis"), a, None, o, context)


def reduce_axis(
    template: VectorInstruction, axis: int, a: View, b: View | None, o: View, context: LoweringContext
) -> Iterator[tuple[UnplacedInstruction, ...]]:
    """The stages that reduce an axis of `a`, combined with `b`, which broadcasts to it, to size 1 in `o`."""
    if not _is_long(a, axis, context.chip):
        yield lower_nest(template, reduction(axis, a, b, o), a, b, o, context.chip)
        return
    if _LEAST_LENGTH * abs(a.strides[axis]) > _limit_bytes(context.chip):
        inmost = (*(dimension for dimension in range(len(a.shape)) if dimension != axis), axis)
        beside = context.scratch(tuple(a.shape[dimension] for dimension in inmost), a.dtype).transpose(inverse(inmost))
        yield lower_copy(a, beside, context.chip)
        yield from reduce_axis(template, axis, beside, b, o, context)
        return
    length = _limit_bytes(context.chip) // abs(a.strides[axis])
    whole, rest = divmod(a.shape[axis], length)
    parts = tuple(whole + bool(rest) if dimension == axis else size for dimension, size in enumerate(a.shape))
    between = context.scratch(parts, DType.INT32)
    bare = replace(template, o_rounding=Rounding.OFF, o_zero_point=0, clamp_min=_LEAST, clamp_max=_GREATEST)
    inside = axis + 1
    sides = [side if side is None else _first(side, axis, whole * length).split(axis, length) for side in (a, b)]
    target = between.every(axis, first=0, count=whole).insert(inside)
    steps = _reduced(bare, inside, sides, target, context)
    if rest:
        sides = [side if side is None else _last(side, axis, rest) for side in (a, b)]
        steps += _reduced(bare, axis, sides, between.every(axis, first=whole, count=1), context)
    yield steps
    last = replace(template, a_zero_point=0, a_left_shift=0, a_rounding=Rounding.OFF, op=Op.PASS, b_source=Source.NONE)
    yield from reduce_axis(replace(last, a_type=Type.INT32), axis, between, None, o, context)


def _reduced(
    template: VectorInstruction, axis: int, sides: list[View | None], o: View, context: LoweringContext
) -> tuple[UnplacedInstruction, ...]:
    a, b = sides
    if a is None:
        raise ValueError("there is nothing to reduce")
    return lower_nest(template, reduction(axis, a, b, o), a, b, o, context.chip)


def _first(view: View, axis: int, count: int) -> View:
    return view if view.shape[axis] == 1 else view.every(axis, first=0, count=count)


def _last(view: View, axis: int, count: int) -> View:
    return view if view.shape[axis] == 1 else view.every(axis, first=view.shape[axis] - count, count=count)


def _is_long(a: View, axis: int, chip: Chip) -> bool:
    large = math.prod(a.shape) * a.dtype.size_bytes > chip.memory_bytes // _WHOLE_SHARE
    return large and a.shape[axis] * abs(a.strides[axis]) > _limit_bytes(chip)


def _limit_bytes(chip: Chip) -> int:
    return chip.memory_bytes // _SHARE
