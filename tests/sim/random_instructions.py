"""Random legal instructions: TENSOR and VECTOR with every feature, and placing a draft in the memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import (
    INDIRECT_OPS,
    ChannelRecord,
    Instruction,
    Load,
    Masking,
    Mode,
    Op,
    Reduce,
    Rounding,
    Source,
    Store,
    Table,
    TensorInstruction,
    Type,
    VectorInstruction,
    WeightsBy,
)
from chipsmith.program.streams import Stream, streams
from chipsmith.program.verify import check_instruction

MACS_AT_MOST = 20_000
ELEMENTS_AT_MOST = 4_000
KEPT_FRACTION = 8  # of the memory's end, an eighth is for `once` LOADs alone

DIRECT_OPS = tuple(op for op in Op if op not in INDIRECT_OPS)

_PREFIXES = {"A": "a", "W": "w", "P": "param", "O": "o", "RES": "res", "B": "b", "TABLE": "t"}


def kept_from(chip: Chip) -> int:
    """First byte of on-chip memory that only `once` LOADs write."""
    return chip.memory_bytes - chip.memory_bytes // KEPT_FRACTION


def random_tensor(chip: Chip, rng: np.random.Generator) -> TensorInstruction:
    """A legal TENSOR of at most MACS_AT_MOST multiply-accumulates, anywhere in the memory."""
    return _until_legal(chip, rng, lambda: _draft_tensor(chip, rng))


def random_vector(chip: Chip, rng: np.random.Generator) -> VectorInstruction:
    """A legal VECTOR of at most ELEMENTS_AT_MOST elements, anywhere in the memory; no GATHER or SCATTER."""
    return _until_legal(chip, rng, lambda: _draft_vector(chip, rng))


def random_row_move(chip: Chip, rng: np.random.Generator) -> VectorInstruction:
    """A legal GATHER or SCATTER; random bytes as its indices are often rows that are there, and often not."""
    return _until_legal(chip, rng, lambda: _draft_row_move(chip, rng))


def put_indices(vector: VectorInstruction, memory: np.ndarray, rng: np.random.Generator) -> None:
    """Write indices for a GATHER or SCATTER, most of them of rows that are there, into int8 [inferences, bytes]."""
    size = vector.b_type.size_bytes
    rows = rng.integers(
        vector.b_immediate - 1, vector.b_immediate + vector.rows + 1, (len(memory), *_outer_counts(vector))
    )
    strides = (vector.b_stride_0, vector.b_stride_1, vector.b_stride_2, vector.b_stride_3)
    for place in np.ndindex(_outer_counts(vector)):
        address = vector.b_base + int(np.dot(place, strides))
        data = rows[:, *place].astype("<i8").view(np.int8).reshape(-1, 8)
        memory[:, address : address + size] = data[:, :size]


def _outer_counts(vector: VectorInstruction) -> tuple[int, int, int, int]:
    return vector.o0, vector.o1, vector.o2, vector.o3


def _until_legal(chip: Chip, rng: np.random.Generator, draft: Callable[[], Instruction | None]):
    while True:
        drawn = draft()
        placed = drawn and place(chip, rng, drawn)
        if placed is not None:
            return placed


def place(chip: Chip, rng: np.random.Generator, draft: Instruction) -> Instruction | None:
    """The draft with bases and bank groups of its own, or None where these are not legal."""
    drafted = streams(draft)
    changes: dict[str, int] = {}
    in_place = isinstance(draft, VectorInstruction) and _drafted_in_place(draft)
    for stream in drafted:
        limit = kept_from(chip) if stream.written or in_place else chip.memory_bytes
        low, high = ceil_div(stream.base - stream.first, stream.alignment), limit - 1 + stream.base - stream.last
        if low * stream.alignment > high:
            return None
        changes[_base_field(draft, stream)] = int(rng.integers(low, high // stream.alignment + 1)) * stream.alignment
    if in_place:
        changes["o_base"] = changes["a_base"]
    placed = dataclasses.replace(draft, **changes)
    # In place, the output stands where A was drawn, which may be beyond its own limit.
    if any(stream.written and stream.last >= kept_from(chip) for stream in streams(placed)):
        return None
    placed = dataclasses.replace(placed, **_named_groups(chip, rng, placed))
    try:
        check_instruction(chip, placed)
    except BadInput:
        return None
    return placed


def _drafted_in_place(vector: VectorInstruction) -> bool:
    strides = (
        (vector.a_stride_0, vector.o_stride_0),
        (vector.a_stride_1, vector.o_stride_1),
        (vector.a_lane_stride, vector.o_lane_stride),
    )
    indirect = vector.op in INDIRECT_OPS or vector.reduce is not Reduce.NONE
    return not indirect and vector.a_type is vector.o_type and all(a == o for a, o in strides)


def _base_field(instruction: Instruction, stream: Stream) -> str:
    if isinstance(instruction, Load | Store):
        return "local_address"
    return f"{_PREFIXES[stream.name]}_base"


def _named_groups(chip: Chip, rng: np.random.Generator, instruction: Instruction) -> Mapping[str, int]:
    size, named = chip.memory.group_bytes, {}
    for stream in streams(instruction):
        prefix = "" if isinstance(instruction, Load | Store) else f"{_PREFIXES[stream.name]}_"
        first, last = f"{prefix}first_group", f"{prefix}last_group"
        named[first] = min(named.get(first, chip.memory.groups), max(0, stream.first // size - _widen(rng)))
        named[last] = max(named.get(last, 0), min(chip.memory.groups - 1, stream.last // size + _widen(rng)))
    return named


def _widen(rng: np.random.Generator) -> int:
    return int(rng.integers(1, 3)) if rng.random() < 0.15 else 0


def _draft_tensor(chip: Chip, rng: np.random.Generator) -> TensorInstruction | None:
    depthwise = rng.random() < 0.3
    rows, columns = chip.tensor.rows, chip.tensor.columns
    wide = 2 * chip.tensor.tile_pixels
    counts = {
        "output_height": some(rng, 12),
        "output_width": some(rng, wide if rng.random() < 0.2 else 12),
        "output_channels": some(rng, 5 * columns // 2),
        "kernel_z": some(rng, 2),
        "kernel_y": some(rng, 4),
        "kernel_x": 1 if depthwise else some(rng, 4),
        "run": some(rng, min(rows, 7) if depthwise else 5 * rows // 2),
    }
    if np.prod(list(counts.values())) > MACS_AT_MOST:
        return None
    draft = TensorInstruction(
        mode=Mode.DEPTHWISE if depthwise else Mode.CONV,
        weights_by=WeightsBy(rng.integers(2)),
        **counts,
        **_window(rng, counts, depthwise=depthwise, rows=rows),
        **_weight_strides(rng, counts),
        **_drain(rng),
    )
    return dataclasses.replace(draft, **_output_strides(rng, draft))


def _window(rng: np.random.Generator, counts: Mapping[str, int], *, depthwise: bool, rows: int) -> dict[str, int]:
    dense = counts["output_channels"] if depthwise else counts["run"]
    pitch = int(rng.choice([dense, max(1, dense // counts["kernel_x"]), int(rng.integers(0, 2 * dense + 1))]))
    width = some(rng, 2 * counts["output_width"] + 3)
    most_dilation = min(4, (rows - 1) // max(1, counts["run"] - 1)) if depthwise else 4
    return {
        "a_pitch_z": int(rng.integers(-300, 301)),
        "row_pitch": int(rng.choice([width * pitch, -width * pitch, int(rng.integers(-300, 301))])),
        "pixel_pitch": pitch,
        "input_height": some(rng, 2 * counts["output_height"] + 3),
        "input_width": width,
        "stride_y": some(rng, 4),
        "stride_x": some(rng, 4) if rng.random() < 0.95 else 0,
        "dilation_y": some(rng, 4),
        "dilation_x": int(rng.integers(0, most_dilation + 1)),
        "pad_top": int(rng.integers(-3, 5)),
        "pad_left": int(rng.integers(-3, 5)),
        "a_zero_point": zero_point(rng, 128),
        "w_zero_point": zero_point(rng, 128),
    }


def _weight_strides(rng: np.random.Generator, counts: Mapping[str, int]) -> dict[str, int]:
    taps = counts["kernel_x"] * counts["run"]
    dense = {"w_stride": taps * counts["kernel_y"], "w_stride_y": taps, "w_stride_x": counts["run"]}
    if rng.random() < 0.5:
        return {**dense, "w_stride_z": counts["output_channels"] * dense["w_stride"]}
    return {name: int(rng.integers(-200, 201)) for name in (*dense, "w_stride_z")}


def _drain(rng: np.random.Generator) -> dict[str, int]:
    requantise = Rounding(rng.integers(3))
    low, high = clamp(rng, 16 if rng.random() < 0.3 else 8)
    residual = int(requantise is not Rounding.OFF and rng.random() < 0.4)
    return {
        "parameters": ChannelRecord(rng.integers(3)),
        "requantise": requantise,
        "multiplier": int(rng.integers(1 << 31)),
        "shift": scale_shift(rng),
        "o_zero_point": zero_point(rng, 128),
        "clamp_min": low,
        "clamp_max": high,
        "o_type": Type.INT8 if residual else Type(rng.integers(3)),
        "residual": residual,
        **(_residual(rng) if residual else {}),
    }


def _residual(rng: np.random.Generator) -> dict[str, int]:
    low, high = clamp(rng, 8)
    fields: dict[str, int] = {"sum_zero_point": zero_point(rng, 128), "sum_clamp_min": low, "sum_clamp_max": high}
    for name in ("acc", "res"):
        fields |= {f"{name}_zero_point": zero_point(rng, 128), f"{name}_left_shift": int(rng.integers(21))}
    for name in ("acc", "res", "sum"):
        rounding = Rounding(rng.integers(1 if name == "sum" else 0, 3))
        fields |= {f"{name}_rounding": rounding, f"{name}_multiplier": int(rng.integers(1 << 31))}
        fields[f"{name}_shift"] = scale_shift(rng)
    return fields


def _output_strides(rng: np.random.Generator, tensor: TensorInstruction) -> dict[str, int]:
    size = tensor.o_type.size_bytes
    shape = (tensor.output_height, tensor.output_width)
    stride_y, stride_x = distinct_strides(rng, shape, tensor.output_channels * size, gap=3 * size, unit=size)
    residual = (int(stride) for stride in rng.integers(-100, 101, 2))
    return {"o_stride_y": stride_y, "o_stride_x": stride_x} | dict(
        zip(("res_stride_y", "res_stride_x"), residual, strict=True)
    )


def _draft_vector(chip: Chip, rng: np.random.Generator) -> VectorInstruction | None:
    reduce = Reduce(rng.integers(1, 6)) if rng.random() < 0.4 else Reduce.NONE
    reducing = reduce is not Reduce.NONE
    outer = [some(rng, 6) if rng.random() < 0.6 else 1 for _ in range(4)]
    inner = [some(rng, 5) if reducing and rng.random() < 0.6 else 1 for _ in range(2)]
    lanes = some(rng, 3 * chip.vector.lanes)
    if np.prod([*outer, *inner, lanes]) > ELEMENTS_AT_MOST:
        return None
    op = Op(rng.choice(DIRECT_OPS))
    source = _source(rng, op)
    low, high, table = _result_range(rng)
    draft = VectorInstruction(
        **dict(zip(("o0", "o1", "o2", "o3", "r0", "r1"), (*outer, *inner), strict=True)),
        lanes=lanes,
        op=op,
        op_argument=_argument(rng, op),
        reduce=reduce,
        lane_reduce=int(reducing and rng.random() < 0.5),
        b_source=source,
        b_immediate=_immediate(rng, op),
        **{f"{name}_type": Type(rng.integers(5)) for name in "abo"},
        **_scales(rng, source),
        o_zero_point=zero_point(rng, 1000),
        clamp_min=low,
        clamp_max=high,
        table=table,
    )
    return dataclasses.replace(draft, **_vector_strides(rng, draft))


def _draft_row_move(chip: Chip, rng: np.random.Generator) -> VectorInstruction | None:
    outer = [some(rng, 8) if rng.random() < 0.6 else 1 for _ in range(4)]
    lanes = some(rng, 3 * chip.vector.lanes)
    if np.prod([*outer, lanes]) > ELEMENTS_AT_MOST:
        return None
    low, high, table = _result_range(rng)
    op = Op(rng.choice(tuple(INDIRECT_OPS)))
    draft = VectorInstruction(
        **dict(zip(("o0", "o1", "o2", "o3"), outer, strict=True)),
        lanes=lanes,
        op=op,
        b_source=Source.STREAM,
        b_type=Type(rng.choice(5, p=[0.4, 0.1, 0.05, 0.4, 0.05])),
        b_immediate=int(rng.choice([0, 0, 10, -100, -128])),
        **{f"{name}_type": Type(rng.integers(5)) for name in "ao"},
        **_scales(rng, Source.NONE),
        o_zero_point=zero_point(rng, 1000),
        clamp_min=low,
        clamp_max=high,
        table=table,
        rows=some(rng, 250),
        masking=Masking(rng.integers(2)),
    )
    draft = dataclasses.replace(draft, b_zero_point=0, b_left_shift=0, **_vector_strides(rng, draft))
    return dataclasses.replace(draft, b_lane_stride=0, row_pitch=_row_pitch(rng, draft))


def _row_pitch(rng: np.random.Generator, vector: VectorInstruction) -> int:
    """Bytes between rows: mostly those of the lanes, and a few more."""
    kind = vector.a_type if vector.op is Op.GATHER else vector.o_type
    elements = vector.lanes + int(rng.integers(3)) if rng.random() < 0.7 else int(rng.integers(0, 40))
    return elements * kind.size_bytes * int(rng.choice([1, 1, 1, -1]))


def _source(rng: np.random.Generator, op: Op) -> Source:
    if op in (Op.PASS, Op.NOT, Op.ABS, Op.CLZ):
        return Source.NONE
    return Source.IMMEDIATE if rng.random() < 0.3 else Source.STREAM


def _argument(rng: np.random.Generator, op: Op) -> int:
    if op is Op.MUL:
        return int(rng.integers(64)) if rng.random() < 0.5 else 0
    return int(rng.integers(2)) if op is Op.ASR else 0


def _immediate(rng: np.random.Generator, op: Op) -> int:
    if op in (Op.SHL, Op.LSR, Op.ASR):
        return int(rng.integers(32))
    return int(rng.integers(1, 1 << int(rng.integers(1, 31)))) * int(rng.choice([-1, 1]))


def _result_range(rng: np.random.Generator) -> tuple[int, int, Table]:
    table = Table(rng.choice(3, p=[0.7, 0.15, 0.15]))
    if table is Table.NONE:
        return *clamp(rng, int(rng.choice([8, 16, 32]))), table
    return *clamp(rng, 8 if table is Table.TABLE8 else 16), table


def _scales(rng: np.random.Generator, source: Source) -> dict[str, int]:
    fields: dict[str, int] = {}
    for name in "abo":
        on = rng.random() < 0.4 and (name != "b" or source is Source.STREAM)
        fields[f"{name}_rounding"] = Rounding(rng.integers(1, 3)) if on else Rounding.OFF
        fields[f"{name}_multiplier"] = int(rng.integers(1 << 31))
        fields[f"{name}_shift"] = scale_shift(rng)
    for name in "ab":
        fields[f"{name}_zero_point"] = zero_point(rng, 32768)
        fields[f"{name}_left_shift"] = int(rng.integers(25)) if rng.random() < 0.4 else 0
    return fields


def _vector_strides(rng: np.random.Generator, vector: VectorInstruction) -> dict[str, int]:
    counts = (vector.o0, vector.o1, vector.o2, vector.o3, vector.lanes)
    names = ("stride_0", "stride_1", "stride_2", "stride_3", "lane_stride")
    size = vector.o_type.size_bytes
    written = (*counts[:4], 1) if vector.lane_reduce else counts
    output = distinct_strides(rng, written, size, gap=2 * size, unit=size, dense_last=rng.random() < 0.6)
    strides = {f"o_{name}": stride for name, stride in zip(names, output, strict=True)}
    in_place = vector.reduce is Reduce.NONE and vector.a_type is vector.o_type and rng.random() < 0.4
    for operand, kind in (("a", vector.a_type), ("b", vector.b_type)):
        drawn = output if operand == "a" and in_place else _operand_strides(rng, counts, kind.size_bytes)
        strides |= {f"{operand}_{name}": stride for name, stride in zip(names, drawn, strict=True)}
    reduce = _operand_strides(rng, (vector.r0, vector.r1), vector.a_type.size_bytes)
    return strides | {"a_reduce_0": reduce[0], "a_reduce_1": reduce[1]}


def _operand_strides(rng: np.random.Generator, counts: tuple[int, ...], size: int) -> tuple[int, ...]:
    if rng.random() < 0.5:
        return distinct_strides(rng, counts, size, gap=2 * size, unit=size, dense_last=rng.random() < 0.7)
    return tuple(int(stride) * size for stride in rng.choice([0, 1, 1, 2, 7, -3, 33], len(counts)))


def distinct_strides(
    rng: np.random.Generator,
    counts: tuple[int, ...],
    run_bytes: int,
    *,
    gap: int,
    unit: int = 1,
    dense_last: bool = False,
) -> tuple[int, ...]:
    """Strides of a loop nest, in any nesting, that touches no byte twice; signed, with random gaps."""
    order = list(rng.permutation(len(counts)))
    if dense_last:
        order.remove(len(counts) - 1)
        order.insert(0, len(counts) - 1)
    strides, extent = [0] * len(counts), run_bytes
    for depth, loop in enumerate(order):
        pad = 0 if dense_last and depth == 0 else int(rng.integers(0, gap // unit + 1)) * unit * int(rng.integers(2))
        step = extent + pad
        forward = dense_last and depth == 0
        strides[loop] = step if forward or rng.random() < 0.85 else -step
        extent = step * counts[loop]
    return tuple(strides)


def some(rng: np.random.Generator, most: int) -> int:
    """An integer of 1 to `most`, small ones more often."""
    return min(most, int(np.exp(rng.uniform(0, np.log(most + 1)))))


def zero_point(rng: np.random.Generator, size: int) -> int:
    return int(rng.integers(-size, size)) if rng.random() < 0.6 else 0


def scale_shift(rng: np.random.Generator) -> int:
    return int(rng.integers(2, 63)) if rng.random() < 0.3 else int(rng.integers(26, 44))


def clamp(rng: np.random.Generator, bits: int) -> tuple[int, int]:
    """A range within the type, whole half of the time."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if rng.random() < 0.5:
        return low, high
    first, second = sorted(int(value) for value in rng.integers(low, high + 1, 2))
    return first, second
