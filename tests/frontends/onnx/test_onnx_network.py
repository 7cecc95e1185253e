"""Whole ONNX networks: the float network is onnxruntime's, the chip is near it and has the reference model's bits."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
import torch
from onnx_networks import assert_same, random_inputs
from PIL import Image
from torch import nn

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.frontends.onnx.load import load_onnx, quantise_file
from chipsmith.frontends.onnx.model import read_model
from chipsmith.frontends.onnx.runtime import OnnxRuntimeModel
from chipsmith.learn.networks.catalogue import CATALOGUE
from chipsmith.sim import functional
from chipsmith.witness.reference_model import witness_outputs

INPUTS = 100


def chip_outputs(network, columns):
    """The author's outputs from the simulated chip, whose every bit is that of tosa_reference_model."""
    inputs = network.quantize_inputs(*columns)
    outputs = functional.execute(compile_graph(network.graph, load_chip("edge-256")), inputs)
    stacked = {name: array.reshape(-1, *network.graph.tensor(name).shape) for name, array in inputs.items()}
    for tensor, expected in witness_outputs(network.graph, stacked).items():
        np.testing.assert_array_equal(outputs[tensor].reshape(expected.shape), expected)
    return network.dequantize_outputs(outputs)


def sqnr_db(exact, rough):
    noise = exact.astype(np.float64) - rough
    return 10 * np.log10((exact.astype(np.float64) ** 2).sum() / (noise**2).sum())


def joined(columns):
    """Inferences behind one another along the first axis of an input."""
    return [column.reshape(-1, *column.shape[2:]) for column in columns]


def test_anomaly_network_of_mlperf_tiny(shared_data):
    plain = read_model(shared_data / "onnx_mlperf_tiny" / "deepautoencoder.onnx")
    assert_same(plain)
    network = quantise_file(plain, joined(random_inputs(plain, 64)))
    columns = joined(random_inputs(plain, INPUTS, seed=1))
    (ours,), (theirs,) = chip_outputs(network, columns), network.source.run(*columns)
    assert sqnr_db(theirs, ours) > 28


@pytest.fixture(scope="module")
def photographs(shared_data):
    """(train, test): 100 images each, (n, 3, 32, 32), 0 to 255."""
    with np.load(shared_data / "cifar10_jpg" / "cifar10_jpg.npz") as archive:
        return tuple(_decoded(archive[f"{part}_bytes"], archive[f"{part}_offsets"]) for part in ("train", "test"))


def _decoded(data, offsets):
    parts = [data[offsets[index] : offsets[index + 1]].tobytes() for index in range(INPUTS)]
    images = [np.asarray(Image.open(io.BytesIO(part)).convert("RGB")) for part in parts]
    return np.stack(images).transpose(0, 3, 1, 2).astype(np.float32)


def test_image_network_of_mlperf_tiny(shared_data, photographs, tmp_path):
    train, test = photographs
    np.save(tmp_path / "train.npy", train)
    file = shared_data / "onnx_mlperf_tiny" / "resnet8.onnx"
    assert_same(read_model(file), [test[:4, None]])
    network = load_onnx(str(file), tmp_path / "train.npy")
    assert network.graph.tensor(network.graph.inputs[0]).shape == (1, 32, 32, 3)
    (ours,), (theirs,) = chip_outputs(network, [test[:20]]), network.source.run(test[:20])
    assert (ours.argmax(1) == theirs.argmax(1)).mean() >= 0.95


class InvertedResidual(nn.Module):
    def __init__(self, channels, factor):
        super().__init__()
        inner = channels * factor
        self.layers = nn.Sequential(
            nn.Conv2d(channels, inner, 1, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU6(),
            nn.Conv2d(inner, inner, 3, padding=1, groups=inner, bias=False),
            nn.BatchNorm2d(inner),
            nn.Hardswish(),
            nn.Conv2d(inner, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x):
        return x + self.layers(x)


class Squeeze(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)

    def forward(self, x):
        pooled = nn.functional.adaptive_avg_pool2d(x, 1)
        return x * nn.functional.hardsigmoid(self.up(torch.relu(self.down(pooled))))


class Encoder(nn.Module):
    """A transformer's encoder layer, normalised first, with learned positions."""

    def __init__(self, width=32, heads=4, length=10):
        super().__init__()
        self.heads = heads
        self.positions = nn.Parameter(torch.randn(1, length, width) * 0.1)
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, 64), nn.GELU(), nn.Linear(64, width))

    def forward(self, x):
        x = x + self.positions
        batch, length, width = x.shape
        parts = self.qkv(self.first(x)).reshape(batch, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        weights = torch.softmax(q @ k.transpose(-1, -2) / (width // self.heads) ** 0.5, -1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(batch, length, width))
        return x + self.feed(self.second(x))


class Unrolled(nn.Module):
    """A recurrent cell over the steps of a series."""

    def __init__(self, cell):
        super().__init__()
        self.cell, self.last = cell(4, 8), nn.Linear(8, 2)

    def forward(self, x):
        state = torch.zeros(1, 8)
        state = (state, state) if isinstance(self.cell, nn.LSTMCell) else state
        for step in range(x.shape[1]):
            state = self.cell(x[:, step], state)
        return self.last(state[0] if isinstance(state, tuple) else state)


EXPORTED = {
    "mobile": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=1),
            nn.Hardswish(),
            InvertedResidual(8, 3),
            Squeeze(8),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, 10),
            nn.Softmax(1),
        ),
        (1, 3, 16, 16),
    ),
    "autoencoder": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1),
            nn.SiLU(),
            nn.Upsample(scale_factor=2, mode="bilinear"),
            nn.Conv2d(4, 1, 3, padding=1),
            nn.Sigmoid(),
        ),
        (1, 1, 16, 16),
    ),
    "series": (
        lambda: nn.Sequential(
            nn.Conv1d(4, 8, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool1d(2),
            nn.Conv1d(8, 8, 3),
            nn.GELU(),
            nn.Flatten(),
            nn.Linear(8 * 14, 3),
        ),
        (1, 4, 32),
    ),
    "encoder": (Encoder, (1, 10, 32)),
    "gru": (lambda: Unrolled(nn.GRUCell), (1, 5, 4)),
    "lstm": (lambda: Unrolled(nn.LSTMCell), (1, 5, 4)),
}


def exported(name, folder):
    """The network as torch.onnx.export writes it, by the exporter that needs no further package."""
    build, shape = EXPORTED[name]
    torch.manual_seed(0)
    file = folder / f"{name}.onnx"
    export(build().eval(), (torch.randn(*shape),), file)
    return file


def export(module, examples, file):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, examples, file, dynamo=False)


@pytest.mark.parametrize("name", EXPORTED)
def test_network_exported_by_pytorch(name, tmp_path):
    plain = read_model(exported(name, tmp_path))
    assert_same(plain)
    columns = joined(random_inputs(plain, 64))
    network = quantise_file(plain, columns)
    few = [column[: 16 * port.shape[0]] for column, port in zip(columns, plain.inputs, strict=True)]
    for ours, theirs in zip(chip_outputs(network, few), network.source.run(*few), strict=True):
        assert sqnr_db(theirs, ours) > 25


@pytest.mark.slow
@pytest.mark.parametrize("name", CATALOGUE)
def test_family_of_the_catalogue(name, tmp_path):
    entry, file = CATALOGUE[name], tmp_path / f"{name}.onnx"
    torch.manual_seed(0)
    module = entry.network.build(input_shape=entry.input_shape, outputs=entry.outputs).eval()
    export(module, tuple(entry.network.example_inputs(input_shape=entry.input_shape)), file)
    columns = entry.network.module_inputs(entry.random_examples(count=64, seed=0), seed=0)
    plain = read_model(file)
    assert_same(
        plain, [np.asarray(column[:2, None], port.dtype) for column, port in zip(columns, plain.inputs, strict=True)]
    )
    network = quantise_file(plain, columns)
    few = [column[:16] for column in columns]
    (ours, *_), (theirs, *_) = chip_outputs(network, few), network.source.run(*few)
    assert sqnr_db(theirs, ours) > 15


def test_source_is_the_file_as_it_is(tmp_path):
    file = exported("series", tmp_path)
    plain = read_model(file)
    network = quantise_file(plain, joined(random_inputs(plain, 16)))
    assert isinstance(network.source, OnnxRuntimeModel)
    assert network.source.fingerprint == file.read_bytes()


def test_operators_bear_the_name_of_their_node(tmp_path):
    plain = read_model(exported("autoencoder", tmp_path))
    network = quantise_file(plain, joined(random_inputs(plain, 16)))
    nodes = {node.name for node in plain.nodes}
    assert set(network.operator_names) == {op.name for op in network.graph.operators}
    assert set(network.operator_names.values()) <= nodes
    (transposed,) = (op.name for op in network.graph.operators if op.kind == "TRANSPOSE_CONV2D")
    assert network.operator_names[transposed].endswith("ConvTranspose")


def test_inputs_and_outputs_keep_names_and_layout(tmp_path):
    plain = read_model(exported("autoencoder", tmp_path))
    network = quantise_file(plain, joined(random_inputs(plain, 16)))
    assert network.graph.inputs == (plain.inputs[0].name,)
    assert network.graph.outputs == plain.outputs
    (image,) = joined(random_inputs(plain, 2))
    assert chip_outputs(network, [image])[0].shape == (2, 1, 32, 32)
    done = [step.name.split()[0] for step in network.host_steps]
    assert done == ["quantize", "transpose", "transpose", "dequantize"]
