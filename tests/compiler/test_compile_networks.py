"""Whole networks: compiled, run on the functional simulator, equal to the reference model to the bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.frontends.tflite.network import load_tflite
from chipsmith.profile.memory import memory_peak_bytes
from chipsmith.program.instructions import Store
from chipsmith.program.verify import verify_program
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Array, Graph

ReferenceModel = Callable[[Graph, Mapping[str, Array]], dict[str, Array]]

NETWORKS = Path(__file__).parent.parent / "networks"
MLPERF_TINY = ("ic_resnet8_int8", "kws_dscnn_int8", "vww_96_int8", "ad01_int8")
CHIPS = ("nano-64", "edge-256", "edge-1024")


def random_inputs(graph: Graph, *, inferences: int) -> np.ndarray:
    """Seeded random int8 inputs, stacked along the leading dimension."""
    (name,) = graph.inputs
    shape = graph.tensor(name).shape
    return np.random.default_rng(7).integers(-128, 128, (inferences * shape[0], *shape[1:]), np.int8)


def reference_outputs(reference_model: ReferenceModel, graph: Graph, inputs: np.ndarray) -> np.ndarray:
    """What tosa_reference_model computes, one inference at a time."""
    (name,), (output,) = graph.inputs, graph.outputs
    parts = np.split(inputs, len(inputs) // graph.tensor(name).shape[0])
    return np.concatenate([reference_model(graph, {name: part})[output] for part in parts])


@cache
def mlperf_tiny(path: Path) -> Graph:
    return load_tflite(path).graph


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("network", ["digits_cnn", "encoder_layer", "gru", "lstm"])
def test_pytorch_networks_are_exact(network: str, chip: str, reference_model: ReferenceModel) -> None:
    graph = read_tosa(NETWORKS / f"{network}.tosa")
    program = compile_graph(graph, load_chip(chip))
    verify_program(program)
    inputs = random_inputs(graph, inferences=4)
    (output,) = execute(program, {graph.inputs[0]: inputs}).values()
    np.testing.assert_array_equal(output, reference_outputs(reference_model, graph, inputs))


@pytest.mark.parametrize("network", MLPERF_TINY)
def test_mlperf_tiny_is_exact_on_100_inputs(network: str, shared_data: Path, reference_model: ReferenceModel) -> None:
    graph = mlperf_tiny(shared_data / "mlperf_tiny" / f"{network}.tflite")
    program = compile_graph(graph, load_chip("edge-256"))
    verify_program(program)
    inputs = random_inputs(graph, inferences=100)
    (output,) = execute(program, {graph.inputs[0]: inputs}).values()
    np.testing.assert_array_equal(output, reference_outputs(reference_model, graph, inputs))


@pytest.mark.parametrize("chip", ["nano-64", "edge-1024"])
@pytest.mark.parametrize("network", MLPERF_TINY)
def test_mlperf_tiny_is_exact_on_other_chips(
    network: str, chip: str, shared_data: Path, reference_model: ReferenceModel
) -> None:
    graph = mlperf_tiny(shared_data / "mlperf_tiny" / f"{network}.tflite")
    program = compile_graph(graph, load_chip(chip))
    verify_program(program)
    inputs = random_inputs(graph, inferences=3)
    (output,) = execute(program, {graph.inputs[0]: inputs}).values()
    np.testing.assert_array_equal(output, reference_outputs(reference_model, graph, inputs))


@pytest.mark.parametrize(
    ("network", "vela_cycles"),
    [("ic_resnet8_int8", 107_151), ("kws_dscnn_int8", 56_222), ("vww_96_int8", 146_940), ("ad01_int8", 40_929)],
)
def test_mlperf_tiny_takes_fewer_cycles_than_vela_estimates(network: str, vela_cycles: int, shared_data: Path) -> None:
    graph = mlperf_tiny(shared_data / "mlperf_tiny" / f"{network}.tflite")
    program = compile_graph(graph, load_chip("edge-256"))
    cold, warm = (simulate(program, warm=warm).latency_cycles for warm in (False, True))
    assert warm <= cold < vela_cycles


@pytest.mark.parametrize("network", ["digits_cnn", "encoder_layer", "gru", "lstm"])
def test_every_operator_is_placed_on_the_chip(network: str) -> None:
    graph = read_tosa(NETWORKS / f"{network}.tosa")
    program = compile_graph(graph, load_chip("edge-256"))
    placements = program.manifest.operators
    assert {placement.placed for placement in placements} <= {"tensor", "vector", "view", "constant"}
    assert all(placement.reason for placement in placements)
    # Canonical form folds operators away, but never invents a name that the network does not have.
    assert all(placement.kernel or placement.placed in ("view", "constant") for placement in placements)


def test_a_network_larger_than_the_memory_is_sliced(reference_model: ReferenceModel) -> None:
    graph = read_tosa(NETWORKS / "digits_cnn.tosa")
    small = load_chip("nano-64", {"memory.groups": "3", "memory.group_bytes": "2048"})
    program = compile_graph(graph, small)
    # The first layer's 6,272 bytes do not stand beside its input and its weights in 6 KiB: they go out in slices.
    assert sum(isinstance(instruction, Store) for instruction in program.instructions) > 1
    assert memory_peak_bytes(program, simulate(program)) <= small.memory_bytes
    inputs = random_inputs(graph, inferences=3)
    (output,) = execute(program, {graph.inputs[0]: inputs}).values()
    np.testing.assert_array_equal(output, reference_outputs(reference_model, graph, inputs))
