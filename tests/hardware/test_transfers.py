"""LOAD, STORE, pages, locks, issue and bursts: the RTL against the simulators, to the byte and the cycle."""

from __future__ import annotations

import dataclasses

import pytest
from agreement import assert_agrees, assert_agrees_on, assert_same_outputs, assert_same_times
from counting_engines import counting_machine, free_clocks
from random_programs import TRANSFERS, random_inputs, random_program
from random_transfers import bursts_of, random_transfers

from chipsmith.chip import load_chip, override_chip
from chipsmith.errors import CheckFailed
from chipsmith.hardware.package import Error
from chipsmith.hardware.simulate import Machine, MemoryBehaviour, cosimulate, external_memory
from chipsmith.hardware.sources import machine_sources
from chipsmith.program.instructions import Load, Store
from chipsmith.sim.cycle import simulate
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
    assert_same_outputs(broken, execute(program, inputs))


@pytest.mark.parametrize("latency", [1, 2, 7, 31])
def test_the_latency_of_the_memory_changes_the_cycles_as_the_contract_says(latency):
    program = random_program(load_chip("nano-64"), 0, 40, TRANSFERS)
    chip = override_chip(program.chip, {"external.latency_cycles": str(latency)})
    run = cosimulate(program, random_inputs(program, 0, 1), behaviour=MemoryBehaviour(latency_cycles=latency))
    assert_same_times(dataclasses.replace(program, chip=chip), run)
    assert (run.late, run.stalls) == (0, 0)


@pytest.mark.parametrize("latency", [100, 1000])
def test_a_memory_later_than_the_chip_is_built_for_costs_cycles_but_no_bytes(latency):
    program = random_program(load_chip("nano-64"), 0, 40, TRANSFERS)
    inputs = random_inputs(program, 0, 1)
    run = cosimulate(program, inputs, behaviour=MemoryBehaviour(latency_cycles=latency))
    later = override_chip(program.chip, {"external.latency_cycles": str(latency)})
    assert run.latency_cycles >= simulate(dataclasses.replace(program, chip=later)).latency_cycles
    assert_same_outputs(run, execute(program, inputs))


def test_clocks_that_never_stop_change_no_byte_and_no_cycle():
    chip = load_chip("nano-64")
    library = counting_machine(chip, free_clocks(chip))
    for seed in range(4):
        program = random_program(chip, seed, 40, TRANSFERS)
        assert_agrees_on(library, program, random_inputs(program, seed, 1))


def chip_of(word_bytes: int, kind: str):
    """A chip of few instructions and much memory: words of 1 to 128 bytes, atoms of 16 to 128."""
    settings = {
        "name": f"transfers-{word_bytes}-{kind}",
        "tensor.rows": max(8, word_bytes),
        "memory.group_bytes": 16384,
        "instructions.page_instructions": 8,
        "external.bytes_per_cycle": word_bytes,
        "external.kind": kind,
    }
    return override_chip(load_chip("nano-64"), {name: str(value) for name, value in settings.items()})


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


EXTERNAL = [
    (1, "DDR3"),
    (32, "DDR3"),
    slow(1, "LPDDR2"),
    slow(1, "LPDDR4"),
    slow(4, "LPDDR2"),
    slow(8, "LPDDR2"),
    slow(32, "LPDDR4"),
    slow(64, "LPDDR4"),
    slow(128, "LPDDR4"),
]


@pytest.mark.parametrize(("word_bytes", "kind"), EXTERNAL)
def test_runs_of_any_size_move_as_whole_atoms_in_as_few_bursts_as_the_rules_allow(word_bytes, kind):
    chip = chip_of(word_bytes, kind)
    library = counting_machine(chip)
    for seed in range(20):
        program = random_transfers(chip, seed, 12)
        inputs = random_inputs(program, seed, 1)
        expected = execute(program, inputs)
        with Machine(chip, library) as machine:
            run = machine.infer(program, external_memory(program, inputs))
        assert (run.error, run.late, run.stalls, run.out_of_range) == (Error.NONE, 0, 0, 0)
        assert_same_times(program, run)
        assert_same_outputs(run, expected)
        assert (run.read_bursts, run.write_bursts) == (bursts_of(program, Load), bursts_of(program, Store))
        with Machine(chip, library) as machine:
            stalls = MemoryBehaviour(late_per_1024=100, stall_per_1024=200, seed=seed + 1)
            assert_same_outputs(machine.infer(program, external_memory(program, inputs), behaviour=stalls), expected)


BORDERLESS = (("assign to_border = ~place[PAGE_BITS-1:ATOM_BITS];", "assign to_border = '1;"),)
BREACHES = {
    "a burst crosses no border of a page": ("burst_cut.sv", BORDERLESS),
    "a burst is not too long": ("burst_cut.sv", (("MAX_BURST / WORDS - 1;", "MAX_BURST / WORDS;"),)),
    "a burst begins where the one before it ends": ("burst_cut.sv", (("32'(gone) == MOST", "32'(gone) == 2"),)),
    "a burst moves whole atoms": ("word_walk.sv", (("EXTERNAL_BITS'(-chip::A)", "EXTERNAL_BITS'(-chip::W)"),)),
    "the words of a burst follow one another": (
        "word_walk.sv",
        (("external + EXTERNAL_BITS'(chip::W)", "external + EXTERNAL_BITS'(chip::A)"),),
    ),
    "the last word of a burst is marked as such, and no other one": (
        "store_engine.sv",
        (("asked.burst_last = burst_last", "asked.burst_last = walk_last"),),
    ),
    "a word that is not accepted yet stays as it is": (
        "load_engine.sv",
        (("assign go = walking && read_ready", "assign go = walking"),),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("rule", BREACHES)
def test_a_machine_that_breaks_a_rule_of_bursts_is_reported(rule):
    name, changes = BREACHES[rule]
    chip = chip_of(4, "LPDDR2")
    text = machine_sources(chip)[name]
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    library = counting_machine(chip, {name: text})
    program = random_transfers(chip, 0, 12)
    memory = external_memory(program, random_inputs(program, 0, 1))
    with Machine(chip, library) as machine, pytest.raises(CheckFailed, match=rule):
        machine.infer(program, memory, behaviour=MemoryBehaviour(stall_per_1024=100), most_cycles=100_000)
