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
    Masking,
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

    def _tensor(self, tensor: TensorInstruction) -> None:
        shape = (tensor.output_height, tensor.output_width, tensor.output_channels)
        for oy, ox, oc in itertools.product(*map(range, shape)):
            value = self._drain(tensor, oy, ox, oc, self._accumulate(tensor, oy, ox, oc))
            address = tensor.o_base + oy * tensor.o_stride_y + ox * tensor.o_stride_x + oc * SIZES[tensor.o_type]
            self.write(address, tensor.o_type, value)

    def _accumulate(self, tensor: TensorInstruction, oy: int, ox: int, oc: int) -> int:
        total = 0
        for kz, ky, kx, tap in itertools.product(
            *map(range, (tensor.kernel_z, tensor.kernel_y, tensor.kernel_x, tensor.run))
        ):
            address = activation_address(tensor, oy, ox, oc, kz, ky, kx, tap)
            if address is not None:
                activation = self.read(address, Type.INT8) - tensor.a_zero_point
                weight = self.read(weight_address(tensor, oc, kz, ky, kx, tap), Type.INT8) - tensor.w_zero_point
                total += activation * weight
        return wrap(total)

    def _drain(self, tensor: TensorInstruction, oy: int, ox: int, oc: int, total: int) -> int:
        bias, multiplier, shift = self._record(tensor, oc)
        value = wrap(total + bias)
        if tensor.requantise is Rounding.OFF:
            return value
        value = wrap(scale(value, multiplier, shift, tensor.requantise) + tensor.o_zero_point)
        value = clamped(value, tensor.clamp_min, tensor.clamp_max)
        if not tensor.residual:
            return value
        residual = self.read(tensor.res_base + oy * tensor.res_stride_y + ox * tensor.res_stride_x + oc, Type.INT8)
        left = wrap((value - tensor.acc_zero_point) << tensor.acc_left_shift)
        right = wrap((residual - tensor.res_zero_point) << tensor.res_left_shift)
        left = scale(left, tensor.acc_multiplier, tensor.acc_shift, tensor.acc_rounding)
        right = scale(right, tensor.res_multiplier, tensor.res_shift, tensor.res_rounding)
        value = scale(wrap(left + right), tensor.sum_multiplier, tensor.sum_shift, tensor.sum_rounding)
        return clamped(wrap(value + tensor.sum_zero_point), tensor.sum_clamp_min, tensor.sum_clamp_max)

    def _record(self, tensor: TensorInstruction, oc: int) -> tuple[int, int, int]:
        if tensor.parameters is ChannelRecord.NONE:
            return 0, tensor.multiplier, tensor.shift
        if tensor.parameters is ChannelRecord.BIAS:
            return self.read(tensor.param_base + 4 * oc, Type.INT32), tensor.multiplier, tensor.shift
        address = tensor.param_base + 9 * oc
        bias, multiplier = self.read(address, Type.INT32), self.read(address + 4, Type.INT32)
        return bias, multiplier, self.read(address + 8, Type.UINT8) & 63

    # VECTOR

    def _vector(self, vector: VectorInstruction) -> None:
        lanes = range(vector.lanes)
        for outer in itertools.product(*map(range, (vector.o0, vector.o1, vector.o2, vector.o3))):
            if vector.lane_reduce:
                self._element(vector, outer, 0, lanes)
                continue
            for lane in lanes:
                self._element(vector, outer, lane, (lane,))

    def _element(self, vector: VectorInstruction, outer: tuple[int, ...], out_lane: int, lanes) -> None:
        row = self._row(vector, outer, out_lane)
        if row is None and (vector.op is Op.SCATTER or vector.masking is Masking.MERGE):
            return
        operated = [
            self._operate(vector, outer, lane, r0, r1)
            for lane in lanes
            for r0, r1 in itertools.product(range(vector.r0), range(vector.r1))
        ]
        value = scale(_reduced(vector.reduce, operated), vector.o_multiplier, vector.o_shift, vector.o_rounding)
        value = clamped(wrap(value + vector.o_zero_point), vector.clamp_min, vector.clamp_max)
        strides = (vector.o_stride_0, vector.o_stride_1, vector.o_stride_2, vector.o_stride_3)
        address = vector.o_base + sum(map(int.__mul__, outer, strides)) + out_lane * vector.o_lane_stride
        address += row * vector.row_pitch if vector.op is Op.SCATTER else 0
        self.write(address, vector.o_type, self._looked_up(vector, value))

    def _row(self, vector: VectorInstruction, outer: tuple[int, ...], lane: int) -> int | None:
        """The row that GATHER or SCATTER moves an element by, None where it is not there; 0 for other operations."""
        if vector.op not in (Op.GATHER, Op.SCATTER):
            return 0
        strides = (vector.b_stride_0, vector.b_stride_1, vector.b_stride_2, vector.b_stride_3)
        address = vector.b_base + sum(map(int.__mul__, outer, strides)) + lane * vector.b_lane_stride
        row = wrap(self.read(address, vector.b_type) - vector.b_immediate)
        return row if 0 <= row < vector.rows else None

    def _operate(self, vector: VectorInstruction, outer: tuple[int, ...], lane: int, r0: int, r1: int) -> int:
        strides = (vector.a_stride_0, vector.a_stride_1, vector.a_stride_2, vector.a_stride_3)
        address = vector.a_base + sum(map(int.__mul__, outer, strides)) + lane * vector.a_lane_stride
        address += r0 * vector.a_reduce_0 + r1 * vector.a_reduce_1
        row = self._row(vector, outer, lane)
        if vector.op is Op.GATHER and row is not None:
            address += row * vector.row_pitch
        element = 0 if row is None else self.read(address, vector.a_type)
        a = wrap((element - vector.a_zero_point) << vector.a_left_shift)
        a = scale(a, vector.a_multiplier, vector.a_shift, vector.a_rounding)
        return wrap(operate(vector.op, a, self._operand_b(vector, outer, lane), vector.op_argument))

    def _operand_b(self, vector: VectorInstruction, outer: tuple[int, ...], lane: int) -> int:
        if vector.b_source is not Source.STREAM:
            return vector.b_immediate
        strides = (vector.b_stride_0, vector.b_stride_1, vector.b_stride_2, vector.b_stride_3)
        address = vector.b_base + sum(map(int.__mul__, outer, strides)) + lane * vector.b_lane_stride
        b = wrap((self.read(address, vector.b_type) - vector.b_zero_point) << vector.b_left_shift)
        return scale(b, vector.b_multiplier, vector.b_shift, vector.b_rounding)

    def _looked_up(self, vector: VectorInstruction, value: int) -> int:
        if vector.table is Table.TABLE8:
            return self.read(vector.t_base + value + 128, Type.INT8)
        if vector.table is Table.TABLE16:
            index, fraction = (value >> 7) + 256, value & 127
            left = self.read(vector.t_base + 2 * index, Type.INT16)
            right = self.read(vector.t_base + 2 * index + 2, Type.INT16)
            return (left << 7) + (right - left) * fraction
        return value


def _runs(transfer: Load | Store):
    """(external byte, local byte) of each byte that a transfer moves."""
    for i, k, byte in itertools.product(
        range(transfer.outer_count), range(transfer.inner_count), range(transfer.run_bytes)
    ):
        outside = (
            transfer.external_address + i * transfer.external_outer_stride + k * transfer.external_inner_stride + byte
        )
        inside = transfer.local_address + i * transfer.local_outer_stride + k * transfer.local_inner_stride + byte
        assert outside >= 0
        assert inside >= 0
        yield outside, inside


def activation_address(
    tensor: TensorInstruction, oy: int, ox: int, oc: int, kz: int, ky: int, kx: int, tap: int
) -> int | None:
    """Address of an activation, or None where it is masked."""
    row = oy * tensor.stride_y - tensor.pad_top + ky * tensor.dilation_y
    if not 0 <= row < tensor.input_height:
        return None
    start = tensor.a_base + kz * tensor.a_pitch_z + row * tensor.row_pitch
    if tensor.mode is Mode.DEPTHWISE:
        pixel = ox * tensor.stride_x - tensor.pad_left + tap * tensor.dilation_x
        return start + pixel * tensor.pixel_pitch + oc if 0 <= pixel < tensor.input_width else None
    byte = (ox * tensor.stride_x - tensor.pad_left + kx * tensor.dilation_x) * tensor.pixel_pitch + tap
    return start + byte if 0 <= byte < tensor.input_width * tensor.pixel_pitch else None


def weight_address(tensor: TensorInstruction, oc: int, kz: int, ky: int, kx: int, tap: int) -> int:
    start = tensor.w_base + kz * tensor.w_stride_z + ky * tensor.w_stride_y + kx * tensor.w_stride_x
    if tensor.mode is Mode.CONV and tensor.weights_by is WeightsBy.COLUMN:
        return start + oc * tensor.w_stride + tap
    return start + tap * tensor.w_stride + oc


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
