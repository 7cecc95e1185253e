"""Whole networks in C give the reference's bits, in an arena that is hardly larger than what lives at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from c_graphs import assert_same, compare, compiler, stacked
from random_graphs import random_arrays, random_graph

from chipsmith.codegen.checked import execute_checked
from chipsmith.codegen.generate import generate_c, generate_canonical
from chipsmith.codegen.host import Build, build_library
from chipsmith.frontends.tflite.network import load_tflite
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Array, DType, Graph
from chipsmith.tosa.reference import evaluate_batch

FOLDER = Path(__file__).parents[1] / "networks"
NETWORKS = sorted((*FOLDER.glob("*.tosa"), *FOLDER.glob("families/*.tosa")))
MLPERF_TINY = ("ic_resnet8_int8", "kws_dscnn_int8", "vww_96_int8", "ad01_int8")
MOST_OVERHEAD = 1.1


def inputs_of(graph: Graph, *, inferences: int = 2) -> dict[str, Array]:
    """Random int8; numbers of tokens are small, for tables are."""
    rng = np.random.default_rng(7)
    return {name: _draw(rng, graph, name, inferences) for name in graph.inputs}


def _draw(rng: np.random.Generator, graph: Graph, name: str, inferences: int) -> Array:
    tensor = graph.tensor(name)
    low, high = (0, 4) if tensor.dtype is DType.INT32 else (-128, 128)
    return rng.integers(low, high, (inferences, *tensor.shape)).astype(tensor.dtype.numpy)


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_networks_are_exact_in_a_small_arena(path):
    graph = read_tosa(path)
    module = generate_c(graph, name="net")
    assert_same(module, graph, inputs_of(graph))
    assert module.arena_bytes <= MOST_OVERHEAD * module.live_bytes


@pytest.mark.parametrize("network", MLPERF_TINY)
def test_mlperf_tiny_is_exact_in_a_small_arena(network, shared_data):
    graph = load_tflite(shared_data / "mlperf_tiny" / f"{network}.tflite").graph
    module = generate_c(graph, name="net")
    assert_same(module, graph, inputs_of(graph), build=Build.FAST)
    assert module.arena_bytes <= MOST_OVERHEAD * module.live_bytes


def test_the_reference_model_agrees(reference_model):
    graph = read_tosa(FOLDER / "digits_cnn.tosa")
    inputs = inputs_of(graph, inferences=1)
    outputs = build_library(generate_c(graph, name="net"), compiler(), build=Build.QUICK).execute(stacked(inputs))
    compare(outputs, {name: array[None] for name, array in reference_model(graph, _single(inputs)).items()})


def _single(inputs):
    return {name: array[0] for name, array in inputs.items()}


@pytest.mark.parametrize("cc", ["gcc", "clang"])
@pytest.mark.parametrize("network", ["digits_cnn", "encoder_layer"])
def test_sanitizers_stay_silent(network, cc):
    graph = read_tosa(FOLDER / f"{network}.tosa")
    inputs = inputs_of(graph)
    outputs = execute_checked(generate_c(graph, name="net"), compiler(cc), stacked(inputs))
    compare(outputs, evaluate_batch(graph, inputs))


def assert_random_is_exact(seed: int, *, cc: str) -> None:
    graph = random_graph(seed)
    inputs = random_arrays(graph, inferences=3, seed=seed)
    for generate in (generate_c, generate_canonical):
        assert_same(generate(graph, name="net"), graph, inputs, cc=cc)


@pytest.mark.parametrize("seed", range(8))
def test_random_graphs_are_exact(seed):
    assert_random_is_exact(seed, cc="clang" if seed % 4 == 3 else "gcc")


@pytest.mark.parametrize("seed", range(8, 12))
def test_random_graphs_are_clean(seed):
    graph = random_graph(seed)
    inputs = random_arrays(graph, inferences=2, seed=seed)
    outputs = execute_checked(generate_c(graph, name="net"), compiler(), stacked(inputs))
    compare(outputs, evaluate_batch(graph, inputs))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1300))
def test_hundreds_of_random_graphs_are_exact(seed):
    assert_random_is_exact(seed, cc="clang" if seed % 2 else "gcc")
