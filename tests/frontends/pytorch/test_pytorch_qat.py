"""Modules trained with their quantisation, and the graphs that compute what they answer."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

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


def same_answers(trained, values, reference_model):
    """The graph's bits are those of PyTorch's int8 network, and both are within a step of the trained module."""
    network = lower_quantised(trained)
    arrays = network.quantize_inputs(values)
    rows = [{name: array[row : row + 1] for name, array in arrays.items()} for row in range(len(values))]
    ours = np.concatenate([network.dequantize_outputs(reference_model(network.graph, row))[0] for row in rows])
    (theirs,) = network.fake_quantized.run(values)
    (meant,) = network.source.run(values)
    np.testing.assert_array_equal(ours, theirs)
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
    same_answers(aware, images(12), reference_model)
    assert all(torch.equal(before[name], value) for name, value in normed.state_dict().items())


def test_ranges_follow_in_training_alone(normed):
    aware = quantisation_aware(normed, [images(16)], batch_size=8)
    before = copy.deepcopy(aware.state_dict())
    aware(torch.from_numpy(10 * images(8)))
    assert all(torch.equal(before[name], value) for name, value in aware.state_dict().items())
    aware.train()(torch.from_numpy(10 * images(8)))
    assert any(not torch.equal(before[name], value) for name, value in aware.state_dict().items())


def test_other_modules_are_refused(normed):
    with pytest.raises(BadInput, match="no module of quantisation_aware"):
        lower_quantised(normed)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "shape"), [(LastStep, (3, 4)), (Attention, (5, 16))])
def test_recurrent_networks_and_attention_too(kind, shape, reference_model):
    torch.manual_seed(0)
    values = np.random.default_rng(0).normal(size=(20, *shape)).astype(np.float32)
    aware = quantisation_aware(kind(), [values], batch_size=8)
    trained_on_its_own_signs(aware, values)
    same_answers(aware, values, reference_model)
