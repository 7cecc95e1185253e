"""One network on every target: the same answers as far as each promises, and a reason where it is not taken."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.frontends.quantized_network import QuantizedNetwork, integer_network
from chipsmith.frontends.registry import load_model
from chipsmith.hardware.build import find_toolchain
from chipsmith.targets import (
    GraphTarget,
    Precision,
    TargetOptions,
    graph_targets,
    load_target,
    read_precision,
    target_names,
)
from chipsmith.targets.npu import NpuTarget
from chipsmith.targets.rtl import RtlTarget
from chipsmith.tosa.graph import Graph

NANO = load_chip("nano-64")
TARGETS = ("c", "cpu", "cuda", "int8", "npu", "quantum", "reference", "rtl", "source", "torch")
DIGITS = str(Path(__file__).parents[1] / "networks" / "digits_cnn.tosa")


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(32, 3, 8, 8)).astype(np.float32)


@pytest.fixture(scope="module")
def network(images) -> QuantizedNetwork:
    """A small convolution with a linear layer, quantised after training."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 5)
    ).eval()
    return lower_module(module, (torch.zeros(1, 3, 8, 8),), (images,), name="small")


@pytest.fixture
def digits() -> QuantizedNetwork:
    """A TOSA file, of whose author nothing is known."""
    return load_model(DIGITS)


def random_integers(graph: Graph, *, inferences: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    shapes = {name: graph.tensor(name).shape for name in graph.inputs}
    return {
        name: random.integers(-128, 128, (inferences * shape[0], *shape[1:])).astype(np.int8)
        for name, shape in shapes.items()
    }


def test_a_target_bears_the_name_of_its_file():
    assert target_names() == TARGETS
    assert [load_target(name, NANO).name for name in target_names()] == list(target_names())


def test_some_take_bare_graphs():
    assert set(graph_targets(NANO)) == {"c", "npu", "reference", "rtl"}
    assert isinstance(load_target("npu", NANO), GraphTarget)
    assert not isinstance(load_target("source", NANO), GraphTarget)


@pytest.mark.parametrize("name", ["gpu", "registry", "no/such"])
def test_an_unknown_target_is_refused_with_those_that_there_are(name):
    with pytest.raises(BadInput, match=f"no target '{name}'; there are: {', '.join(TARGETS)}"):
        load_target(name, NANO)


def test_the_chip_is_said_where_the_target_runs_on_one():
    chips = {name: load_target(name, NANO).chip for name in target_names()}
    assert chips == {name: NANO if name in ("npu", "rtl") else None for name in TARGETS}


@pytest.mark.parametrize("name", ["int8", "npu", "reference", "rtl", "source"])
def test_options_that_a_target_does_not_take_are_refused(name):
    for options in (TargetOptions(threads=1), TargetOptions(precision=Precision.INT8), TargetOptions(runtime="litert")):
        with pytest.raises(BadInput, match=f"target {name} does not take .*: it takes (no such option|limits)"):
            load_target(name, NANO, options)


def test_a_precision_is_read_by_its_name():
    assert (read_precision("float32"), read_precision(None)) == (Precision.FLOAT32, None)
    with pytest.raises(BadInput, match="no precision 'fp8'; there are: float32, int8"):
        read_precision("fp8")


@pytest.mark.parametrize("name", ["source", "int8", "reference", "npu"])
def test_a_network_is_taken_and_gives_the_authors_outputs(name, network, images):
    target = load_target(name, NANO)
    assert target.refuses(network) == ()
    (outputs,) = target.prepare(network).run(images[:6])
    exact = np.concatenate([network.source.module(torch.from_numpy(image[None])).detach() for image in images[:6]])
    assert outputs.dtype == np.float32
    assert outputs.shape == (6, 5)
    assert np.abs(outputs - exact).max() <= (0 if name == "source" else 0.05 * np.abs(exact).max())


def test_reference_and_npu_give_the_same_bits(network, images):
    (reference,), (npu,) = (load_target(name, NANO).prepare(network).run(images) for name in ("reference", "npu"))
    assert np.array_equal(reference, npu)


def test_quantised_in_floating_point_the_network_is_its_integers_but_for_halves(network, images):
    """Where a value lies between two integers it may be rounded to either: a step of a layer inside, seen outside."""
    (rounded,), (npu,) = (load_target(name, NANO).prepare(network).run(images) for name in ("int8", "npu"))
    noise, quantised = (float(((other - npu) ** 2).sum()) for other in (rounded, exact_outputs(network, images)))
    assert noise < quantised / 100


def exact_outputs(network, images):
    (exact,) = network.source.run(images)
    return exact


def test_inputs_that_do_not_fit_are_refused(network, images):
    prepared = NpuTarget(chip=NANO).prepare(network)
    with pytest.raises(BadInput, match="takes 1 inputs"):
        prepared.run(images, images)
    with pytest.raises(BadInput, match="do not fit input 0"):
        prepared.run(images[:, :2])


def test_a_tosa_file_has_no_source_and_no_form_in_floating_point(digits):
    (source,) = load_target("source", NANO).refuses(digits)
    (rounded,) = load_target("int8", NANO).refuses(digits)
    assert "the network that it comes from is not known" in source
    assert "comes in integers" in rounded
    with pytest.raises(BadInput, match="is not known"):
        load_target("source", NANO).prepare(digits)


@pytest.mark.parametrize("name", ["reference", "npu"])
def test_an_operator_that_there_is_none_of_is_a_reason(name, digits):
    first, *others = digits.graph.operators
    graph = dataclasses.replace(digits.graph, operators=(dataclasses.replace(first, kind="SINH"), *others))
    target = load_target(name, NANO)
    (reason,) = target.refuses(integer_network(graph))
    assert "SINH" in reason
    with pytest.raises(OperatorRefused, match="SINH"):
        target.prepare_graph(graph)


def test_the_npu_says_what_an_inference_costs(digits):
    npu = NpuTarget(chip=NANO).prepare(digits)
    profile = npu.graph.profile()
    assert profile.latency.warm_cycles <= profile.latency.cold_cycles
    assert profile.energy_uj > 0
    assert profile.operators[0].name == digits.graph.operators[0].name


def test_a_bare_graph_gives_the_same_bits_on_each_target(digits):
    inputs = random_integers(digits.graph, inferences=3)
    targets = graph_targets(NANO)
    reference, npu = (targets[name].prepare_graph(digits.graph).execute(inputs) for name in ("reference", "npu"))
    assert all(np.array_equal(reference[name], npu[name]) for name in digits.graph.outputs)
    assert len(reference[digits.graph.outputs[0]]) == 3


@pytest.fixture
def rtl() -> RtlTarget:
    try:
        find_toolchain()
    except BadInput as missing:
        pytest.skip(str(missing))
    return RtlTarget(chip=NANO)


def test_a_network_in_rtl_gives_the_bits_of_the_npu(network, images, rtl):
    (npu,) = NpuTarget(chip=NANO).prepare(network).run(images[:2])
    (outputs,) = rtl.prepare(network).run(images[:2])
    assert np.array_equal(outputs, npu)


def test_a_missing_tool_is_a_reason_of_the_rtl(network, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    assert RtlTarget(chip=NANO).refuses(network) != ()


def test_a_program_is_verified_once_however_often_it_is_executed(network, images, monkeypatch):
    prepared, verified = NpuTarget(chip=NANO).prepare(network), []
    monkeypatch.setattr("chipsmith.sim.functional.verify_program", lambda program, **_: verified.append(program))
    for image in images[:3]:
        prepared.run(image[None])
    assert verified == [prepared.graph.program]
