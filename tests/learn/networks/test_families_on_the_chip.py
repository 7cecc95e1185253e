"""A network of every family: whole on the chip, equal to the reference model to the bit, and still of use in int8."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from families import HERE, Family, load_family, score, task_of

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.learn.networks.catalogue import CATALOGUE
from chipsmith.program.verify import verify_program
from chipsmith.sim.functional import execute
from chipsmith.tosa.elements import DType
from chipsmith.tosa.graph import Array, Graph

ReferenceModel = Callable[[Graph, Mapping[str, Array]], dict[str, Array]]

INFERENCES = 4
LOST_AT_MOST = {"accuracy": -0.02, "R2": -0.01, "RMSE": 0.01, "bits per token": 0.02}
"""What the metric may lose from float to int8; of accuracy four of 200 examples."""


def random_inputs(family: Family) -> dict[str, Array]:
    """Any int8 value for what the host quantises, tokens of the vocabulary for what it does not."""
    drawn = np.random.default_rng(5)
    inputs = {}
    for name in family.graph.inputs:
        shape = (INFERENCES, *family.graph.tensor(name).shape[1:])
        if family.graph.tensor(name).dtype == DType.INT8:
            inputs[name] = drawn.integers(-128, 128, shape, np.int8)
        else:
            inputs[name] = drawn.integers(0, family.entry.vocabulary, shape, np.int32)
    return inputs


def one_by_one(inputs: Mapping[str, Array]) -> list[dict[str, Array]]:
    return [{name: array[row : row + 1] for name, array in inputs.items()} for row in range(INFERENCES)]


@pytest.mark.parametrize("chip", ["edge-256", "nano-64"])
@pytest.mark.parametrize("name", CATALOGUE)
def test_every_family_is_exact_and_whole_on_the_chip(name: str, chip: str, reference_model: ReferenceModel) -> None:
    family = load_family(name)
    program = compile_graph(family.graph, load_chip(chip))
    verify_program(program)
    inputs = random_inputs(family)
    (output,) = execute(program, inputs).values()
    (named,) = family.graph.outputs
    expected = [reference_model(family.graph, part)[named] for part in one_by_one(inputs)]
    np.testing.assert_array_equal(output, np.concatenate(expected))
    assert {operator.placed for operator in program.manifest.operators} <= {"tensor", "vector", "view", "constant"}


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_family_keeps_its_metric_on_the_chip(name: str) -> None:
    family = load_family(name)
    examples, targets = family.test_part()
    program = compile_graph(family.graph, load_chip("edge-256"))
    outputs = family.dequantized(execute(program, family.quantized(examples)))
    assert score(family.metric, outputs, targets) == pytest.approx(family.metric_int8, abs=1e-4)
    worse = round(family.metric_int8 - family.metric_float, 4)
    allowed = LOST_AT_MOST[family.metric]
    assert worse >= allowed if allowed < 0 else worse <= allowed
    assert family.signal_to_noise_db > 15


def test_the_files_are_those_of_the_catalogue() -> None:
    assert list(json.loads((HERE / "families.json").read_text())) == list(CATALOGUE)
    assert {file.stem for file in (HERE / "families").iterdir()} == set(CATALOGUE)
    assert max(file.stat().st_size for file in (HERE / "families").iterdir()) < 1 << 20


def lower_near_its_module(name: str) -> None:
    """Lower fresh weights by the PyTorch door, and find the chip's outputs near PyTorch's own."""
    import torch

    from chipsmith.frontends.pytorch.network import lower_module

    entry = CATALOGUE[name]
    torch.manual_seed(1)
    module = entry.network.build(input_shape=entry.input_shape, outputs=entry.outputs).eval()
    examples = task_of(entry).inputs[:32]
    arguments = entry.network.module_inputs(examples, seed=0)
    lowered = lower_module(module, entry.network.example_inputs(input_shape=entry.input_shape), arguments, name=name)
    program = compile_graph(lowered.graph, load_chip("edge-256"))
    (rounded,) = lowered.dequantize_outputs(execute(program, lowered.quantize_inputs(*arguments)))
    with torch.no_grad():
        exact = module(*map(torch.from_numpy, arguments)).numpy()
    assert np.abs(rounded - exact).max() < 0.1 * np.abs(exact).max()


def test_a_family_lowers() -> None:
    lower_near_its_module("conv_autoencoder")


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CATALOGUE if name != "conv_autoencoder"])
def test_the_other_families_lower(name: str) -> None:
    lower_near_its_module(name)
