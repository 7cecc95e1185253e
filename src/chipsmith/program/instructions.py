"""The instruction set: one class an instruction, one declared bit field a line (docs/machine.md)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import ClassVar

from chipsmith.errors import BadInput
from chipsmith.program.encoding import OPCODE_BITS, bits, choice, decode, encode
from chipsmith.program.records import PER_CHANNEL_RECORD
from chipsmith.shown import Shown


class Engine(enum.StrEnum):
    """The engines that run at the same time; SEQUENCER is where END lives."""

    LOAD = "load"
    STORE = "store"
    TENSOR = "tensor"
    VECTOR = "vector"
    SEQUENCER = "sequencer"


class Space(enum.IntEnum):
    """Where a LOAD writes."""

    MEMORY = 0
    PAGE = 1


class Mode(enum.IntEnum):
    """How the tensor engine uses its array."""

    CONV = 0
    DEPTHWISE = 1


class WeightsBy(enum.IntEnum):
    """Whether a weight access reads one output channel (COLUMN) or one reduction index (ROW)."""

    COLUMN = 0
    ROW = 1


class ChannelRecord(enum.IntEnum):
    """The record of each output channel: none, an int32 bias, or bias, multiplier and shift (`program.records`)."""

    NONE = 0
    BIAS = 1
    PER_CHANNEL = 2

    @property
    def record_bytes(self) -> int:
        """Bytes of the record of one output channel."""
        return _RECORD_BYTES[self.value]


_RECORD_BYTES = (0, PER_CHANNEL_RECORD["bias"].itemsize, PER_CHANNEL_RECORD.itemsize)


class Rounding(enum.IntEnum):
    """Rounding of a scale stage, or its absence."""

    OFF = 0
    SINGLE = 1
    DOUBLE = 2


class Type(enum.IntEnum):
    """Element type of a stream."""

    INT8 = 0
    INT16 = 1
    INT32 = 2
    UINT8 = 3
    UINT16 = 4

    @property
    def size_bytes(self) -> int:
        """Bytes of one element."""
        return _SIZES_BYTES[self.value]

    @property
    def numpy(self) -> str:
        """The little-endian numpy type of one element."""
        return _NUMPY[self.value]


_SIZES_BYTES = (1, 2, 4, 1, 2)
_NUMPY = ("<i1", "<i2", "<i4", "<u1", "<u2")


class Op(enum.IntEnum):
    """Elementwise operation of the vector engine."""

    PASS = 0
    ADD = 1
    SUB = 2
    MUL = 3
    MAX = 4
    MIN = 5
    AND = 6
    OR = 7
    XOR = 8
    NOT = 9
    ABS = 10
    CLZ = 11
    SHL = 12
    LSR = 13
    ASR = 14
    EQ = 15
    GT = 16
    GE = 17
    DIV = 18
    GATHER = 19
    SCATTER = 20


INDIRECT_OPS = frozenset({Op.GATHER, Op.SCATTER})
"""Operations whose operand B names the row of A or of the output."""


class Masking(enum.IntEnum):
    """What GATHER does with an element whose row is not there: take 0 for it, or leave the output as it is."""

    ZERO = 0
    MERGE = 1


class Reduce(enum.IntEnum):
    """Reduction of the vector engine."""

    NONE = 0
    SUM = 1
    MAX = 2
    MIN = 3
    AND = 4
    OR = 5


class Table(enum.IntEnum):
    """Table look-up of the vector engine."""

    NONE = 0
    TABLE8 = 1
    TABLE16 = 2

    @property
    def size_bytes(self) -> int:
        """Bytes of the table in on-chip memory."""
        return _TABLE_BYTES[self.value]


_TABLE_BYTES = (0, 256, 513 * 2)


class Source(enum.IntEnum):
    """Where operand B of the vector engine comes from."""

    NONE = 0
    STREAM = 1
    IMMEDIATE = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Instruction(Shown):
    """What every instruction has: a mnemonic and an opcode, an engine, and 128 bytes.

    Equal are two of one class with equal fields. The hash is computed once: compilers ask for it often.
    """

    __slots__ = ("__dict__", "__weakref__", "_hash")
    mnemonic: ClassVar[str]
    opcode: ClassVar[int]
    engine: ClassVar[Engine]

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and vars(self) == vars(other))

    def __hash__(self) -> int:
        known: int | None = getattr(self, "_hash", None)
        if known is None:
            known = hash((type(self), *vars(self).values()))
            object.__setattr__(self, "_hash", known)
        return known

    def __getstate__(self) -> dict[str, int]:
        return vars(self)  # the hash holds in its own process alone

    def encode(self) -> bytes:
        """The 128 bytes; BadInput where a value does not fit its field."""
        return encode(self, self.opcode)


@dataclass(frozen=True, kw_only=True, eq=False)
class End(Instruction):
    """Waits until everything is idle and ends the inference."""

    mnemonic: ClassVar[str] = "END"
    opcode: ClassVar[int] = 0
    engine: ClassVar[Engine] = Engine.SEQUENCER


@dataclass(frozen=True, kw_only=True, eq=False)
class TransferInstruction(Instruction):
    """Runs of bytes between the external and the on-chip memory (machine, section 4)."""

    external_address: int = bits(32, "first byte in external memory")
    local_address: int = bits(24, "first byte in on-chip memory; the slot where a page is loaded")
    outer_count: int = bits(16, "runs, outer loop", default=1)
    inner_count: int = bits(16, "runs, inner loop", default=1)
    run_bytes: int = bits(24, "bytes of a run")
    external_outer_stride: int = bits(32, "bytes in external memory", signed=True)
    external_inner_stride: int = bits(32, "bytes in external memory", signed=True)
    local_outer_stride: int = bits(24, "bytes in on-chip memory", signed=True)
    local_inner_stride: int = bits(24, "bytes in on-chip memory", signed=True)
    first_group: int = bits(5, "first bank group of the on-chip stream")
    last_group: int = bits(5, "last bank group of the on-chip stream")
    external_locks: int = bits(6, "a bit for each external region X0..X5 that is held")


@dataclass(frozen=True, kw_only=True, eq=False)
class Load(TransferInstruction):
    """External memory to on-chip memory, or a page of instructions."""

    mnemonic: ClassVar[str] = "LOAD"
    opcode: ClassVar[int] = 1
    engine: ClassVar[Engine] = Engine.LOAD

    space: Space = choice(Space.MEMORY, "destination", width=1)
    once: int = bits(1, "1: skipped when WARM is set")


@dataclass(frozen=True, kw_only=True, eq=False)
class Store(TransferInstruction):
    """On-chip memory to external memory."""

    mnemonic: ClassVar[str] = "STORE"
    opcode: ClassVar[int] = 2
    engine: ClassVar[Engine] = Engine.STORE


@dataclass(frozen=True, kw_only=True, eq=False)
class TensorInstruction(Instruction):
    """Convolution, matrix product or depthwise convolution with its drain (machine, section 6)."""

    mnemonic: ClassVar[str] = "TENSOR"
    opcode: ClassVar[int] = 3
    engine: ClassVar[Engine] = Engine.TENSOR

    mode: Mode = choice(Mode.CONV, "use of the array", width=1)
    output_height: int = bits(16, "output rows", default=1)
    output_width: int = bits(16, "output pixels of a row", default=1)
    output_channels: int = bits(16, "output channels", default=1)
    kernel_z: int = bits(16, "taps of the outermost loop", default=1)
    kernel_y: int = bits(16, "kernel rows", default=1)
    kernel_x: int = bits(16, "runs along a kernel row", default=1)
    run: int = bits(24, "dense bytes under one run; taps along x in DEPTHWISE", default=1)
    a_base: int = bits(24, "activations, address of input row 0, pixel 0, byte 0")
    a_pitch_z: int = bits(24, "bytes between steps of kernel_z", signed=True)
    row_pitch: int = bits(24, "bytes between input rows", signed=True)
    pixel_pitch: int = bits(24, "bytes between input pixels of a row")
    input_height: int = bits(16, "input rows", default=1)
    input_width: int = bits(16, "input pixels of a row", default=1)
    stride_y: int = bits(14, "input rows between output rows", default=1)
    stride_x: int = bits(14, "input pixels between output pixels", default=1)
    dilation_y: int = bits(14, "input rows between kernel rows", default=1)
    dilation_x: int = bits(14, "input pixels between taps along x", default=1)
    pad_top: int = bits(16, "rows before input row 0", signed=True)
    pad_left: int = bits(16, "pixels before input pixel 0", signed=True)
    a_zero_point: int = bits(9, "subtracted from activations", signed=True)
    weights_by: WeightsBy = choice(WeightsBy.COLUMN, "what one weight access reads", width=1)
    w_base: int = bits(24, "weights")
    w_stride: int = bits(24, "bytes between output channels (COLUMN) or reduction indices (ROW)", signed=True)
    w_stride_z: int = bits(24, "bytes between steps of kernel_z", signed=True)
    w_stride_y: int = bits(24, "bytes between kernel rows", signed=True)
    w_stride_x: int = bits(24, "bytes between runs along a kernel row", signed=True)
    w_zero_point: int = bits(9, "subtracted from weights", signed=True)
    parameters: ChannelRecord = choice(ChannelRecord.NONE, "record of an output channel", width=2)
    param_base: int = bits(24, "records of the output channels")
    requantise: Rounding = choice(Rounding.OFF, "scale stage of the drain", width=2)
    multiplier: int = bits(32, "where the record has none", signed=True)
    shift: int = bits(6, "where the record has none")
    o_zero_point: int = bits(16, "added after the scale", signed=True)
    clamp_min: int = bits(16, "least value after the scale", signed=True)
    clamp_max: int = bits(16, "greatest value after the scale", signed=True)
    o_type: Type = choice(Type.INT8, "type of the output: INT8, INT16 or INT32", width=3)
    o_base: int = bits(24, "output")
    o_stride_y: int = bits(24, "bytes between output rows", signed=True)
    o_stride_x: int = bits(24, "bytes between output pixels", signed=True)
    residual: int = bits(1, "1: add the residual stream in the drain")
    res_base: int = bits(24, "residual, int8")
    res_stride_y: int = bits(24, "bytes between its rows", signed=True)
    res_stride_x: int = bits(24, "bytes between its pixels", signed=True)
    acc_zero_point: int = bits(9, "subtracted from the drained value", signed=True)
    acc_left_shift: int = bits(5, "shifts the drained value before its scale")
    acc_rounding: Rounding = choice(Rounding.OFF, "scale stage of the drained value", width=2)
    acc_multiplier: int = bits(31, "scales the drained value")
    acc_shift: int = bits(6, "scales the drained value")
    res_zero_point: int = bits(9, "subtracted from the residual", signed=True)
    res_left_shift: int = bits(5, "shifts the residual before its scale")
    res_rounding: Rounding = choice(Rounding.OFF, "scale stage of the residual", width=2)
    res_multiplier: int = bits(31, "scales the residual")
    res_shift: int = bits(6, "scales the residual")
    sum_rounding: Rounding = choice(Rounding.OFF, "scale stage of the sum", width=2)
    sum_multiplier: int = bits(31, "scales the sum")
    sum_shift: int = bits(6, "scales the sum")
    sum_zero_point: int = bits(9, "added after the sum's scale", signed=True)
    sum_clamp_min: int = bits(8, "least value after the sum's scale", signed=True)
    sum_clamp_max: int = bits(8, "greatest value after the sum's scale", signed=True)
    a_first_group: int = bits(5, "groups of the activations")
    a_last_group: int = bits(5, "groups of the activations")
    w_first_group: int = bits(5, "groups of the weights")
    w_last_group: int = bits(5, "groups of the weights")
    param_first_group: int = bits(5, "groups of the records")
    param_last_group: int = bits(5, "groups of the records")
    o_first_group: int = bits(5, "groups of the output")
    o_last_group: int = bits(5, "groups of the output")
    res_first_group: int = bits(5, "groups of the residual")
    res_last_group: int = bits(5, "groups of the residual")

    @property
    def output_pixels(self) -> int:
        """Output pixels of one channel."""
        return self.output_height * self.output_width


@dataclass(frozen=True, kw_only=True, eq=False)
class VectorInstruction(Instruction):
    """A chain of scale, operation, reduction, scale, clamp and table (machine, section 7)."""

    mnemonic: ClassVar[str] = "VECTOR"
    opcode: ClassVar[int] = 4
    engine: ClassVar[Engine] = Engine.VECTOR

    o0: int = bits(16, "outer count", default=1)
    o1: int = bits(16, "outer count", default=1)
    o2: int = bits(16, "outer count", default=1)
    o3: int = bits(16, "outer count", default=1)
    lanes: int = bits(24, "elements along the lanes", default=1)
    r0: int = bits(16, "reduction count", default=1)
    r1: int = bits(16, "reduction count", default=1)
    a_type: Type = choice(Type.INT8, "type of A", width=3)
    a_base: int = bits(24, "operand A")
    a_stride_0: int = bits(24, "bytes a step of o0", signed=True)
    a_stride_1: int = bits(24, "bytes a step of o1", signed=True)
    a_stride_2: int = bits(24, "bytes a step of o2", signed=True)
    a_stride_3: int = bits(24, "bytes a step of o3", signed=True)
    a_lane_stride: int = bits(24, "bytes a lane", signed=True)
    a_reduce_0: int = bits(24, "bytes a step of r0", signed=True)
    a_reduce_1: int = bits(24, "bytes a step of r1", signed=True)
    b_source: Source = choice(Source.NONE, "where operand B comes from", width=2)
    b_type: Type = choice(Type.INT8, "type of B", width=3)
    b_base: int = bits(24, "operand B")
    b_stride_0: int = bits(24, "bytes a step of o0", signed=True)
    b_stride_1: int = bits(24, "bytes a step of o1", signed=True)
    b_stride_2: int = bits(24, "bytes a step of o2", signed=True)
    b_stride_3: int = bits(24, "bytes a step of o3", signed=True)
    b_lane_stride: int = bits(24, "bytes a lane", signed=True)
    b_immediate: int = bits(32, "operand B where its source is IMMEDIATE; GATHER, SCATTER: first row", signed=True)
    a_zero_point: int = bits(17, "subtracted from A", signed=True)
    a_left_shift: int = bits(5, "shifts A before its scale")
    a_rounding: Rounding = choice(Rounding.OFF, "scale stage of A", width=2)
    a_multiplier: int = bits(31, "scales A")
    a_shift: int = bits(6, "scales A")
    b_zero_point: int = bits(17, "subtracted from B", signed=True)
    b_left_shift: int = bits(5, "shifts B before its scale")
    b_rounding: Rounding = choice(Rounding.OFF, "scale stage of B (STREAM only)", width=2)
    b_multiplier: int = bits(31, "scales B")
    b_shift: int = bits(6, "scales B")
    op: Op = choice(Op.PASS, "operation", width=5)
    op_argument: int = bits(6, "shift of MUL, rounding of ASR")
    reduce: Reduce = choice(Reduce.NONE, "reduction", width=3)
    lane_reduce: int = bits(1, "1: reduce over the lanes too")
    o_rounding: Rounding = choice(Rounding.OFF, "scale stage of the result", width=2)
    o_multiplier: int = bits(31, "scales the result")
    o_shift: int = bits(6, "scales the result")
    o_zero_point: int = bits(17, "added after the scale", signed=True)
    clamp_min: int = bits(32, "least value", signed=True, default=-(1 << 31))
    clamp_max: int = bits(32, "greatest value", signed=True, default=(1 << 31) - 1)
    table: Table = choice(Table.NONE, "table look-up", width=2)
    t_base: int = bits(24, "the table")
    o_type: Type = choice(Type.INT8, "type of the output", width=3)
    o_base: int = bits(24, "output")
    o_stride_0: int = bits(24, "bytes a step of o0", signed=True)
    o_stride_1: int = bits(24, "bytes a step of o1", signed=True)
    o_stride_2: int = bits(24, "bytes a step of o2", signed=True)
    o_stride_3: int = bits(24, "bytes a step of o3", signed=True)
    o_lane_stride: int = bits(24, "bytes a lane", signed=True)
    a_first_group: int = bits(5, "groups of A")
    a_last_group: int = bits(5, "groups of A")
    b_first_group: int = bits(5, "groups of B")
    b_last_group: int = bits(5, "groups of B")
    o_first_group: int = bits(5, "groups of the output")
    o_last_group: int = bits(5, "groups of the output")
    t_first_group: int = bits(5, "groups of the table")
    t_last_group: int = bits(5, "groups of the table")
    rows: int = bits(24, "rows that GATHER and SCATTER reach")
    row_pitch: int = bits(24, "bytes between these rows", signed=True)
    masking: Masking = choice(Masking.ZERO, "GATHER: elements whose row is not there", width=1)

    @property
    def writes_by_data(self) -> bool:
        """Whether data decides which elements of the output are written."""
        return self.op is Op.SCATTER or (self.op is Op.GATHER and self.masking is Masking.MERGE)

    @property
    def outer_steps(self) -> int:
        """Steps of the outer loops o0 to o3 together."""
        return self.o0 * self.o1 * self.o2 * self.o3


INSTRUCTIONS: tuple[type[Instruction], ...] = (End, Load, Store, TensorInstruction, VectorInstruction)
"""The classes of the instruction set, by opcode."""
_BY_OPCODE = {row.opcode: row for row in INSTRUCTIONS}


def no_instruction(value: object) -> TypeError:
    """The error for a value of a class that is none of INSTRUCTIONS."""
    return TypeError(f"{type(value).__name__} is no instruction of the machine")


def decode_instruction(data: bytes) -> Instruction:
    """The instruction that 128 bytes encode; BadInput on a reserved opcode or value."""
    opcode = data[0] & ((1 << OPCODE_BITS) - 1)
    row = _BY_OPCODE.get(opcode)
    if row is None:
        raise BadInput(
            f"opcode {opcode} is reserved; the machine has {', '.join(row.mnemonic for row in INSTRUCTIONS)}"
        )
    return decode(row, data)
