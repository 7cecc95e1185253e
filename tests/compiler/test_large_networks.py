"""Networks far larger than the chip's memory: tiled through it, and equal to the reference model to the bit."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nets import Net, random_int8

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.program.instructions import Load, Space, Store
from chipsmith.program.verify import verify_program
from chipsmith.sim.functional import execute
from chipsmith.tosa.compose import compose
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import DType
from chipsmith.tosa.reference import evaluate

TESTS = Path(__file__).parents[1]
SCRIPT = TESTS.parent / "benchmarks" / "large_networks.py"


def small_chip(*, groups, group_bytes):
    return load_chip("nano-64", {"memory.groups": str(groups), "memory.group_bytes": str(group_bytes), "name": "small"})


def check(graph, chip, reference_model):
    """Compile a graph, run it on random inputs, hold it against the reference model; returns the program."""
    program = compile_graph(graph, chip)
    verify_program(program)
    inputs = {name: random_int8(*graph.tensor(name).shape, seed=3) for name in graph.inputs}
    expected, outputs = reference_model(graph, inputs), execute(program, inputs)
    for name in graph.outputs:
        np.testing.assert_array_equal(outputs[name], expected[name])
    return program


def moved_bytes(program, kind):
    """Bytes of the runs of all transfers of a kind but pages."""
    return sum(
        instruction.outer_count * instruction.inner_count * instruction.run_bytes
        for instruction in program.instructions
        if isinstance(instruction, kind) and not (isinstance(instruction, Load) and instruction.space is Space.PAGE)
    )


def conv(net, source, channels, *, size=1, stride=1, kind="CONV2D"):
    _, height, width, depth = net.tensors[source].shape
    depthwise = kind == "DEPTHWISE_CONV2D"
    shape = (size, size, depth, 1) if depthwise else (channels, size, size, depth)
    weights = net.constant(random_int8(*shape, seed=len(net.tensors)))
    before, behind = size // 2, (size - 1) // 2
    out = (1, height // stride, width // stride, channels)
    pad = (before, behind - (stride - 1), before, behind - (stride - 1))
    wide = net.conv(source, weights, out, kind=kind, pad=pad, stride=(stride, stride), input_zp=-3)
    return net.rescale(wide, DType.INT8, multiplier=1518500250, shift=42, zero_points=(0, 5))


def test_inverted_residuals_on_64_by_64_pixels(reference_model):
    # The wide tensors have 98,304 and 393,216 bytes; the memory has 57,344.
    net = Net(x=(1, 64, 64, 3))
    stem = conv(net, "x", 16, size=3, stride=1)
    for channels in (16, 24):
        wide = conv(net, stem, 96)
        stem = conv(net, conv(net, wide, 96, size=3, stride=2, kind="DEPTHWISE_CONV2D"), channels)
    program = check(net.graph(stem), load_chip("nano-64"), reference_model)
    assert moved_bytes(program, Store) >= 64 * 64 * 96


def test_two_encoder_layers_through_four_kib(reference_model):
    layer = read_tosa(TESTS / "networks" / "encoder_layer.tosa")
    weights = {op.inputs[1] for op in layer.operators if op.kind == "CONV2D"}
    draw = np.random.default_rng(0)
    other = {name: draw.permuted(data, axis=-1) if name in weights else data for name, data in layer.constants.items()}
    graph = compose([layer, replace(layer, constants=other)], name="two_layers")
    program = check(graph, small_chip(groups=4, group_bytes=1024), reference_model)
    # A head's part of queries, keys and values are rows of 16 bytes.
    assert any(isinstance(instruction, Load) and instruction.inner_count > 1 for instruction in program.instructions)


def test_a_matrix_that_is_computed_and_larger_than_the_memory_comes_in_columns(reference_model):
    net = Net(x=(1, 16, 64), y=(1, 64, 256))
    matrix = net.add("TABLE", ("y", net.constant(random_int8(256))), (1, 64, 256))
    product = net.add("MATMUL", ("x", matrix, net.constant([0]), net.constant([0])), (1, 16, 256), DType.INT32)
    graph = net.graph(net.rescale(product, DType.INT8, shift=43))
    check(graph, small_chip(groups=4, group_bytes=2048), reference_model)


def test_a_constant_matrix_larger_than_the_memory_comes_in_columns(reference_model):
    net = Net(x=(1, 16, 64))
    matrix = net.constant(random_int8(1, 64, 256))
    product = net.add("MATMUL", ("x", matrix, net.constant([0]), net.constant([0])), (1, 16, 256), DType.INT32)
    graph = net.graph(net.rescale(product, DType.INT8, shift=43))
    check(graph, small_chip(groups=4, group_bytes=2048), reference_model)


def test_a_large_transpose_moves_each_byte_about_once(reference_model):
    net = Net(x=(1, 256, 256))
    graph = net.graph(net.add("TABLE", (net.transpose("x", 0, 2, 1), net.constant(random_int8(256))), (1, 256, 256)))
    program = check(graph, small_chip(groups=4, group_bytes=2048), reference_model)
    assert moved_bytes(program, Load) < 1.5 * 65_536
    assert moved_bytes(program, Store) == 65_536


def test_spilled_tensors_beyond_the_external_memory_are_refused():
    net = Net(x=(1, 64, 64, 3))
    graph = net.graph(conv(net, conv(net, "x", 256), 4))
    one_mib = load_chip("nano-64", {"external.size_mib": "1"})
    with pytest.raises(DoesNotFit, match=r"needs \d+ bytes of external memory .* has 1048576: raise external.size_mib"):
        compile_graph(graph, one_mib)


@pytest.fixture
def script(monkeypatch):
    """The benchmark of large networks."""
    spec = importlib.util.spec_from_file_location("large_networks", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, script)
    spec.loader.exec_module(script)
    return script


def test_a_layer_whose_output_is_int32_stands_behind_itself(script):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    layer = torch.nn.TransformerEncoderLayer(16, 2, 64, dropout=0.0, batch_first=True, activation="gelu")
    network = script.lowered(layer, (8, 16), name="layer")
    assert network.graph.tensor(network.graph.outputs[0]).dtype is DType.INT32
    reals = torch.randn(1, 8, 16, generator=torch.Generator().manual_seed(1))
    (entered,) = network.inputs
    integers = np.clip(np.rint(reals.numpy() / entered.scale) + entered.zero_point, -128, 127).astype(np.int8)

    def mean_error(depth):
        deep = compose([script.with_output_like_input(network)] * depth, name="deep")
        outputs = evaluate(deep, {deep.inputs[0]: integers})[deep.outputs[0]]
        with torch.no_grad():
            expected = (layer(layer(reals)) if depth == 2 else layer(reals)).numpy()
        error = (outputs.astype(np.float32) - entered.zero_point) * entered.scale - expected
        return np.abs(error).mean() / np.abs(expected).mean()

    # Each layer adds the error of its own int8; one that read its input by another scale would be off by its values.
    assert mean_error(1) < 0.1
    assert mean_error(2) < 2 * mean_error(1)


def test_networks_of_noise_stay_in_int8(script):
    torch = pytest.importorskip("torch")

    class Noise(torch.nn.Module):
        """What rounding the input to int8 makes wrong: a step of it is a radian."""

        def forward(self, reals):
            return torch.sin(50 * reals)

    graph = script.lowered(torch.nn.Sequential(Noise(), torch.nn.Conv2d(3, 4, 1)), (3, 8, 8), name="noise").graph
    assert DType.INT16 not in {graph.tensor(name).dtype for name in graph.inputs}


@pytest.mark.slow
@pytest.mark.parametrize("network", ["resnet18", "mobilenet_v2", "bert_encoder"])
def test_networks_at_full_size_are_exact_within_minutes_and_memory(network, tmp_path, script):
    pytest.importorskip("executorch")
    script.write_tosa(script.NETWORKS[network](), tmp_path / f"{network}.tosa")
    row = script.measure(network, tmp_path / f"{network}.tosa", "edge-1024")
    assert (row.mismatches, row.outputs > 0) == (0, True)
    assert row.compile_cpu_s < 60
    assert row.instructions < 5_000
    assert row.execute_memory_mib < 4096
    assert sum(share.cycles for share in row.time_shares) == row.latency_cycles
