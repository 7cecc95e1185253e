"""After a wipe no memory, register or net of the RTL depends on the inputs; without it they do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from nets import Net
from random_programs import random_program
from wiped_machine import differing, random_inputs, run_to_end

import chipsmith
from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.compiler.wipe.wipe_program import append_wipe
from chipsmith.hardware.simulate import MemoryBehaviour
from chipsmith.program.instructions import VectorInstruction
from chipsmith.program.registers import DataRegister
from chipsmith.program.residue import trace_residue
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.tosa.graph import DType

NETWORKS = Path(__file__).parents[1] / "networks"
FILES = ("digits_cnn", "gru", "encoder_layer")
PAIRS = 25
MUCH_INPUT = MappingProxyType({"load": 0.4, "store": 0.1, "tensor": 0.2, "vector": 0.2, "row move": 0.1})

pytestmark = pytest.mark.usefixtures("rtl_tools")


def compiled(network, chip="nano-64", *, wipe):
    model = str(NETWORKS / f"{network}.tosa") if isinstance(network, str) else network
    calibration = {} if isinstance(network, str) else {"random_calibration": True, "shapes": ["images=1x1x8x8"]}
    return chipsmith.compile(model, chip=chip, wipe=wipe, no_check=True, **calibration).program


def assert_equal_endings(program, pairs):
    """Every second pair warm: behind an inference on inputs of its own."""
    for pair in range(pairs):
        cold, seeds = pair % 2 == 0, (4 * pair, 4 * pair + 1)
        first, second = (ending(program, seed, cold=cold) for seed in seeds)
        assert differing(first, second) == []
        assert first.latency_cycles == simulate(program, warm=not cold).latency_cycles


def ending(program, seed, *, cold):
    before = [] if cold else [random_inputs(program, seed + 2)]
    return run_to_end(program, [*before, random_inputs(program, seed)])


def wiped_random_program(chip, seed):
    """A random Program whose first area alone is an output, with and without a wipe."""
    program = random_program(chip, seed, 40, MUCH_INPUT)
    manifest = replace(program.manifest, outputs=program.manifest.outputs[:1])
    bare = replace(program, manifest=manifest)
    return bare, append_wipe(bare)


@pytest.mark.parametrize("network", FILES)
def test_two_inferences_leave_the_same(network):
    assert_equal_endings(compiled(network, wipe=True), PAIRS)


def test_rows_that_the_inputs_name_leave_nothing_however_many_they_are():
    net = Net()
    net.inputs.append(net.tensor("numbers", (1, 40), DType.INT8))
    table = net.constant(np.arange(1 * 64 * 8).reshape(1, 64, 8) % 251 - 125)
    numbers = net.add("CAST", ("numbers",), (1, 40), DType.INT32)
    program = compile_graph(net.graph(net.add("GATHER", (table, numbers), (1, 40, 8))), load_chip("nano-64"), wipe=True)
    moved = [row.outer_steps for row in program.instructions if isinstance(row, VectorInstruction) and row.rows]
    assert max(moved) > 18
    assert_equal_endings(program, PAIRS)


def test_two_inferences_of_a_residual_network_leave_the_same(residual):
    assert_equal_endings(compiled(residual, wipe=True), PAIRS)


@pytest.mark.parametrize("network", FILES)
def test_without_a_wipe_they_differ_in_memories_engines_and_outside(network):
    program = compiled(network, wipe=False)
    names = differing(ending(program, 0, cold=True), ending(program, 1, cold=True))
    assert "external memory" in names
    for part in ("even_bank.lines", "vector.a_values", "accumulators", "array.operands", "multipliers"):
        assert any(part in name.replace("__DOT__", ".") for name in names), part


def test_a_memory_that_stalls_leaves_no_word_in_a_queue():
    program, stalls = compiled("digits_cnn", wipe=True), MemoryBehaviour(stall_per_1024=400, late_per_1024=300)
    endings = [run_to_end(program, [random_inputs(program, seed)], behaviour=stalls) for seed in (0, 1)]
    assert differing(*endings) == []


@pytest.mark.parametrize("network", FILES)
def test_the_outputs_are_those_of_the_program_without_a_wipe(network):
    wiped, inputs = compiled(network, wipe=True), random_inputs(compiled(network, wipe=True), 7)
    expected = execute(compiled(network, wipe=False), inputs)
    for inferences in ([inputs], [random_inputs(wiped, 8), inputs]):
        outputs = run_to_end(wiped, inferences).outputs
        assert all(np.array_equal(outputs[name], expected[name]) for name in expected)


def test_random_programs_use_every_register_and_leave_the_same():
    used = set()
    for seed in range(24):
        bare, wiped = wiped_random_program(load_chip("nano-64"), seed)
        used |= trace_residue(bare).registers
        assert_equal_endings(wiped, 2)
    assert used == set(DataRegister)


@pytest.mark.slow
@pytest.mark.parametrize("chip", ["nano-64", "edge-256"])
@pytest.mark.parametrize("network", [*FILES, "lstm"])
def test_a_hundred_pairs(network, chip):
    assert_equal_endings(compiled(network, chip, wipe=True), 100)


@pytest.mark.slow
@pytest.mark.parametrize("chip", ["nano-64", "edge-256"])
def test_two_hundred_random_programs(chip):
    for seed in range(1000, 1200):
        assert_equal_endings(wiped_random_program(load_chip(chip), seed)[1], 2)
