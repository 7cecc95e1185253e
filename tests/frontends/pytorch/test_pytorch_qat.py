"""Modules trained with their quantisation, and the graphs that compute what they answer."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e

from chipsmith.errors import BadInput
from chipsmith.frontends.pytorch.qat import lower_quantised, quantisation_aware


class Normed(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 4, 3, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.dropout = nn.Dropout(0.5)
        self.dense = nn.Linear(4 * 4 * 4, 3)

    def forward(self, images):
        return self.dense(self.dropout(torch.relu(self.norm(self.convolution(images))).flatten(1)))


class LastStep(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8, batch_first=True)
        self.dense = nn.Linear(8, 3)

    def forward(self, series):
        return self.dense(self.lstm(series)[0][:, -1])


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.dense = nn.Linear(16, 3)

    def forward(self, series):
        return self.dense(self.layer(series).mean(1))


class Heads(nn.Module):
    """Products of several heads, which ExecuTorch takes apart otherwise for a single row."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(4, 4)

    def forward(self, series):
        heads = self.dense(series).unflatten(2, (2, 2)).transpose(1, 2)
        return (heads @ heads.transpose(-1, -2)).flatten(1)


def images(rows):
    return np.random.default_rng(0).normal(size=(rows, 1, 6, 6)).astype(np.float32)


def trained_on_its_own_signs(module, values):
    """A few steps towards classes that the values themselves tell; gives the losses."""
    inputs, targets = torch.from_numpy(values), torch.from_numpy(values.reshape(len(values), -1).sum(1) > 0).long()
    optimizer, losses = torch.optim.Adam(module.parameters(), 1e-2), []
    module.train()
    for _ in range(8):
        loss = nn.functional.cross_entropy(module(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    module.eval()
    return losses


def converted(trained, values):
    """What PyTorch's own int8 network of a trained module answers."""
    theirs = copy.deepcopy(trained)
    theirs.network = convert_pt2e(theirs.network)
    with torch.no_grad():
        return theirs(torch.from_numpy(values)).numpy()


def same_answers(trained, values, reference_model):
    """The graph's bits are those of PyTorch's int8 network, and both are within a step of the trained module.

    So are those of the float network that is rounded as its plan says.
    """
    network = lower_quantised(trained)
    arrays = network.quantize_inputs(values)
    rows = [{name: array[row : row + 1] for name, array in arrays.items()} for row in range(len(values))]
    ours = np.concatenate([network.dequantize_outputs(reference_model(network.graph, row))[0] for row in rows])
    (rounded,) = network.fake_quantized.run(values)
    (meant,) = network.source.run(values)
    theirs = converted(trained, values)
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(rounded, theirs)
    assert np.abs(meant - theirs).max() <= 2.01 * network.outputs[0].scale


@pytest.fixture(scope="module")
def normed():
    torch.manual_seed(0)
    module = Normed()
    module(torch.from_numpy(images(64)))  # moves the averages of the normalisation
    return module.eval()


def test_it_begins_near_the_float_network_and_learns(normed, reference_model):
    before = copy.deepcopy(normed.state_dict())
    aware = quantisation_aware(normed, [images(32)], batch_size=8)
    with torch.no_grad():
        inputs = torch.from_numpy(images(20))  # no multiple of 8
        assert (aware(inputs) - normed(inputs)).abs().mean() < 0.02
    losses = trained_on_its_own_signs(aware, images(20))
    assert losses[-1] < 0.7 * losses[0]
    same_answers(aware, images(6), reference_model)
    assert all(torch.equal(before[name], value) for name, value in normed.state_dict().items())


def test_ranges_follow_in_training_alone(normed):
    aware = quantisation_aware(normed, [images(16)], batch_size=8)
    before = copy.deepcopy(aware.state_dict())
    aware(torch.from_numpy(10 * images(8)))
    assert all(torch.equal(before[name], value) for name, value in aware.state_dict().items())
    aware.train()(torch.from_numpy(10 * images(8)))
    assert any(not torch.equal(before[name], value) for name, value in aware.state_dict().items())


def test_the_integers_of_the_weights_stay(normed):
    aware = quantisation_aware(normed, [images(16)], batch_size=8)
    trained_on_its_own_signs(aware, images(20))
    network = lower_quantised(aware)
    weights = {name: tensor for name, tensor in convert_pt2e(aware.network).state_dict().items() if "frozen" in name}
    kept = [data.ravel().tolist() for data in network.graph.constants.values() if data.dtype == np.int8]
    kernel = weights["_frozen_param0"].permute(0, 2, 3, 1)
    assert kernel.flatten().tolist() in kept
    assert np.sort(weights["_frozen_param1"].flatten()).tolist() in [sorted(data) for data in kept]


def test_layers_and_operators_have_the_names_of_the_author(normed):
    values = images(8)
    network = lower_quantised(quantisation_aware(normed, [values], batch_size=8))
    assert {layer.name for layer in network.layers} == {"convolution", "flatten", "dense"}
    assert set(network.operator_names.values()) == {"convolution", "relu", "flatten", "dense"}
    (relu,) = (layer for layer in network.layers if layer.real == "relu")
    assert relu.name == "convolution"  # the layer that the Relu is fused into
    exact = network.source.tensors([relu.real], values)[relu.real]
    rounded = network.fake_quantized.tensors([relu.real], values)[relu.real]
    assert exact.shape == rounded.shape == (8, 1, 4, 4, 4)
    assert np.abs(exact - rounded).max() <= 0.51 * relu.scale


def test_other_modules_are_refused(normed):
    with pytest.raises(BadInput, match="no module of quantisation_aware"):
        lower_quantised(normed)


def test_what_is_taken_apart_otherwise_for_a_single_row(reference_model):
    torch.manual_seed(0)
    values = np.random.default_rng(0).normal(size=(6, 3, 4)).astype(np.float32)
    same_answers(quantisation_aware(Heads(), [values], batch_size=3), values, reference_model)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "shape"), [(LastStep, (3, 4)), (Attention, (5, 16))])
def test_recurrent_networks_and_attention_too(kind, shape, reference_model):
    torch.manual_seed(0)
    values = np.random.default_rng(0).normal(size=(20, *shape)).astype(np.float32)
    aware = quantisation_aware(kind(), [values], batch_size=8)
    trained_on_its_own_signs(aware, values)
    same_answers(aware, values[:4], reference_model)
