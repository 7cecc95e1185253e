"""Every kind of kernel against PyTorch, numpy and the reference model: its numbers, its bits, its cycles."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import CASES, build_case, case_name

from chipsmith.chip import load_chip
from chipsmith.compiler.network import compile_network
from chipsmith.flow.kernels import draw_integers
from chipsmith.kernels.build import ActivationType, draw_calibration, draw_values
from chipsmith.kernels.catalogue import KERNEL_KINDS
from chipsmith.kernels.source import load_module
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.targets import HostedGraph
from chipsmith.targets.npu import NpuGraph
from chipsmith.witness.bit_exactness import ask_interpreter

CHIPS = ("nano-64", "edge-256")
every_case = pytest.mark.parametrize("case", CASES, ids=case_name)


def draw(kernel, count=4):
    return [draw_values(port, count, seed=9) for port in kernel.inputs]


def sqnr_db(exact, rough):
    return 10 * np.log10((exact**2).sum() / ((exact - rough) ** 2).sum())


def test_every_kind_is_among_the_cases():
    assert {kind for kind, _ in CASES} == set(KERNEL_KINDS)


@every_case
def test_the_float_network_is_pytorchs_kernel(case):
    kernel = build_case(case)
    inputs = draw(kernel)
    pairs = zip(kernel.as_pytorch().source.run(*inputs), kernel.network.source.run(*inputs), strict=True)
    for expected, output in pairs:
        np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("activations", ActivationType)
@every_case
def test_bits_are_the_references(case, activations, reference_model):
    kernel = build_case(case, activations)
    graph, inputs = kernel.network.graph, draw_integers(kernel)
    expected = ask_interpreter(graph, inputs)
    parts = {name: array.reshape(-1, *graph.tensor(name).shape) for name, array in inputs.items()}
    witnessed = reference_model(graph, {name: array[-1] for name, array in parts.items()})
    for name, array in witnessed.items():
        np.testing.assert_array_equal(expected.outputs[name][-1], array)
    for chip in CHIPS:
        outputs = execute(compile_network(graph, load_chip(chip)), inputs)
        assert expected.compare(graph, outputs).exact, chip


@every_case
def test_the_quantised_kernel_is_near_pytorchs(case):
    """Over inputs that did not choose the ranges."""
    kernel = build_case(case)
    inputs = draw(kernel, 16)
    program = compile_network(kernel.network.graph, load_chip("edge-256"))
    outputs = HostedGraph(host=kernel.network, graph=NpuGraph(program=program)).run(*inputs)
    for expected, output in zip(kernel.as_pytorch().source.run(*inputs), outputs, strict=True):
        assert sqnr_db(expected, output) > 28


def pads_itself(case):
    """PyTorch's module of an even window has its padding before it, a PAD of its own."""
    kernel = build_case(case)
    return not load_module(kernel.kind, kernel.settings, kernel.weights)._forward_pre_hooks


@pytest.mark.parametrize("case", list(filter(pads_itself, CASES)), ids=case_name)
def test_a_module_compiled_by_the_front_end_is_the_same_program(case):
    import torch

    from chipsmith.frontends.pytorch.network import lower_module

    kernel = build_case(case)
    module = load_module(kernel.kind, kernel.settings, kernel.weights)
    examples = tuple(torch.zeros(port.shape) for port in kernel.inputs)
    lowered = lower_module(module, examples, draw_calibration(kernel.inputs, seed=kernel.seed), name=kernel.kind.name)
    assert [operator.kind for operator in lowered.graph.operators] == [
        operator.kind for operator in kernel.network.graph.operators
    ]
    for chip in map(load_chip, CHIPS):
        own, other = (compile_network(graph, chip) for graph in (kernel.network.graph, lowered.graph))
        for warm in (False, True):
            assert simulate(own, warm=warm).latency_cycles == simulate(other, warm=warm).latency_cycles


# --- formulas in numpy ------------------------------------------------------------------------------------------------


def outputs_of(case):
    kernel = build_case(case)
    inputs = draw(kernel, 1)
    return kernel, inputs, kernel.network.source.run(*inputs)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_softmax_is_exponentials_over_their_sum():
    _, (x,), (output,) = outputs_of(("softmax", {"input": "5x9"}))
    np.testing.assert_allclose(output, np.exp(x) / np.exp(x).sum(-1, keepdims=True), rtol=1e-5)


def test_layernorm_has_mean_0_and_variance_1_before_gain_and_bias():
    kernel, (x,), (output,) = outputs_of(("layernorm", {"input": "5x9"}))
    normal = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(output, normal * kernel.weights["weight"] + kernel.weights["bias"], rtol=1e-4, atol=1e-6)


def test_attention_mixes_the_values_by_the_softmax_of_the_scores():
    _, (query, key, value), (output,) = outputs_of(("attention", {"input": "1x3x8", "heads": 2, "keys": 5}))
    scores = np.exp(np.einsum("bhqd,bhkd->bhqk", query, key) / 2)
    weights = scores / scores.sum(-1, keepdims=True)
    np.testing.assert_allclose(output, np.einsum("bhqk,bhkd->bhqd", weights, value), rtol=1e-4, atol=1e-6)


def test_an_lstm_cell_keeps_forgets_and_adds():
    kernel, (x, hidden, memory), (next_hidden, next_memory) = outputs_of(("lstm-cell", {"input": "2x3", "hidden": 4}))
    w = kernel.weights
    gates = x @ w["weight_ih"].T + w["bias_ih"] + hidden @ w["weight_hh"].T + w["bias_hh"]
    enter, forget, candidate, leave = np.split(gates, 4, axis=1)
    kept = sigmoid(forget) * memory + sigmoid(enter) * np.tanh(candidate)
    np.testing.assert_allclose(next_memory, kept, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(next_hidden, sigmoid(leave) * np.tanh(kept), rtol=1e-4, atol=1e-6)


def test_a_conv2d_is_its_sums():
    kernel, (x,), (output,) = outputs_of(("conv2d", {"input": "1x4x4x2", "filters": 3, "padding": "valid"}))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
    sums = np.einsum("nchwij,ocij->nohw", windows, kernel.weights["weight"])
    np.testing.assert_allclose(output, sums + kernel.weights["bias"][:, None, None], rtol=1e-4, atol=1e-5)


def test_a_kernel_is_the_same_for_a_seed_and_another_for_another():
    first, again, other = (build_case(CASES[0], seed=seed) for seed in (5, 5, 6))
    assert first.network.graph.constants.keys() == again.network.graph.constants.keys()
    np.testing.assert_array_equal(first.weights["weight"], again.weights["weight"])
    assert (first.weights["weight"] != other.weights["weight"]).any()


@every_case
def test_the_onnx_file_is_the_same_kernel(case):
    kernel = build_case(case)
    inputs = draw(kernel)
    pairs = zip(kernel.as_onnx().source.run(*inputs), kernel.as_pytorch().source.run(*inputs), strict=True)
    for output, expected in pairs:
        np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)
