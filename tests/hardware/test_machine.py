"""The whole machine in RTL: random programs and networks, every bit, start and end those of the simulators."""

from __future__ import annotations

from pathlib import Path

import pytest
from agreement import assert_agrees, assert_agrees_on
from counting_engines import free_clocks
from random_chips import random_chip
from random_programs import random_inputs, random_program

import chipsmith
from chipsmith.chip import load_chip
from chipsmith.hardware.build import build_machine

NETWORKS = Path(__file__).parents[1] / "networks"

pytestmark = pytest.mark.usefixtures("rtl_tools")


def agree_on_random_programs(chip, seeds, *, instructions):
    for seed in seeds:
        program = random_program(chip, seed, instructions)
        assert_agrees(program, random_inputs(program, seed, 1), warm=seed % 4 == 3)


def test_random_programs_on_nano_64():
    agree_on_random_programs(load_chip("nano-64"), range(24), instructions=30)


@pytest.mark.parametrize("network", ["digits_cnn", "gru"])
def test_a_network_on_nano_64(network):
    program = chipsmith.compile(str(NETWORKS / f"{network}.tosa"), chip="nano-64").program
    result = chipsmith.cosim(program)
    assert result.agrees, result.difference
    fields = result.to_json()
    assert (fields["mismatching_bits"], fields["instructions_differing"]) == (0, 0)
    assert fields["cycles_rtl"] == fields["cycles_simulated"]
    assert fields["warm"]["cycles_rtl"] == fields["warm"]["cycles_simulated"] < fields["cycles_rtl"]


@pytest.mark.slow
def test_clocks_that_never_stop_change_nothing():
    chip = load_chip("nano-64")
    library = build_machine(chip, replaced=free_clocks(chip))
    for seed in range(24):
        program = random_program(chip, seed, 30)
        assert_agrees_on(library, program, random_inputs(program, seed, 1))


@pytest.mark.slow
@pytest.mark.parametrize("chip", ["nano-64", "edge-256"])
@pytest.mark.parametrize("part", range(10))
def test_five_hundred_random_programs(chip, part):
    agree_on_random_programs(load_chip(chip), range(1000 + 50 * part, 1050 + 50 * part), instructions=30)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_random_chips(seed):
    agree_on_random_programs(random_chip(seed), range(40), instructions=30)


@pytest.mark.slow
@pytest.mark.parametrize("chip", ["nano-64", "edge-256", "edge-1024"])
@pytest.mark.parametrize("network", ["digits_cnn", "gru", "lstm", "encoder_layer"])
def test_the_shipped_networks(network, chip):
    result = chipsmith.cosim(chipsmith.compile(str(NETWORKS / f"{network}.tosa"), chip=chip).program)
    assert result.agrees, result.difference


@pytest.mark.slow
@pytest.mark.parametrize("chip", ["nano-64", "edge-256"])
@pytest.mark.parametrize("model", ["ic_resnet8_int8", "kws_dscnn_int8", "vww_96_int8", "ad01_int8"])
def test_mlperf_tiny(shared_data, model, chip):
    path = shared_data / "mlperf_tiny" / f"{model}.tflite"
    result = chipsmith.cosim(chipsmith.compile(str(path), chip=chip).program)
    assert result.agrees, result.difference
