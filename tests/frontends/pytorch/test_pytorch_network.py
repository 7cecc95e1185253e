"""PyTorch networks lowered to int8 graphs that compute what PyTorch's own int8 networks compute."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from chipsmith import extras
from chipsmith.errors import BadInput
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.tosa.graph import DType

ROWS = 20


class SmallCnn(nn.Module):
    """Three input channels and an image as output: layouts differ at both borders."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, image):
        return self.second(torch.relu(self.first(image)))


class TwoByTwo(nn.Module):
    """Two inputs and two outputs of different shapes."""

    def __init__(self):
        super().__init__()
        self.left = nn.Linear(8, 16)
        self.right = nn.Linear(4, 16)

    def forward(self, x, y):
        side = self.right(y)
        return self.left(x) + side, torch.tanh(side)[:, :5]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHIPSMITH_CACHE", str(tmp_path / "cache"))


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def seeded(kind):
    torch.manual_seed(0)
    return kind()


def int8_in_reference(network, columns, reference_model):
    arrays = network.quantize_inputs(*columns)
    rows = [{name: values[row : row + 1] for name, values in arrays.items()} for row in range(len(columns[0]))]
    results = [reference_model(network.graph, row) for row in rows]
    joined = {name: np.concatenate([result[name] for result in results]) for name in network.graph.outputs}
    return network.dequantize_outputs(joined)


def assert_within_a_step(network, columns, reference_model):
    """The graph's answers in tosa_reference_model, each within a step of 8 bits of the network rounded in float."""
    ours = int8_in_reference(network, columns, reference_model)
    for our, their, binding in zip(ours, network.fake_quantized.run(*columns), network.outputs, strict=True):
        assert np.abs(our - their).max() <= 1.01 * max(binding.scale, np.ptp(their) / 255)
    return ours


def test_layouts_at_the_border_are_the_hosts(reference_model):
    network = lower_module(seeded(SmallCnn), (torch.zeros(1, 3, 16, 16),), [normal(16, 3, 16, 16)])
    (source,), (result,) = network.graph.inputs, network.graph.outputs
    assert network.graph.tensor(source).shape == (1, 16, 16, 3)
    assert network.graph.tensor(result).shape == (1, 16, 16, 4)
    assert [step.name.split()[0] for step in network.host_steps] == ["quantize", "transpose", "transpose", "dequantize"]
    images = normal(ROWS, 3, 16, 16, seed=1)
    assert_within_a_step(network, [images], reference_model)


def test_source_is_the_module_as_it_was_given():
    """Not the one whose batch normalisation the quantiser folds, nor one that is trained on afterwards."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(128, 4)).eval()
    module[1].running_mean += 0.5
    images = normal(ROWS, 3, 6, 6, seed=1)
    with torch.no_grad():
        expected = torch.cat([module(row[None]) for row in torch.from_numpy(images)]).numpy()
    network = lower_module(module, (torch.zeros(1, 3, 6, 6),), [normal(16, 3, 6, 6)])
    module[4].weight.data.zero_()
    (answers,) = network.source.run(images)
    np.testing.assert_array_equal(answers, expected)
    assert network.source.framework == f"PyTorch {torch.__version__}"
    (rounded,) = network.fake_quantized.run(images)
    assert 0 < np.abs(rounded - expected).max() < 0.1


def test_operators_bear_the_path_of_their_module():
    network = lower_module(seeded(SmallCnn), (torch.zeros(1, 3, 16, 16),), [normal(16, 3, 16, 16)])
    convolutions = [op.name for op in network.graph.operators if op.kind == "CONV2D"]
    assert [network.operator_names[name] for name in convolutions] == ["first", "second"]
    assert set(network.operator_names) <= {op.name for op in network.graph.operators}


def test_operators_of_the_networks_own_forward_bear_its_nodes():
    network = lower_module(seeded(TwoByTwo), (torch.zeros(1, 8), torch.zeros(1, 4)), [normal(32, 8), normal(32, 4)])
    assert {"left", "right", "add"} <= set(network.operator_names.values())


def test_inputs_and_outputs_keep_their_order(reference_model):
    network = lower_module(seeded(TwoByTwo), (torch.zeros(1, 8), torch.zeros(1, 4)), [normal(32, 8), normal(32, 4)])
    columns = [normal(ROWS, 8, seed=1), normal(ROWS, 4, seed=2)]
    ours = assert_within_a_step(network, columns, reference_model)
    assert (network.graph.inputs, network.graph.outputs) == (("x", "y"), ("output_0", "output_1"))
    assert [array.shape for array in ours] == [(ROWS, 16), (ROWS, 5)]


def test_indices_enter_as_int32(reference_model):
    torch.manual_seed(0)
    words = nn.Sequential(nn.Embedding(20, 8), nn.Linear(8, 4))
    indices = np.random.default_rng(0).integers(0, 20, (30, 6))
    network = lower_module(words, (torch.zeros(1, 6, dtype=torch.int64),), [indices])
    assert network.graph.tensor(network.graph.inputs[0]).dtype is DType.INT32
    assert [step.name.split()[0] for step in network.host_steps] == ["dequantize"]
    assert_within_a_step(network, [indices], reference_model)


def test_missing_library_is_named_with_the_mend(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda package: None if package == "torch" else package)
    with pytest.raises(BadInput, match=r"torch is not installed; mend: pip install 'chipsmith\[torch\]'"):
        lower_module(nn.Linear(8, 16), (torch.zeros(1, 8),), [normal(8, 8)])


@pytest.mark.parametrize("calibration", [[normal(8, 7)], [normal(0, 8)], [normal(8, 8), normal(8, 8)]])
def test_calibration_that_does_not_fit_is_named(calibration):
    with pytest.raises(BadInput, match="calibration"):
        lower_module(nn.Linear(8, 16), (torch.zeros(1, 8),), calibration)


class Positions(nn.Module):
    """Indices that are computed from others, as networks of text count what is no padding."""

    def forward(self, tokens):
        seen = tokens.ne(1)
        positions = seen.int().cumsum(1) * seen.int() + 1
        return positions, tokens // 3, tokens % 5, seen.sum(1), seen.any(1), torch.nn.functional.one_hot(tokens, 9)


def test_integers_are_computed_as_integers(reference_model):
    """Not as reals at a scale, which would round them."""
    tokens = np.random.default_rng(0).integers(0, 9, (24, 40))
    network = lower_module(Positions(), (torch.zeros(1, 40, dtype=torch.int64),), [tokens])
    ours = int8_in_reference(network, [tokens], reference_model)
    for our, right in zip(ours, network.source.run(tokens), strict=True):
        np.testing.assert_array_equal(our, right)
        assert our.dtype == right.dtype
