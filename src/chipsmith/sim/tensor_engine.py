"""TENSOR: convolution, matrix product and depthwise convolution of a batch, with the drain (machine, section 6)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.program.instructions import ChannelRecord, Mode, TensorInstruction, WeightsBy
from chipsmith.program.records import record_field
from chipsmith.sim.compiled import ActivationWindow, DrainFields, depthwise, drain, gather
from chipsmith.sim.memory import Array, Bytes, Loops, Memories, parts, strided

_EXACT_FLOAT32 = 1 << 24
_SHIFT_BITS = 63


def run_tensor(memories: Memories, instruction: TensorInstruction) -> None:
    """Run a TENSOR on the on-chip memory of each inference."""
    sums = _depthwise_sums if instruction.mode is Mode.DEPTHWISE else _convolution_sums
    weights, records = _factors(memories.local, instruction), _records(memories.local, instruction)
    for part in parts(memories.inferences, bytes_each=_gathered_bytes(instruction)):
        local = memories.local[part]
        totals = sums(local, instruction, weights if len(weights) == 1 else weights[part])
        _drain(local, instruction, totals, tuple(record[part] for record in records))


def _gathered_bytes(instruction: TensorInstruction) -> int:
    """Size of the operands of one inference when they are gathered as float32."""
    taps = instruction.kernel_z * instruction.kernel_y * instruction.kernel_x * instruction.run
    return 4 * instruction.output_pixels * taps


def _factors(local: Bytes, instruction: TensorInstruction) -> npt.NDArray[Any]:
    """Weights with their zero point subtracted, [inferences, operands of a sum, channels], 1 where all hold the same.

    For CONV in the narrowest float that holds each partial sum exactly, for DEPTHWISE in int32.
    """
    own = _shared(_weights(local, instruction))
    factors = own.reshape(len(own), -1, instruction.output_channels).astype(np.int32)
    factors -= np.int32(instruction.w_zero_point)
    if instruction.mode is Mode.DEPTHWISE:
        return factors
    largest = max(127 - instruction.a_zero_point, 128 + instruction.a_zero_point)
    bound = int(np.abs(factors).sum(axis=1, dtype=np.int64).max()) * largest
    return factors.astype(np.float32 if bound < _EXACT_FLOAT32 else np.float64)


def _weights(local: Bytes, instruction: TensorInstruction) -> Array:
    """Weight bytes, [inferences, kernel_z, kernel_y, kernel_x, run, channels]."""
    by_column = instruction.mode is Mode.CONV and instruction.weights_by is WeightsBy.COLUMN
    run, channel = (1, instruction.w_stride) if by_column else (instruction.w_stride, 1)
    loops: Loops = (
        (instruction.kernel_z, instruction.w_stride_z),
        (instruction.kernel_y, instruction.w_stride_y),
        (instruction.kernel_x, instruction.w_stride_x),
        (instruction.run, run),
        (instruction.output_channels, channel),
    )
    return strided(local, base=instruction.w_base, loops=loops)


def _shared(view: Array) -> Array:
    """The first inference's bytes alone where all inferences hold the same."""
    return view[:1] if len(view) > 1 and bool((view[1:] == view[:1]).all()) else view


def _convolution_sums(local: Bytes, instruction: TensorInstruction, factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Exact sums as floats, [inferences, pixels, channels]."""
    pixels, operands = instruction.output_pixels, factors.shape[1]
    gathered = np.empty((len(local), pixels, operands), factors.dtype)
    gather(local, _window(instruction), gathered)
    if len(factors) == 1:
        gathered = gathered.reshape(1, -1, operands)  # one product serves all inferences
    sums: npt.NDArray[Any] = np.matmul(gathered, factors)
    return sums.reshape(len(local), pixels, instruction.output_channels)


def _depthwise_sums(local: Bytes, instruction: TensorInstruction, factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Sums that wrap to int32, [inferences, pixels, channels]."""
    pixels, channels = instruction.output_pixels, instruction.output_channels
    taps = factors.reshape(len(factors), instruction.kernel_z, instruction.kernel_y, instruction.run, channels)
    sums = np.empty((len(local), pixels, channels), np.int32)
    depthwise(local, _window(instruction), taps, sums)
    return sums


def _window(instruction: TensorInstruction) -> ActivationWindow:
    return ActivationWindow(**{name: int(getattr(instruction, name)) for name in ActivationWindow._fields})


def _drain(
    local: Bytes, instruction: TensorInstruction, sums: npt.NDArray[Any], records: tuple[npt.NDArray[np.int64], ...]
) -> None:
    shaped = sums.reshape(len(local), instruction.output_height, instruction.output_width, instruction.output_channels)
    drain(shaped, *records, local, _drain_fields(instruction), local.view(instruction.o_type.numpy))


def _drain_fields(instruction: TensorInstruction) -> DrainFields:
    fields = DrainFields(**{name: int(getattr(instruction, name)) for name in DrainFields._fields})
    size = instruction.o_type.size_bytes
    # Alignment makes these exact; the stride of a loop that never steps is not bound to it.
    return fields._replace(
        o_base=fields.o_base // size, o_stride_y=fields.o_stride_y // size, o_stride_x=fields.o_stride_x // size
    )


def _records(local: Bytes, instruction: TensorInstruction) -> tuple[npt.NDArray[np.int64], ...]:
    """Bias, multiplier and shift of each channel, each int64 [inferences, channels]."""
    shape = (len(local), instruction.output_channels)
    constants = (0, instruction.multiplier, instruction.shift)
    bias, multiplier, shift = (np.full(shape, constant, np.int64) for constant in constants)
    if instruction.parameters is ChannelRecord.BIAS:
        bias = _record_field(local, instruction, "bias")
    elif instruction.parameters is ChannelRecord.PER_CHANNEL:
        bias = _record_field(local, instruction, "bias")
        multiplier = _record_field(local, instruction, "multiplier")
        shift = _record_field(local, instruction, "shift") & _SHIFT_BITS
    return bias, multiplier, shift


def _record_field(local: Bytes, instruction: TensorInstruction, name: str) -> npt.NDArray[np.int64]:
    """A field of each channel's record, [inferences, channels]."""
    dtype, offset = record_field(name)
    loops = ((instruction.output_channels, instruction.parameters.record_bytes),)
    return strided(local, base=instruction.param_base + offset, loops=loops, dtype=dtype).astype(np.int64)
