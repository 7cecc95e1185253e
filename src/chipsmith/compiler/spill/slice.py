"""Slices of an instruction: the same work on a part of its output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from chipsmith.compiler.lower.kernel import Step
from chipsmith.program.instructions import (
    INDIRECT_OPS,
    Instruction,
    Mode,
    Op,
    TensorInstruction,
    VectorInstruction,
    WeightsBy,
)

_VECTOR_STREAMS = ("a", "b", "o")
_CHANNELS = "output_channels"
_ROWS = "rows"
"""The table's rows as a loop that can be cut: each part does what falls into its own."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A loop of an instruction that can be cut: its name among the fields, its count and the cut's granularity."""

    name: str
    count: int
    granule: int

    def parts(self, wanted: int) -> list[tuple[int, int]]:
        """(first, last) of at most `wanted` even parts."""
        granules = -(-self.count // self.granule)
        size = -(-granules // min(wanted, granules)) * self.granule
        return [(first, min(first + size, self.count)) for first in range(0, self.count, size)]


def cut_axis(instruction: Instruction, *, lanes: int) -> Axis | None:
    """The loop along which a cut leaves output bytes together: the outermost; None where there is none.

    `lanes` is what the vector engine takes in a beat: lanes are cut in multiples of it.
    """
    if isinstance(instruction, TensorInstruction):
        if instruction.output_height > 1:
            return Axis(name="output_height", count=instruction.output_height, granule=1)
        return Axis(name="output_width", count=instruction.output_width, granule=1)
    if not isinstance(instruction, VectorInstruction):
        return None
    loops = [(abs(getattr(instruction, f"o_stride_{at}")), at) for at in range(4) if getattr(instruction, f"o{at}") > 1]
    if not instruction.lane_reduce and instruction.lanes > lanes:
        along = abs(instruction.o_lane_stride)
        if not loops or along > max(loops)[0]:
            return Axis(name="lanes", count=instruction.lanes, granule=lanes)
    if not loops:
        return None
    _, at = max(loops)
    return Axis(name=f"o{at}", count=getattr(instruction, f"o{at}"), granule=1)


def cut_axes(instruction: Instruction, *, lanes: int, columns: int) -> list[Axis]:
    """All loops that can be cut, whatever bytes of the output a cut leaves together.

    `lanes` is what the vector engine takes in a beat, `columns` the tensor engine's output channels at once.
    """
    if isinstance(instruction, TensorInstruction):
        names: tuple[str, ...] = ("output_height", "output_width")
    elif isinstance(instruction, VectorInstruction):
        names = ("o0", "o1", "o2", "o3")
    else:
        return []
    axes = [Axis(name=name, count=getattr(instruction, name), granule=1) for name in names]
    if isinstance(instruction, TensorInstruction):
        axes.append(Axis(name=_CHANNELS, count=instruction.output_channels, granule=columns))
    if isinstance(instruction, VectorInstruction) and not instruction.lane_reduce:
        axes.append(Axis(name="lanes", count=instruction.lanes, granule=lanes if instruction.lanes > lanes else 1))
    if isinstance(instruction, VectorInstruction) and instruction.op in INDIRECT_OPS:
        axes.append(Axis(name=_ROWS, count=instruction.rows, granule=1))
    return [one for one in axes if one.count > one.granule]


def slice_step(step: Step, axis: Axis, first: int, last: int) -> Step:
    """The step on outputs `first` to `last` of an axis."""
    template, moves = _slice_template(step.template, axis, first, last)
    operands = tuple(replace(one, base=one.base + moves.get(one.stream, 0)) for one in step.operands)
    return Step(template=template, operands=operands)


@lru_cache(maxsize=1 << 12)
def _slice_template(one: Instruction, axis: Axis, first: int, last: int) -> tuple[Instruction, Mapping[str, int]]:
    """The instruction on outputs `first` to `last` of an axis, and how far the base of each stream moves."""
    moves: Mapping[str, int]
    if isinstance(one, TensorInstruction):
        template, moves = _slice_tensor(one, axis, first, last)
    elif isinstance(one, VectorInstruction) and axis.name == _ROWS:
        template = replace(one, rows=last - first, b_immediate=one.b_immediate + first)
        moves = {"a" if one.op is Op.GATHER else "o": first * one.row_pitch}
    else:
        template, moves = replace(one, **{axis.name: last - first}), dict(_vector_moves(one, axis, first))
    return _without_idle_strides(template), moves


def _without_idle_strides(one: Instruction) -> Instruction:
    """Strides of loops that never step are 0: those of a tensor beyond the chip need not fit their fields."""
    if isinstance(one, TensorInstruction):
        if one.output_height > 1:
            return one
        # Row 0 alone is read where neither padding nor taps move away from it.
        pitch = 0 if one.kernel_y == 1 and not one.pad_top else one.row_pitch
        return replace(one, o_stride_y=0, res_stride_y=0, row_pitch=pitch)
    loops = [at for at in range(4) if getattr(one, f"o{at}") == 1]
    return replace(one, **{f"{stream}_stride_{at}": 0 for stream in _VECTOR_STREAMS for at in loops})


def _slice_tensor(one: TensorInstruction, axis: Axis, first: int, last: int) -> tuple[Instruction, dict[str, int]]:
    """The instruction whose input begins at the first row (or pixel) that the slice reads, and how far bases move."""
    if axis.name == _CHANNELS:
        return replace(one, output_channels=last - first), _channel_moves(one, first)
    if axis.name == "output_height":
        skipped = _skipped(first * one.stride_y - one.pad_top, one.input_height)
        moves = {"a": skipped * one.row_pitch, "o": first * one.o_stride_y, "res": first * one.res_stride_y}
        rows = replace(
            one,
            output_height=last - first,
            pad_top=one.pad_top - first * one.stride_y + skipped,
            input_height=one.input_height - skipped,
        )
        return rows, moves
    skipped = _skipped(first * one.stride_x - one.pad_left, one.input_width)
    moves = {"a": skipped * one.pixel_pitch, "o": first * one.o_stride_x, "res": first * one.res_stride_x}
    pixels = replace(
        one,
        output_width=last - first,
        pad_left=one.pad_left - first * one.stride_x + skipped,
        input_width=one.input_width - skipped,
    )
    return pixels, moves


def _channel_moves(one: TensorInstruction, first: int) -> dict[str, int]:
    depthwise = one.mode is Mode.DEPTHWISE
    by_column = not depthwise and one.weights_by is WeightsBy.COLUMN
    return {
        "a": first if depthwise else 0,
        "w": first * (one.w_stride if by_column else 1),
        "param": first * one.parameters.record_bytes,
        "o": first * one.o_type.size_bytes,
        "res": first,
    }


def _skipped(first_needed: int, size: int) -> int:
    """Leading input rows or pixels that a slice does not need; one at least is kept."""
    return min(max(first_needed, 0), size - 1)


def _vector_moves(one: Instruction, axis: Axis, first: int) -> Iterator[tuple[str, int]]:
    for stream in _VECTOR_STREAMS:
        name = f"{stream}_lane_stride" if axis.name == "lanes" else f"{stream}_stride_{axis.name[1:]}"
        yield stream, first * int(getattr(one, name))
