"""The machine in plain loops over every index, straight from docs/machine.md: slow, and plainly right."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from chipsmith.chip import Chip
from chipsmith.program.instructions import (
    ChannelRecord,
    End,
    Instruction,
    Load,
    Mode,
    Op,
    Reduce,
    Rounding,
    Source,
    Space,
    Store,
    Table,
    TensorInstruction,
    Type,
    VectorInstruction,
    WeightsBy,
)
from chipsmith.program.program import Program

UNDEFINED = 0x5A  # the simulator's choice for bytes that the contract leaves undefined
SIZES = {Type.INT8: 1, Type.UINT8: 1, Type.INT16: 2, Type.UINT16: 2, Type.INT32: 4}
SIGNED = {Type.INT8: True, Type.UINT8: False, Type.INT16: True, Type.UINT16: False, Type.INT32: True}


def naive_execute(program: Program, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs of a Program whose ports have a leading dimension of 1."""
    runs = [naive_inference(program, {name: array[n] for name, array in inputs.items()}) for n in range(_count(inputs))]
    return {port.name: np.stack([run[port.name] for run in runs]) for port in program.manifest.outputs}


def naive_inference(program: Program, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    machine = NaiveMachine(program.chip, external_bytes=program.manifest.external_bytes)
    machine.external[: len(program.constants)] = program.constants
    for port in program.manifest.inputs:
        machine.external[port.address : port.address + port.size_bytes] = inputs[port.name].tobytes()
    for instruction in program.instructions:
        machine.run(instruction)
    return {
        port.name: np.frombuffer(machine.external, port.dtype, int(np.prod(port.shape)), port.address)
        .copy()
        .reshape(port.shape[1:])
        for port in program.manifest.outputs
    }


def _count(inputs: Mapping[str, np.ndarray]) -> int:
    return len(next(iter(inputs.values())))


class NaiveMachine:
    """One inference's memories, and the meaning of each instruction."""

    def __init__(self, chip: Chip, *, external_bytes: int = 0) -> None:
        self.local = bytearray([UNDEFINED]) * (chip.memory.groups * chip.memory.group_bytes)
        self.external = bytearray([UNDEFINED]) * external_bytes

    def run(self, instruction: Instruction) -> None:
        match instruction:
            case Load(space=Space.PAGE) | End():
                pass
            case Load():
                for outside, inside in _runs(instruction):
                    self.local[inside] = self.external[outside]
            case Store():
                for outside, inside in _runs(instruction):
                    self.external[outside] = self.local[inside]
            case TensorInstruction():
                self._tensor(instruction)
            case VectorInstruction():
                self._vector(instruction)

    def read(self, address: int, kind: Type) -> int:
        assert address >= 0
        data = self.local[address : address + SIZES[kind]]
        assert len(data) == SIZES[kind]
        return int.from_bytes(data, "little", signed=SIGNED[kind])

    def write(self, address: int, kind: Type, value: int) -> None:
        assert address >= 0
        size = SIZES[kind]
        self.local[address : address + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    # TENSOR

    def _tensor(self, one: TensorInstruction) -> None:
        shape = (one.output_height, one.output_width, one.output_channels)
        for oy, ox, oc in itertools.product(*map(range, shape)):
            value = self._drain(one, oy, ox, oc, self._accumulate(one, oy, ox, oc))
            address = one.o_base + oy * one.o_stride_y + ox * one.o_stride_x + oc * SIZES[one.o_type]
            self.write(address, one.o_type, value)

    def _accumulate(self, one: TensorInstruction, oy: int, ox: int, oc: int) -> int:
        total = 0
        for kz, ky, kx, tap in itertools.product(*map(range, (one.kernel_z, one.kernel_y, one.kernel_x, one.run))):
            address = activation_address(one, oy, ox, oc, kz, ky, kx, tap)
            if address is not None:
                activation = self.read(address, Type.INT8) - one.a_zero_point
                weight = self.read(weight_address(one, oc, kz, ky, kx, tap), Type.INT8) - one.w_zero_point
                total += activation * weight
        return wrap(total)

    def _drain(self, one: TensorInstruction, oy: int, ox: int, oc: int, total: int) -> int:
        bias, multiplier, shift = self._record(one, oc)
        value = wrap(total + bias)
        if one.requantise is Rounding.OFF:
            return value
        value = wrap(scale(value, multiplier, shift, one.requantise) + one.o_zero_point)
        value = clamped(value, one.clamp_min, one.clamp_max)
        if not one.residual:
            return value
        residual = self.read(one.res_base + oy * one.res_stride_y + ox * one.res_stride_x + oc, Type.INT8)
        left = wrap((value - one.acc_zero_point) << one.acc_left_shift)
        right = wrap((residual - one.res_zero_point) << one.res_left_shift)
        left = scale(left, one.acc_multiplier, one.acc_shift, one.acc_rounding)
        right = scale(right, one.res_multiplier, one.res_shift, one.res_rounding)
        value = scale(wrap(left + right), one.sum_multiplier, one.sum_shift, one.sum_rounding)
        return clamped(wrap(value + one.sum_zero_point), one.sum_clamp_min, one.sum_clamp_max)

    def _record(self, one: TensorInstruction, oc: int) -> tuple[int, int, int]:
        if one.parameters is ChannelRecord.NONE:
            return 0, one.multiplier, one.shift
        if one.parameters is ChannelRecord.BIAS:
            return self.read(one.param_base + 4 * oc, Type.INT32), one.multiplier, one.shift
        address = one.param_base + 9 * oc
        bias, multiplier = self.read(address, Type.INT32), self.read(address + 4, Type.INT32)
        return bias, multiplier, self.read(address + 8, Type.UINT8) & 63

    # VECTOR

    def _vector(self, one: VectorInstruction) -> None:
        lanes = range(one.lanes)
        for outer in itertools.product(*map(range, (one.o0, one.o1, one.o2, one.o3))):
            if one.lane_reduce:
                self._element(one, outer, 0, lanes)
                continue
            for lane in lanes:
                self._element(one, outer, lane, (lane,))

    def _element(self, one: VectorInstruction, outer: tuple[int, ...], out_lane: int, lanes) -> None:
        row = self._row(one, outer, out_lane)
        if row is None:
            return
        found = [
            self._operate(one, outer, lane, r0, r1)
            for lane in lanes
            for r0, r1 in itertools.product(range(one.r0), range(one.r1))
        ]
        value = scale(_reduced(one.reduce, found), one.o_multiplier, one.o_shift, one.o_rounding)
        value = clamped(wrap(value + one.o_zero_point), one.clamp_min, one.clamp_max)
        strides = (one.o_stride_0, one.o_stride_1, one.o_stride_2, one.o_stride_3)
        address = one.o_base + sum(map(int.__mul__, outer, strides)) + out_lane * one.o_lane_stride
        address += row * one.row_pitch if one.op is Op.SCATTER else 0
        self.write(address, one.o_type, self._looked_up(one, value))

    def _row(self, one: VectorInstruction, outer: tuple[int, ...], lane: int) -> int | None:
        """The row that GATHER or SCATTER moves an element by, None where it is not there; 0 for other operations."""
        if one.op not in (Op.GATHER, Op.SCATTER):
            return 0
        strides = (one.b_stride_0, one.b_stride_1, one.b_stride_2, one.b_stride_3)
        address = one.b_base + sum(map(int.__mul__, outer, strides)) + lane * one.b_lane_stride
        row = wrap(self.read(address, one.b_type) - one.b_immediate)
        return row if 0 <= row < one.rows else None

    def _operate(self, one: VectorInstruction, outer: tuple[int, ...], lane: int, r0: int, r1: int) -> int:
        strides = (one.a_stride_0, one.a_stride_1, one.a_stride_2, one.a_stride_3)
        address = one.a_base + sum(map(int.__mul__, outer, strides)) + lane * one.a_lane_stride
        address += r0 * one.a_reduce_0 + r1 * one.a_reduce_1
        if one.op is Op.GATHER:
            address += self._row(one, outer, lane) * one.row_pitch
        a = wrap((self.read(address, one.a_type) - one.a_zero_point) << one.a_left_shift)
        a = scale(a, one.a_multiplier, one.a_shift, one.a_rounding)
        return wrap(operate(one.op, a, self._operand_b(one, outer, lane), one.op_argument))

    def _operand_b(self, one: VectorInstruction, outer: tuple[int, ...], lane: int) -> int:
        if one.b_source is not Source.STREAM:
            return one.b_immediate
        strides = (one.b_stride_0, one.b_stride_1, one.b_stride_2, one.b_stride_3)
        address = one.b_base + sum(map(int.__mul__, outer, strides)) + lane * one.b_lane_stride
        b = wrap((self.read(address, one.b_type) - one.b_zero_point) << one.b_left_shift)
        return scale(b, one.b_multiplier, one.b_shift, one.b_rounding)

    def _looked_up(self, one: VectorInstruction, value: int) -> int:
        if one.table is Table.TABLE8:
            return self.read(one.t_base + value + 128, Type.INT8)
        if one.table is Table.TABLE16:
            index, fraction = (value >> 7) + 256, value & 127
            left = self.read(one.t_base + 2 * index, Type.INT16)
            right = self.read(one.t_base + 2 * index + 2, Type.INT16)
            return (left << 7) + (right - left) * fraction
        return value


def _runs(one: Load | Store):
    """(external byte, local byte) of each byte that a transfer moves."""
    for i, k, byte in itertools.product(range(one.outer_count), range(one.inner_count), range(one.run_bytes)):
        outside = one.external_address + i * one.external_outer_stride + k * one.external_inner_stride + byte
        inside = one.local_address + i * one.local_outer_stride + k * one.local_inner_stride + byte
        assert outside >= 0
        assert inside >= 0
        yield outside, inside


def activation_address(
    one: TensorInstruction, oy: int, ox: int, oc: int, kz: int, ky: int, kx: int, tap: int
) -> int | None:
    """Address of an activation, or None where it is masked."""
    row = oy * one.stride_y - one.pad_top + ky * one.dilation_y
    if not 0 <= row < one.input_height:
        return None
    start = one.a_base + kz * one.a_pitch_z + row * one.row_pitch
    if one.mode is Mode.DEPTHWISE:
        pixel = ox * one.stride_x - one.pad_left + tap * one.dilation_x
        return start + pixel * one.pixel_pitch + oc if 0 <= pixel < one.input_width else None
    byte = (ox * one.stride_x - one.pad_left + kx * one.dilation_x) * one.pixel_pitch + tap
    return start + byte if 0 <= byte < one.input_width * one.pixel_pitch else None


def weight_address(one: TensorInstruction, oc: int, kz: int, ky: int, kx: int, tap: int) -> int:
    start = one.w_base + kz * one.w_stride_z + ky * one.w_stride_y + kx * one.w_stride_x
    if one.mode is Mode.CONV and one.weights_by is WeightsBy.COLUMN:
        return start + oc * one.w_stride + tap
    return start + tap * one.w_stride + oc


def wrap(value: int) -> int:
    """The low 32 bits in two's complement."""
    return ((value + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def wrap_wide(value: int) -> int:
    """The low 64 bits in two's complement."""
    return ((value + (1 << 63)) & (1 << 64) - 1) - (1 << 63)


def clamped(value: int, low: int, high: int) -> int:
    return min(max(value, low), high)


def scale(value: int, multiplier: int, shift: int, rounding: Rounding) -> int:
    if rounding is Rounding.OFF:
        return value
    half = 1 << shift >> 1
    if rounding is Rounding.DOUBLE and shift > 31:
        half += 1 << 30 if value >= 0 else -(1 << 30)
    return wrap(wrap_wide(value * multiplier + half) >> shift)


def operate(op: Op, a: int, b: int, argument: int) -> int:
    match op:
        case Op.PASS | Op.GATHER | Op.SCATTER:
            return a
        case Op.ADD:
            return a + b
        case Op.SUB:
            return a - b
        case Op.MUL:
            return wrap_wide(a * b + (1 << argument >> 1)) >> argument
        case Op.MAX:
            return max(a, b)
        case Op.MIN:
            return min(a, b)
        case Op.AND:
            return a & b
        case Op.OR:
            return a | b
        case Op.XOR:
            return a ^ b
        case Op.NOT:
            return ~a
        case Op.ABS:
            return abs(a)
        case Op.CLZ:
            return 32 - (a & 0xFFFFFFFF).bit_length()
        case Op.SHL:
            return a << (b & 31)
        case Op.LSR:
            return (a & 0xFFFFFFFF) >> (b & 31)
        case Op.ASR:
            amount = b & 31
            return (a >> amount) + (a >> amount - 1 & 1 if argument and amount else 0)
        case Op.EQ:
            return int(a == b)
        case Op.GT:
            return int(a > b)
        case Op.GE:
            return int(a >= b)
    return quotient(a, b)


def quotient(a: int, b: int) -> int:
    """a / b toward zero; by zero, what a restoring divider of magnitudes gives."""
    if b == 0:
        return -1 if a >= 0 else 1
    magnitude = abs(a) // abs(b)
    return magnitude if (a < 0) == (b < 0) else -magnitude


def _reduced(reduce: Reduce, values: list[int]) -> int:
    match reduce:
        case Reduce.SUM:
            return wrap(sum(values))
        case Reduce.MAX:
            return max(values)
        case Reduce.MIN:
            return min(values)
    result = values[0]
    for value in values[1:]:
        result = result & value if reduce is Reduce.AND else result | value
    return result
