"""LOAD, STORE, pages, locks and issue: the RTL against the simulators, to the byte and the cycle."""

from __future__ import annotations

import dataclasses

import pytest
from agreement import assert_agrees, assert_same_times
from random_programs import TRANSFERS, random_inputs, random_program

from chipsmith.chip import load_chip, override_chip
from chipsmith.hardware.simulate import MemoryBehaviour, cosimulate
from chipsmith.sim.functional import execute

pytestmark = pytest.mark.usefixtures("rtl_tools")


@pytest.mark.parametrize("seed", range(12))
def test_transfers_move_the_same_bytes_in_the_same_cycles(seed):
    program = random_program(load_chip("nano-64"), seed, 40, TRANSFERS)
    assert_agrees(program, random_inputs(program, seed, 1))


@pytest.mark.parametrize("seed", range(4))
def test_a_warm_inference_skips_the_loads_that_are_kept(seed):
    program = random_program(load_chip("nano-64"), seed, 40, TRANSFERS)
    assert_agrees(program, random_inputs(program, seed, 1), warm=True)


@pytest.mark.parametrize("seed", range(4))
def test_a_memory_that_breaks_its_contract_costs_cycles_but_no_bytes(seed):
    program = random_program(load_chip("nano-64"), seed, 40, TRANSFERS)
    inputs = random_inputs(program, seed, 1)
    kept = cosimulate(program, inputs)
    broken = cosimulate(
        program, inputs, behaviour=MemoryBehaviour(late_per_1024=100, stall_per_1024=200, seed=seed + 1)
    )
    assert broken.late > 0
    assert broken.stalls > 0
    assert broken.latency_cycles > kept.latency_cycles
    for name, expected in execute(program, inputs).items():
        assert (broken.outputs[name] == expected).all(), name


@pytest.mark.parametrize("latency", [1, 2, 7, 100, 1000])
def test_the_latency_of_the_memory_changes_the_cycles_as_the_contract_says(latency):
    program = random_program(load_chip("nano-64"), 0, 40, TRANSFERS)
    chip = override_chip(program.chip, {"external.latency_cycles": str(latency)})
    run = cosimulate(program, random_inputs(program, 0, 1), behaviour=MemoryBehaviour(latency_cycles=latency))
    assert_same_times(dataclasses.replace(program, chip=chip), run)
    assert (run.late, run.stalls) == (0, 0)
