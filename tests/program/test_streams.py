"""The bytes that the checks believe each stream touches, against the formulas of the machine in plain loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from naive_machine import activation_address, weight_address
from random_instructions import random_row_move, random_tensor, random_vector

from chipsmith.chip import load_chip
from chipsmith.program.instructions import Mode, Op
from chipsmith.program.streams import streams

CHIP = load_chip("nano-64")


def _marked(instruction, name):
    """Addresses of a stream, as `streams` sees them."""
    for stream in streams(instruction):
        if stream.name == name:
            return {int(byte) for byte in np.flatnonzero(stream.mask()) + stream.first}
    return set()


@pytest.mark.parametrize("seed", range(40))
def test_the_streams_of_a_tensor_are_the_bytes_that_its_formulas_name(seed):
    tensor = random_tensor(CHIP, np.random.default_rng([3, seed]))
    pixels = list(itertools.product(range(tensor.output_height), range(tensor.output_width)))
    taps = list(itertools.product(*map(range, (tensor.kernel_z, tensor.kernel_y, tensor.kernel_x, tensor.run))))
    channels = range(tensor.output_channels)
    read = {
        activation_address(tensor, *pixel, oc, *tap)
        for pixel in pixels
        for oc in (channels if tensor.mode is Mode.DEPTHWISE else (0,))
        for tap in taps
    }
    assert _marked(tensor, "A") == read - {None}
    assert _marked(tensor, "W") == {weight_address(tensor, oc, *tap) for oc in channels for tap in taps}
    size = tensor.o_type.size_bytes
    starts = {tensor.o_base + oy * tensor.o_stride_y + ox * tensor.o_stride_x for oy, ox in pixels}
    assert _marked(tensor, "O") == {start + byte for start in starts for byte in range(size * tensor.output_channels)}


@pytest.mark.parametrize("seed", range(40))
def test_the_streams_of_a_vector_are_the_bytes_that_its_formulas_name(seed):
    vector = random_vector(CHIP, np.random.default_rng([4, seed]))
    counts = (vector.o0, vector.o1, vector.o2, vector.o3, vector.lanes, vector.r0, vector.r1)
    a_strides = (vector.a_stride_0, vector.a_stride_1, vector.a_stride_2, vector.a_stride_3, vector.a_lane_stride)
    a_strides += (vector.a_reduce_0, vector.a_reduce_1)
    starts = {vector.a_base + int(np.dot(index, a_strides)) for index in itertools.product(*map(range, counts))}
    assert _marked(vector, "A") == {start + byte for start in starts for byte in range(vector.a_type.size_bytes)}


@pytest.mark.parametrize("seed", range(40))
def test_the_streams_of_a_gather_or_scatter_hold_all_rows(seed):
    vector = random_row_move(CHIP, np.random.default_rng([5, seed]))
    counts = (vector.o0, vector.o1, vector.o2, vector.o3, vector.lanes, vector.rows)
    pitches = {"A": vector.row_pitch * (vector.op is Op.GATHER), "O": vector.row_pitch * (vector.op is Op.SCATTER)}
    for name, base, kind in (("A", vector.a_base, vector.a_type), ("O", vector.o_base, vector.o_type)):
        strides = [
            getattr(vector, f"{name.lower()}_{field}") for field in ("stride_0", "stride_1", "stride_2", "stride_3")
        ]
        strides += [getattr(vector, f"{name.lower()}_lane_stride"), pitches[name]]
        starts = {base + int(np.dot(index, strides)) for index in itertools.product(*map(range, counts))}
        assert _marked(vector, name) == {start + byte for start in starts for byte in range(kind.size_bytes)}
