"""Networks that normalise each example by itself: no batch statistics, private training, and the chip."""

from __future__ import annotations

import numpy as np
import pytest
from toy_data import split

from chipsmith.chip import load_chip
from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.learn.data import Task
from chipsmith.learn.networks import Cnn, ResNet
from chipsmith.learn.training import TrainingSettings, fit
from chipsmith.quantisation.quality import signal_to_noise_db
from chipsmith.targets.npu import NpuTarget

torch = pytest.importorskip("torch")

SHAPE = (3, 16, 16)
NETWORKS = (
    Cnn(channels=(8, 12), norm="group", dense=(), dropout=0.0),
    ResNet(blocks=(1, 1), widths=(8, 16), norm="group"),
)


def built(network):
    torch.manual_seed(0)
    return network.build(input_shape=SHAPE, outputs=4)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.kind)
def test_an_answer_depends_on_its_example_alone(network):
    module = built(network).train()
    first, second = torch.rand(2, 2, *SHAPE)
    second[0] = first[0]
    assert torch.equal(module(first)[0], module(second)[0])


def test_groups_divide_the_channels():
    groups = [layer.num_groups for layer in built(NETWORKS[0]).modules() if isinstance(layer, torch.nn.GroupNorm)]
    assert groups == [8, 4]


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.kind)
def test_it_can_be_trained_privately(network):
    pytest.importorskip("opacus")
    drawn = np.random.default_rng(0)
    data = split(Task.CLASSIFICATION, drawn.random((80, *SHAPE), np.float32), np.arange(80) % 4, tuple("abcd"))
    settings = TrainingSettings(epochs=1, batch_size=16, privacy={"epsilon": 8, "delta": 0.01, "noise": "seeded"})
    module = built(network)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    history = fit(module, data, settings=settings, seed=0)
    assert history.budget is not None
    assert 7.9 < history.budget.epsilon <= 8
    assert all(not torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.kind)
def test_it_runs_on_a_chip(network):
    """Its int8 program against the module in float."""
    module, images = built(network).eval(), torch.rand(16, *SHAPE)
    lowered = lower_module(module, (images[:1],), (images.numpy(),), name="normalised")
    answers = NpuTarget(chip=load_chip("edge-256")).prepare(lowered).run(images.numpy())[0]
    assert signal_to_noise_db(module(images).detach().numpy(), answers) > 20
