"""The closed forms and the recurrence against the machine stepped clock by clock: every start and end, no tolerance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clocked_machine import ATOM_BYTES, ClockedMachine, Usage
from random_programs import random_program
from timed_programs import random_timed_program

from chipsmith.chip import Chip, load_chip, override_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.program.actions import ActionCounts, count_actions, count_program
from chipsmith.program.instructions import Load
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.tosa.file import read_tosa

NETWORKS = Path(__file__).parents[1] / "networks"


def assert_agree(program: Program, *, warm: bool = False) -> None:
    """Every start, end and action count of the two simulators are equal."""
    witness = ClockedMachine(program, warm=warm).run()
    timeline = simulate(program, warm=warm)
    assert timeline.start.tolist() == witness.starts
    assert timeline.end.tolist() == witness.ends
    assert timeline.latency_cycles == witness.latency_cycles
    for instruction, counts in zip(program.instructions, witness.actions, strict=True):
        skipped = warm and isinstance(instruction, Load) and instruction.once
        assert counts == (
            ActionCounts(instruction_fetches=1) if skipped else count_actions(program.chip, instruction)
        ), instruction
    assert count_program(program, warm=warm) == sum(witness.actions, witness.fetch)


def random_chip(seed: int) -> Chip:
    """nano-64 with other sizes everywhere."""
    rng = np.random.default_rng(seed)
    rows = 1 << int(rng.integers(2, 7))
    lanes = 1 << int(rng.integers(1, 7))
    settings = {
        "name": f"random-{seed}",
        "tensor.rows": rows,
        "tensor.columns": 1 << int(rng.integers(2, 6)),
        "tensor.tile_pixels": 1 << int(rng.integers(3, 7)),
        "vector.lanes": lanes,
        "vector.multiplier_lanes": min(lanes, 1 << int(rng.integers(5))),
        "vector.table_lanes": min(lanes, 1 << int(rng.integers(4))),
        "memory.groups": int(rng.integers(2, 16)),
        "instructions.page_instructions": 1 << int(rng.integers(1, 5)),
        "external.latency_cycles": int(rng.integers(1, 200)),
        "external.bytes_per_cycle": min(rows, 1 << int(rng.integers(6))),
        "external.kind": str(rng.choice(sorted(ATOM_BYTES))),
    }
    return override_chip(load_chip("nano-64"), {name: str(value) for name, value in settings.items()})


@pytest.mark.parametrize("chip", ["nano-64", "edge-256"])
@pytest.mark.parametrize("seed", range(6))
def test_legal_programs_take_the_same_time_on_the_catalogues_chips(chip, seed):
    assert_agree(random_program(load_chip(chip), seed, 20), warm=seed % 2 == 1)


@pytest.mark.parametrize("seed", range(12))
def test_any_fields_on_any_chip_take_the_same_time(seed):
    assert_agree(random_timed_program(random_chip(seed), seed, 25), warm=seed % 3 == 0)


@pytest.mark.parametrize("latency", [1, 7, 64, 500])
@pytest.mark.parametrize("word_bytes", [1, 4, 8])
@pytest.mark.parametrize("kind", ["LPDDR2", "LPDDR4", "DDR3"])
def test_every_external_memory_takes_the_same_time(latency, word_bytes, kind):
    settings = {
        "external.latency_cycles": str(latency),
        "external.bytes_per_cycle": str(word_bytes),
        "external.kind": kind,
    }
    chip = override_chip(load_chip("nano-64"), settings)
    assert_agree(random_timed_program(chip, latency + word_bytes, 15))


@pytest.mark.parametrize("network", ["digits_cnn", "gru", "lstm", "encoder_layer"])
def test_compiled_networks_take_the_same_time(network):
    program = compile_graph(read_tosa(NETWORKS / f"{network}.tosa"), load_chip("edge-256"))
    assert_agree(program)
    assert_agree(program, warm=True)


def test_the_witness_refuses_what_no_cycle_may_use():
    usage = Usage(load_chip("nano-64"))
    usage.access((1, 2), "activations")
    with pytest.raises(AssertionError, match="output and activations both use group 2"):
        usage.access((2, 3), "output")
    usage.use("multiply_32", 4)
    with pytest.raises(AssertionError, match="5 x multiply_32, of 4"):
        usage.use("multiply_32")
    usage.clear()
    usage.access((2, 3), "output")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 500))
def test_hundreds_of_random_programs_take_the_same_time(seed):
    chip = random_chip(seed) if seed % 2 else load_chip(["nano-64", "edge-256"][seed // 2 % 2])
    assert_agree(random_timed_program(chip, seed, 40), warm=seed % 5 == 0)
    if seed % 4 == 0:
        assert_agree(random_program(chip, seed, 40), warm=seed % 8 == 0)
