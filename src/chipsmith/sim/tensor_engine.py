"""TENSOR: convolution, matrix product and depthwise convolution of a batch, with the drain (machine, section 6)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.program.instructions import ChannelRecord, Mode, TensorInstruction, WeightsBy
from chipsmith.sim.kernels import Drain, Window, depthwise, drain, gather
from chipsmith.sim.memory import Bytes, Loops, Memories, View, parts, strided

_EXACT_FLOAT32 = 1 << 24
_SHIFT_BITS = 63


def tensor(memories: Memories, instruction: TensorInstruction) -> None:
    """Run a TENSOR on the on-chip memory of each inference."""
    sums = _depthwise_sums if instruction.mode is Mode.DEPTHWISE else _convolution_sums
    weights, records = _factors(memories.local, instruction), _records(memories.local, instruction)
    for part in parts(memories.inferences, bytes_each=_gathered_bytes(instruction)):
        local = memories.local[part]
        found = sums(local, instruction, weights if len(weights) == 1 else weights[part])
        _drain(local, instruction, found, tuple(record[part] for record in records))


def _gathered_bytes(one: TensorInstruction) -> int:
    """Size of the operands of one inference when they are gathered as float32."""
    return 4 * one.output_height * one.output_width * one.kernel_z * one.kernel_y * one.kernel_x * one.run


def _factors(local: Bytes, one: TensorInstruction) -> npt.NDArray[Any]:
    """Weights with their zero point subtracted, [inferences, operands of a sum, channels], 1 where all hold the same.

    For CONV in the narrowest float that holds each partial sum exactly, for DEPTHWISE in int32.
    """
    own = _shared(_weights(local, one))
    factors = own.reshape(len(own), -1, one.output_channels).astype(np.int32) - np.int32(one.w_zero_point)
    if one.mode is Mode.DEPTHWISE:
        return factors
    largest = max(127 - one.a_zero_point, 128 + one.a_zero_point)
    bound = int(np.abs(factors).sum(axis=1, dtype=np.int64).max()) * largest
    return factors.astype(np.float32 if bound < _EXACT_FLOAT32 else np.float64)


def _weights(local: Bytes, one: TensorInstruction) -> View:
    """Weight bytes, [inferences, kernel_z, kernel_y, kernel_x, run, channels]."""
    by_column = one.mode is Mode.CONV and one.weights_by is WeightsBy.COLUMN
    run, channel = (1, one.w_stride) if by_column else (one.w_stride, 1)
    loops: Loops = (
        (one.kernel_z, one.w_stride_z),
        (one.kernel_y, one.w_stride_y),
        (one.kernel_x, one.w_stride_x),
        (one.run, run),
        (one.output_channels, channel),
    )
    return strided(local, base=one.w_base, loops=loops)


def _shared(view: View) -> View:
    """The first inference's bytes alone where all inferences hold the same."""
    return view[:1] if len(view) > 1 and bool((view[1:] == view[:1]).all()) else view


def _convolution_sums(local: Bytes, one: TensorInstruction, factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Exact sums as floats, [inferences, pixels, channels]."""
    pixels, operands = one.output_height * one.output_width, factors.shape[1]
    gathered = np.empty((len(local), pixels, operands), factors.dtype)
    gather(local, _window(one), gathered)
    if len(factors) == 1:
        gathered = gathered.reshape(1, -1, operands)  # one product serves all inferences
    sums: npt.NDArray[Any] = np.matmul(gathered, factors)
    return sums.reshape(len(local), pixels, one.output_channels)


def _depthwise_sums(local: Bytes, one: TensorInstruction, factors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Sums that wrap to int32, [inferences, pixels, channels]."""
    taps = factors.reshape(len(factors), one.kernel_z, one.kernel_y, one.run, one.output_channels)
    sums = np.empty((len(local), one.output_height * one.output_width, one.output_channels), np.int32)
    depthwise(local, _window(one), taps, sums)
    return sums


def _window(one: TensorInstruction) -> Window:
    return Window(**{name: int(getattr(one, name)) for name in Window._fields})


def _drain(
    local: Bytes, one: TensorInstruction, sums: npt.NDArray[Any], records: tuple[npt.NDArray[np.int64], ...]
) -> None:
    shaped = sums.reshape(len(local), one.output_height, one.output_width, one.output_channels)
    drain(shaped, *records, local, _drain_fields(one), local.view(one.o_type.numpy))


def _drain_fields(one: TensorInstruction) -> Drain:
    fields = Drain(**{name: int(getattr(one, name)) for name in Drain._fields})
    size = one.o_type.size_bytes
    # Alignment makes these exact; the stride of a loop that never steps is not bound to it.
    return fields._replace(
        o_base=fields.o_base // size, o_stride_y=fields.o_stride_y // size, o_stride_x=fields.o_stride_x // size
    )


def _records(local: Bytes, one: TensorInstruction) -> tuple[npt.NDArray[np.int64], ...]:
    """Bias, multiplier and shift of each channel, each int64 [inferences, channels]."""
    shape = (len(local), one.output_channels)
    bias, multiplier, shift = (np.full(shape, value, np.int64) for value in (0, one.multiplier, one.shift))
    if one.parameters is ChannelRecord.BIAS:
        bias = _field(local, one.param_base, 4, one.output_channels, "<i4")
    elif one.parameters is ChannelRecord.PER_CHANNEL:
        bias = _field(local, one.param_base, 9, one.output_channels, "<i4")
        multiplier = _field(local, one.param_base + 4, 9, one.output_channels, "<i4")
        shift = _field(local, one.param_base + 8, 9, one.output_channels, "<u1") & _SHIFT_BITS
    return bias, multiplier, shift


def _field(local: Bytes, base: int, pitch: int, channels: int, dtype: str) -> npt.NDArray[np.int64]:
    return strided(local, base=base, loops=((channels, pitch),), dtype=dtype).astype(np.int64)
