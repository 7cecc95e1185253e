"""The loops of the functional simulator that numba compiles; numerics states the same formulas.

All stand in one file, because numba's cache notices a change of a function's own file alone, not of what it calls.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chipsmith.loops import compiled_loop

OFF, SINGLE, DOUBLE = 0, 1, 2


class ActivationWindow(NamedTuple):
    """The fields of a TENSOR that say which activations an output pixel meets."""

    output_height: int
    output_width: int
    kernel_z: int
    kernel_y: int
    kernel_x: int
    run: int
    a_base: int
    a_pitch_z: int
    row_pitch: int
    pixel_pitch: int
    input_height: int
    input_width: int
    stride_y: int
    stride_x: int
    dilation_y: int
    dilation_x: int
    pad_top: int
    pad_left: int
    a_zero_point: int


class DrainFields(NamedTuple):
    """The fields of a TENSOR's drain that are the same for all channels; strides count output elements."""

    requantise: int
    o_zero_point: int
    clamp_min: int
    clamp_max: int
    o_base: int
    o_stride_y: int
    o_stride_x: int
    residual: int
    res_base: int
    res_stride_y: int
    res_stride_x: int
    acc_zero_point: int
    acc_left_shift: int
    acc_rounding: int
    acc_multiplier: int
    acc_shift: int
    res_zero_point: int
    res_left_shift: int
    res_rounding: int
    res_multiplier: int
    res_shift: int
    sum_rounding: int
    sum_multiplier: int
    sum_shift: int
    sum_zero_point: int
    sum_clamp_min: int
    sum_clamp_max: int


@compiled_loop(inline="always")
def scaled(value: Any, multiplier: Any, shift: Any, rounding: Any) -> Any:
    """apply_scale_32 of int64 scalars, low 32 bits; `rounding` is SINGLE or DOUBLE."""
    half = np.int64(np.uint64(1) << np.uint64(shift) >> np.uint64(1))
    if rounding == DOUBLE and shift > 31:
        half += np.int64(1 << 30) if value >= 0 else np.int64(-(1 << 30))
    return np.int64(np.int32((value * multiplier + half) >> shift))


@compiled_loop()
def scale_in_place(values: Any, multiplier: int, shift: int, rounding: int) -> None:
    """apply_scale_32 of each of the int32 `values`; `rounding` is SINGLE or DOUBLE."""
    for index in range(values.size):
        values[index] = scaled(np.int64(values[index]), multiplier, shift, rounding)


@compiled_loop()
def multiply_in_place(left: Any, right: Any, shift: int) -> None:
    """left = (left*right + (1 << shift >> 1)) >> shift in 64 bits, low 32 bits; flat int32 arrays."""
    half = np.int64(np.uint64(1) << np.uint64(shift) >> np.uint64(1))
    for index in range(left.size):
        left[index] = (np.int64(left[index]) * np.int64(right[index]) + half) >> shift


@compiled_loop()
def divide_in_place(left: Any, right: Any) -> None:
    """left = left / right toward zero, low 32 bits; by zero -1, or 1 where left < 0; flat int32 arrays."""
    for index in range(left.size):
        dividend, divisor = np.int64(left[index]), np.int64(right[index])
        if divisor == 0:
            left[index] = -1 if dividend >= 0 else 1
        else:
            magnitude = abs(dividend) // abs(divisor)
            left[index] = magnitude if (dividend < 0) == (divisor < 0) else -magnitude


@compiled_loop()
def count_leading_zeros_in_place(values: Any) -> None:
    """Zeros before the highest one of each 32-bit pattern; a flat int32 array."""
    for index in range(values.size):
        pattern, zeros = np.int64(values[index]) & 0xFFFFFFFF, 32
        while pattern:
            pattern >>= 1
            zeros -= 1
        values[index] = zeros


@compiled_loop()
def look_up_8_in_place(values: Any, tables: Any) -> None:
    """values[n, i] = tables[n, values[n, i] + 128] for values of 8 bits; int32 and int8 arrays."""
    for n in range(values.shape[0]):
        for index in range(values.shape[1]):
            values[n, index] = tables[n, (values[n, index] + 128) & 255]


@compiled_loop()
def look_up_16_in_place(values: Any, tables: Any) -> None:
    """Interpolation of values[n, i] of 16 bits in the 513 entries of tables[n]; int32 and int16 arrays."""
    for n in range(values.shape[0]):
        for index in range(values.shape[1]):
            value = values[n, index]
            entry, fraction = ((value >> 7) + 256) & 511, value & 127
            low, high = np.int64(tables[n, entry]), np.int64(tables[n, entry + 1])
            values[n, index] = (low << 7) + (high - low) * fraction


@compiled_loop()
def gather(memory: Any, window: Any, gathered: Any) -> None:
    """Write the operands of each pixel, zero point subtracted and masked ones 0, as a row of `gathered`.

    `memory`: int8 [inferences, bytes]. `gathered`: float [inferences, pixels, kernel_z*kernel_y*kernel_x*run].
    """
    limit, zero_point = window.input_width * window.pixel_pitch, window.a_zero_point
    for n in range(memory.shape[0]):
        for oy in range(window.output_height):
            for ox in range(window.output_width):
                pixel, place = oy * window.output_width + ox, 0
                for kz in range(window.kernel_z):
                    for ky in range(window.kernel_y):
                        row = oy * window.stride_y - window.pad_top + ky * window.dilation_y
                        inside = 0 <= row < window.input_height
                        start = window.a_base + kz * window.a_pitch_z + row * window.row_pitch
                        for kx in range(window.kernel_x):
                            column = ox * window.stride_x - window.pad_left + kx * window.dilation_x
                            byte = column * window.pixel_pitch
                            low = min(max(-byte, 0), window.run)
                            high = max(min(limit - byte, window.run), low) if inside else low
                            gathered[n, pixel, place : place + low] = 0
                            _copy_run(
                                memory, n, start + byte + low, zero_point, gathered, pixel, place + low, high - low
                            )
                            gathered[n, pixel, place + high : place + window.run] = 0
                            place += window.run


@compiled_loop(inline="always")
def _copy_run(
    memory: Any, n: Any, byte: Any, zero_point: Any, gathered: Any, pixel: Any, place: Any, count: Any
) -> None:
    """Write `count` operands from `byte` on, zero point subtracted, from `place` on."""
    # Unsigned indices spare the test for negative ones, so that the loop becomes vector instructions.
    first, target, zero = np.uintp(byte), np.uintp(place), np.float32(zero_point)
    for tap in range(np.uintp(count)):
        gathered[n, pixel, target + tap] = np.float32(memory[n, first + tap]) - zero


@compiled_loop()
def depthwise(memory: Any, window: Any, weights: Any, sums: Any) -> None:
    """Add up each channel's window.

    `memory`: int8 [inferences, bytes]. `weights`: int32 [inferences or 1, kernel_z, kernel_y, run, channels], zero
    point subtracted. `sums`: int32 [inferences, pixels, channels], wraps.
    """
    for n in range(memory.shape[0]):
        own = n if weights.shape[0] > 1 else 0
        for oy in range(window.output_height):
            for ox in range(window.output_width):
                pixel = oy * window.output_width + ox
                sums[n, pixel, :] = 0
                for kz in range(window.kernel_z):
                    for ky in range(window.kernel_y):
                        row = oy * window.stride_y - window.pad_top + ky * window.dilation_y
                        if not 0 <= row < window.input_height:
                            continue
                        start = window.a_base + kz * window.a_pitch_z + row * window.row_pitch
                        for tap in range(window.run):
                            column = ox * window.stride_x - window.pad_left + tap * window.dilation_x
                            if 0 <= column < window.input_width:
                                byte = start + column * window.pixel_pitch
                                _add_products(
                                    memory, n, byte, window.a_zero_point, weights[own, kz, ky, tap], sums, pixel
                                )


@compiled_loop(inline="always")
def _add_products(memory: Any, n: Any, byte: Any, zero_point: Any, weights: Any, sums: Any, pixel: Any) -> None:
    """Add the products of one tap to the sums of one pixel, channel by channel."""
    # Unsigned indices spare the test for negative ones, so that the loop becomes vector instructions.
    first, channels, zero = np.uintp(byte), np.uintp(sums.shape[2]), np.int32(zero_point)
    for c in range(channels):
        sums[n, pixel, c] += np.int32(np.int32(memory[n, first + c]) - zero) * weights[c]


@compiled_loop()
def drain(sums: Any, bias: Any, multiplier: Any, shift: Any, memory: Any, fields: Any, output: Any) -> None:
    """Bias, scale, clamp and residual of each sum, written to the output.

    `sums`: exact integers, int32 or float, [inferences, height, width, channels]. `bias`, `multiplier`, `shift`: int64
    [inferences, channels]. `memory`: int8 [inferences, bytes]. `output`: the same memory in the output's type.
    """
    for n in range(sums.shape[0]):
        for oy in range(sums.shape[1]):
            for ox in range(sums.shape[2]):
                place = fields.o_base + oy * fields.o_stride_y + ox * fields.o_stride_x
                other = fields.res_base + oy * fields.res_stride_y + ox * fields.res_stride_x
                for c in range(sums.shape[3]):
                    value = np.int64(np.int32(np.int64(sums[n, oy, ox, c]) + bias[n, c]))
                    if fields.requantise != OFF:
                        value = scaled(value, multiplier[n, c], shift[n, c], fields.requantise)
                        value = np.int64(np.int32(value + fields.o_zero_point))
                        value = min(max(value, fields.clamp_min), fields.clamp_max)
                    if fields.residual:
                        value = _with_residual(value, np.int64(memory[n, other + c]), fields)
                    output[n, place + c] = value


@compiled_loop(inline="always")
def _with_residual(value: Any, residual: Any, fields: Any) -> Any:
    left = np.int64(np.int32((value - fields.acc_zero_point) << fields.acc_left_shift))
    right = np.int64(np.int32((residual - fields.res_zero_point) << fields.res_left_shift))
    if fields.acc_rounding != OFF:
        left = scaled(left, fields.acc_multiplier, fields.acc_shift, fields.acc_rounding)
    if fields.res_rounding != OFF:
        right = scaled(right, fields.res_multiplier, fields.res_shift, fields.res_rounding)
    value = scaled(np.int64(np.int32(left + right)), fields.sum_multiplier, fields.sum_shift, fields.sum_rounding)
    value = np.int64(np.int32(value + fields.sum_zero_point))
    return min(max(value, fields.sum_clamp_min), fields.sum_clamp_max)
