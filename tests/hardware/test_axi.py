"""The machine behind its AXI ports gives the same bytes, and the same cycles where the bus keeps the contract."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from random_programs import TRANSFERS, random_inputs, random_program

from chipsmith.chip import load_chip
from chipsmith.hardware.build import build_machine
from chipsmith.hardware.package import Error
from chipsmith.hardware.simulate import Machine, MemoryBehaviour, external_memory
from chipsmith.hardware.sources import machine_sources
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute

CHIP = load_chip("nano-64")
LOOP = Path(__file__).parent / "sv" / "axi_loop.sv"


@pytest.fixture(scope="module")
def library(rtl_tools):
    sources = machine_sources(CHIP)
    inner = sources["machine.sv"].replace("module machine (", "module inner_machine (")
    wrapper = sources["axi_machine.sv"].replace("  machine machine (", "  inner_machine machine (")
    replaced = {"machine.sv": inner, "axi_machine.sv": wrapper, "axi_loop.sv": LOOP.read_text()}
    return build_machine(CHIP, replaced=replaced)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("stalls", [0, 300])
def test_the_bus_changes_no_byte(library, seed, stalls):
    program = random_program(CHIP, seed, 30, TRANSFERS)
    inputs = random_inputs(program, seed, 1)
    memory = external_memory(program, inputs)
    behaviour = MemoryBehaviour(stall_per_1024=stalls, late_per_1024=stalls)
    with Machine(CHIP, library) as machine:
        run = machine.infer(program, memory, behaviour=behaviour, most_cycles=200_000)
    assert (run.error, run.finished) == (Error.NONE, True)
    assert (run.latency_cycles == simulate(program).latency_cycles) == (stalls == 0)
    for name, expected in execute(program, inputs).items():
        np.testing.assert_array_equal(run.outputs[name], expected)
