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
    one = random_tensor(CHIP, np.random.default_rng([3, seed]))
    pixels = list(itertools.product(range(one.output_height), range(one.output_width)))
    taps = list(itertools.product(*map(range, (one.kernel_z, one.kernel_y, one.kernel_x, one.run))))
    channels = range(one.output_channels)
    read = {
        activation_address(one, *pixel, oc, *tap)
        for pixel in pixels
        for oc in (channels if one.mode is Mode.DEPTHWISE else (0,))
        for tap in taps
    }
    assert _marked(one, "A") == read - {None}
    assert _marked(one, "W") == {weight_address(one, oc, *tap) for oc in channels for tap in taps}
    size = one.o_type.size_bytes
    starts = {one.o_base + oy * one.o_stride_y + ox * one.o_stride_x for oy, ox in pixels}
    assert _marked(one, "O") == {start + byte for start in starts for byte in range(size * one.output_channels)}


@pytest.mark.parametrize("seed", range(40))
def test_the_streams_of_a_vector_are_the_bytes_that_its_formulas_name(seed):
    one = random_vector(CHIP, np.random.default_rng([4, seed]))
    counts = (one.o0, one.o1, one.o2, one.o3, one.lanes, one.r0, one.r1)
    a_strides = (one.a_stride_0, one.a_stride_1, one.a_stride_2, one.a_stride_3, one.a_lane_stride)
    a_strides += (one.a_reduce_0, one.a_reduce_1)
    starts = {one.a_base + int(np.dot(index, a_strides)) for index in itertools.product(*map(range, counts))}
    assert _marked(one, "A") == {start + byte for start in starts for byte in range(one.a_type.size_bytes)}


@pytest.mark.parametrize("seed", range(40))
def test_the_streams_of_a_gather_or_scatter_hold_all_rows(seed):
    one = random_row_move(CHIP, np.random.default_rng([5, seed]))
    counts = (one.o0, one.o1, one.o2, one.o3, one.lanes, one.rows)
    pitches = {"A": one.row_pitch * (one.op is Op.GATHER), "O": one.row_pitch * (one.op is Op.SCATTER)}
    for name, base, kind in (("A", one.a_base, one.a_type), ("O", one.o_base, one.o_type)):
        strides = [
            getattr(one, f"{name.lower()}_{field}") for field in ("stride_0", "stride_1", "stride_2", "stride_3")
        ]
        strides += [getattr(one, f"{name.lower()}_lane_stride"), pitches[name]]
        starts = {base + int(np.dot(index, strides)) for index in itertools.product(*map(range, counts))}
        assert _marked(one, name) == {start + byte for start in starts for byte in range(kind.size_bytes)}
