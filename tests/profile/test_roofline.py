"""The place of a kernel under its chip's roof, by hand."""

from __future__ import annotations

import math

import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.network import compile_network
from chipsmith.kernels.build import build_kernel
from chipsmith.kernels.catalogue import find_kind
from chipsmith.profile.roofline import Limit, place_under_roof
from chipsmith.program.actions import count_program
from chipsmith.program.instructions import Engine
from chipsmith.sim.cycle import simulate


def place(kind, chip="edge-256", *, warm=False, **given):
    kernel = build_kernel(find_kind(kind), given)
    program = compile_network(kernel.network.graph, load_chip(chip))
    return place_under_roof(program, simulate(program, warm=warm), warm=warm), program


def test_a_convolution_counts_its_sums_and_the_bytes_that_it_moves():
    cold, program = place("conv2d", input="1x32x32x3", filters=32)
    assert cold.macs == 32 * 32 * 32 * 3 * 9
    assert cold.written_bytes == 32 * 32 * 32
    assert cold.read_bytes == count_program(program).external_read_bytes >= 32 * 32 * 3 + 32 * 3 * 9


def test_the_roof_over_an_intensity():
    cold, _ = place("conv2d", input="1x32x32x3", filters=32)
    assert cold.macs_per_byte == cold.macs / max(cold.read_bytes, cold.written_bytes) == 27
    assert cold.roof.peak_macs_per_cycle == 256
    assert cold.attainable_macs_per_cycle == 27 * cold.roof.external_bytes_per_cycle
    assert cold.roof_side is Limit.EXTERNAL
    assert cold.least_cycles == math.ceil(32 * 32 * 32 / cold.roof.external_bytes_per_cycle)
    assert cold.achieved_macs_per_cycle < cold.attainable_macs_per_cycle
    assert cold.utilisation == pytest.approx(cold.macs / cold.cycles / 256)
    assert cold.share_of_roof == pytest.approx(cold.least_cycles / cold.cycles)


def test_a_warm_inference_reads_no_weights_again():
    cold, _ = place("dense", input="1x256", columns=64)
    warm, _ = place("dense", input="1x256", columns=64, warm=True)
    assert cold.read_bytes - warm.read_bytes >= 256 * 64
    assert warm.cycles < cold.cycles


@pytest.mark.parametrize(
    ("kind", "given", "limit", "engine"),
    [
        ("conv2d", {"input": "1x16x16x32", "filters": 32}, Limit.ARRAY, Engine.TENSOR),
        ("layernorm", {"input": "64x128"}, Limit.VECTOR, Engine.VECTOR),
        ("dense", {"input": "1x1024", "columns": 256}, Limit.EXTERNAL, Engine.LOAD),
    ],
)
def test_what_limits_a_kernel(kind, given, limit, engine):
    cold, _ = place(kind, **given)
    assert (cold.limit, cold.busiest) == (limit, engine)
    assert cold.busy_share >= 0.5


def test_where_no_engine_is_busy_half_of_the_time_steps_wait_for_one_another():
    warm, _ = place("lstm-cell", warm=True, input="1x16", hidden=32)
    assert warm.busy_share < 0.5
    assert warm.limit is Limit.STEPS


def test_a_kernel_without_sums_has_no_intensity_but_bytes():
    cold, _ = place("add", input="64x128")
    assert (cold.macs, cold.macs_per_byte, cold.utilisation) == (0, 0, 0)
    assert cold.least_cycles >= 2 * 64 * 128 / cold.roof.external_bytes_per_cycle
