"""Slices of an instruction: the same work on a part of its output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from chipsmith.compiler.lower.kernel import StreamOperand, UnplacedInstruction
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import (
    INDIRECT_OPS,
    Instruction,
    Masking,
    Mode,
    Op,
    TensorInstruction,
    VectorInstruction,
    WeightsBy,
)
from chipsmith.program.stream_fields import LANES, OUTER_LOOPS, LoopFields, StreamName, read_fields, with_fields

_HEIGHT, _WIDTH, _CHANNELS = "output_height", "output_width", "output_channels"
_ROWS = "rows"
"""The table's rows as a loop that can be cut: each part does what falls into its own rows."""
_LOOPS: Mapping[str, LoopFields] = {loop.count: loop for loop in (*OUTER_LOOPS, LANES)}


@dataclass(frozen=True, kw_only=True)
class CutAxis:
    """A loop of an instruction that can be cut: the field that counts it, its count, the granularity of a cut."""

    name: str
    count: int
    granule: int

    def part_size(self, wanted: int) -> int:
        """The count of each of at most `wanted` even parts; the last may have less."""
        granules = ceil_div(self.count, self.granule)
        return ceil_div(granules, min(wanted, granules)) * self.granule

    def parts(self, wanted: int) -> list[tuple[int, int]]:
        """(first, last) of at most `wanted` even parts."""
        size = self.part_size(wanted)
        return [(first, min(first + size, self.count)) for first in range(0, self.count, size)]


def cut_axis(instruction: Instruction, *, lanes: int) -> CutAxis | None:
    """The loop along which a cut leaves output bytes together: the outermost; None where there is none.

    `lanes` is what the vector engine takes in a beat: lanes are cut in multiples of it.
    """
    if isinstance(instruction, TensorInstruction):
        if instruction.output_height > 1:
            return CutAxis(name=_HEIGHT, count=instruction.output_height, granule=1)
        return CutAxis(name=_WIDTH, count=instruction.output_width, granule=1)
    if not isinstance(instruction, VectorInstruction):
        return None
    loops = [(abs(stride), name, count) for name, (count, stride) in _output_loops(instruction).items() if count > 1]
    if not instruction.lane_reduce and instruction.lanes > lanes:
        along = abs(instruction.o_lane_stride)
        if not loops or along > max(loops)[0]:
            return CutAxis(name=LANES.count, count=instruction.lanes, granule=lanes)
    if not loops:
        return None
    _, name, count = max(loops)
    return CutAxis(name=name, count=count, granule=1)


def _output_loops(vector: VectorInstruction) -> dict[str, tuple[int, int]]:
    """(count, stride of the output) of each outer loop, by the field that counts it."""
    return {
        "o0": (vector.o0, vector.o_stride_0),
        "o1": (vector.o1, vector.o_stride_1),
        "o2": (vector.o2, vector.o_stride_2),
        "o3": (vector.o3, vector.o_stride_3),
    }


def cut_axes(instruction: Instruction, *, lanes: int, columns: int) -> list[CutAxis]:
    """All loops that can be cut, whatever bytes of the output a cut leaves together.

    `lanes` is what the vector engine takes in a beat, `columns` the tensor engine's output channels at once.
    """
    if isinstance(instruction, TensorInstruction):
        axes = _tensor_axes(instruction, columns)
    elif isinstance(instruction, VectorInstruction):
        axes = _vector_axes(instruction, lanes)
    else:
        axes = []
    return [axis for axis in axes if axis.count > axis.granule]


def _tensor_axes(instruction: TensorInstruction, columns: int) -> list[CutAxis]:
    return [
        CutAxis(name=_HEIGHT, count=instruction.output_height, granule=1),
        CutAxis(name=_WIDTH, count=instruction.output_width, granule=1),
        CutAxis(name=_CHANNELS, count=instruction.output_channels, granule=columns),
    ]


def _vector_axes(instruction: VectorInstruction, lanes: int) -> list[CutAxis]:
    axes = [CutAxis(name=name, count=count, granule=1) for name, (count, _) in _output_loops(instruction).items()]
    if not instruction.lane_reduce:
        granule = lanes if instruction.lanes > lanes else 1
        axes.append(CutAxis(name=LANES.count, count=instruction.lanes, granule=granule))
    if instruction.op in INDIRECT_OPS:
        axes.append(CutAxis(name=_ROWS, count=instruction.rows, granule=1))
    return axes


def slice_step(step: UnplacedInstruction, axis: CutAxis, first: int, last: int) -> UnplacedInstruction:
    """The step on outputs `first` to `last` of an axis."""
    template, moves = _slice_template(step.template, axis, first, last)
    operands = tuple(_moved(operand, moves.get(operand.stream, 0)) for operand in step.operands)
    return UnplacedInstruction(template=template, operands=operands)


def _moved(operand: StreamOperand, by: int) -> StreamOperand:
    if not by:
        return operand
    base = operand.base + by
    return StreamOperand(stream=operand.stream, buffer=operand.buffer, base=base, written=operand.written)


@lru_cache(maxsize=1 << 15)
def _slice_template(
    instruction: Instruction, axis: CutAxis, first: int, last: int
) -> tuple[Instruction, Mapping[StreamName, int]]:
    """The instruction on outputs `first` to `last` of an axis, and how far the base of each stream moves."""
    moves: Mapping[StreamName, int]
    if isinstance(instruction, TensorInstruction):
        template, moves = _slice_tensor(instruction, axis, first, last)
    elif isinstance(instruction, VectorInstruction) and axis.name == _ROWS:
        template = _slice_rows(instruction, first, last)
        moved = StreamName.A if instruction.op is Op.GATHER else StreamName.OUTPUT
        moves = {moved: first * instruction.row_pitch}
    else:
        template = with_fields(instruction, {axis.name: last - first})
        moves = dict(_vector_moves(instruction, _LOOPS[axis.name], first))
    return _without_idle_strides(template), moves


def _slice_rows(instruction: VectorInstruction, first: int, last: int) -> VectorInstruction:
    """The instruction on some rows of its table; parts but the first leave what those before them wrote."""
    masking = Masking.MERGE if first else instruction.masking
    return replace(instruction, rows=last - first, b_immediate=instruction.b_immediate + first, masking=masking)


def _without_idle_strides(instruction: Instruction) -> Instruction:
    """Strides of loops that never step are 0: those of a tensor beyond the chip need not fit their fields."""
    if isinstance(instruction, TensorInstruction):
        if instruction.output_height > 1:
            return instruction
        # Row 0 alone is read where neither padding nor taps move away from it.
        pitch = 0 if instruction.kernel_y == 1 and not instruction.pad_top else instruction.row_pitch
        return replace(instruction, o_stride_y=0, res_stride_y=0, row_pitch=pitch)
    counts = read_fields(instruction, (loop.count for loop in OUTER_LOOPS))
    idle = [stride for loop in OUTER_LOOPS if counts[loop.count] == 1 for stride in loop.strides.values()]
    return with_fields(instruction, dict.fromkeys(idle, 0))


def _slice_tensor(
    instruction: TensorInstruction, axis: CutAxis, first: int, last: int
) -> tuple[Instruction, dict[StreamName, int]]:
    """The instruction whose input begins at the first row (or pixel) that the slice reads, and how far bases move."""
    if axis.name == _CHANNELS:
        return replace(instruction, output_channels=last - first), _channel_moves(instruction, first)
    if axis.name == _HEIGHT:
        skipped = _skipped(first * instruction.stride_y - instruction.pad_top, instruction.input_height)
        rows = replace(
            instruction,
            output_height=last - first,
            pad_top=instruction.pad_top - first * instruction.stride_y + skipped,
            input_height=instruction.input_height - skipped,
        )
        return rows, {
            StreamName.A: skipped * instruction.row_pitch,
            StreamName.OUTPUT: first * instruction.o_stride_y,
            StreamName.RESIDUAL: first * instruction.res_stride_y,
        }
    skipped = _skipped(first * instruction.stride_x - instruction.pad_left, instruction.input_width)
    pixels = replace(
        instruction,
        output_width=last - first,
        pad_left=instruction.pad_left - first * instruction.stride_x + skipped,
        input_width=instruction.input_width - skipped,
    )
    return pixels, {
        StreamName.A: skipped * instruction.pixel_pitch,
        StreamName.OUTPUT: first * instruction.o_stride_x,
        StreamName.RESIDUAL: first * instruction.res_stride_x,
    }


def _channel_moves(instruction: TensorInstruction, first: int) -> dict[StreamName, int]:
    depthwise = instruction.mode is Mode.DEPTHWISE
    by_column = not depthwise and instruction.weights_by is WeightsBy.COLUMN
    return {
        StreamName.A: first if depthwise else 0,
        StreamName.WEIGHTS: first * (instruction.w_stride if by_column else 1),
        StreamName.PARAMETERS: first * instruction.parameters.record_bytes,
        StreamName.OUTPUT: first * instruction.o_type.size_bytes,
        StreamName.RESIDUAL: first,
    }


def _skipped(first_needed: int, size: int) -> int:
    """Leading input rows or pixels that a slice does not need; one at least is kept."""
    return min(max(first_needed, 0), size - 1)


def _vector_moves(instruction: Instruction, loop: LoopFields, first: int) -> Iterator[tuple[StreamName, int]]:
    strides = read_fields(instruction, loop.strides.values())
    for stream, name in loop.strides.items():
        yield stream, first * strides[name]
