"""Random graphs on random chips: what the compiler makes of them is legal, exact and on time."""

from __future__ import annotations

import numpy as np
import pytest
from clocked_machine import ClockedMachine
from random_graphs import larger, random_arrays, random_chip, random_graph

from chipsmith.chip import Chip, load_chip
from chipsmith.compiler.compile import compile_canonical, compile_graph
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.program.program import Program
from chipsmith.program.verify import verify_program
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.reference import evaluate_batch
from chipsmith.witness.cosimulate import compare

MOST_DOUBLINGS = 8
INFERENCES = 3


def compiled(graph: Graph, chip: Chip, *, seed: int) -> Program:
    """The Program for the chip, or for the same chip with the least memory that holds the graph.

    Every fourth graph is lowered as it is, so that lowering meets what canonical form would fold away.
    """
    lower = compile_canonical if seed % 4 == 0 else compile_graph
    for _ in range(MOST_DOUBLINGS):
        try:
            return lower(graph, chip)
        except DoesNotFit:
            chip = larger(chip)
    raise AssertionError(f"a graph of a few kilobytes does not fit in {chip.memory_bytes} bytes")


def stacked(arrays):
    """[inferences, batch, ...] as ports take it: [inferences * batch, ...]."""
    return {name: array.reshape(-1, *array.shape[2:]) for name, array in arrays.items()}


def assert_exact(seed: int) -> tuple[Graph, Program]:
    graph = random_graph(seed)
    program = compiled(graph, random_chip(seed), seed=seed)
    verify_program(program)
    inputs = random_arrays(graph, inferences=INFERENCES, seed=seed)
    wanted, outputs = stacked(evaluate_batch(graph, inputs)), execute(program, stacked(inputs))
    for name in graph.outputs:
        np.testing.assert_array_equal(outputs[name], wanted[name], err_msg=f"{name} of seed {seed}")
    return graph, program


def assert_on_time(program: Program, *, warm: bool) -> None:
    """The cycle simulator and the machine stepped clock by clock agree on every start and end."""
    witness, timeline = ClockedMachine(program, warm=warm).run(), simulate(program, warm=warm)
    assert timeline.start.tolist() == witness.starts
    assert timeline.end.tolist() == witness.ends


@pytest.mark.parametrize("seed", range(16))
def test_random_graphs_are_exact(seed):
    assert_exact(seed)


@pytest.mark.parametrize("seed", range(16, 22))
def test_random_graphs_are_on_time(seed):
    _, program = assert_exact(seed)
    assert_on_time(program, warm=seed % 2 == 0)


@pytest.mark.parametrize("seed", range(22, 28))
def test_the_reference_model_agrees(seed, reference_model):
    graph, program = assert_exact(seed)
    inputs = random_arrays(graph, inferences=1, seed=seed + 1)
    wanted = reference_model(graph, {name: array[0] for name, array in inputs.items()})
    outputs = execute(program, stacked(inputs))
    for name in graph.outputs:
        np.testing.assert_array_equal(outputs[name], wanted[name], err_msg=f"{name} of seed {seed}")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1500))
def test_hundreds_of_random_graphs_are_exact(seed):
    _, program = assert_exact(seed)
    if seed % 10 == 0:
        assert_on_time(program, warm=seed % 20 == 0)


@pytest.mark.slow
@pytest.mark.parametrize("chip", ["nano-64", "edge-256"])
@pytest.mark.parametrize("seed", range(1500, 1750))
def test_the_rtl_runs_random_graphs_to_the_bit_and_cycle(seed, chip):
    graph = random_graph(seed)
    program = compile_graph(graph, load_chip(chip))
    result = compare(program, stacked(random_arrays(graph, inferences=1, seed=seed)))
    assert result.agrees, result.difference
