"""The families as settings: what a recipe may say, what it builds, and what is refused."""

from __future__ import annotations

import pytest
import torch
from pydantic import BaseModel, TypeAdapter, ValidationError

from chipsmith.errors import BadInput
from chipsmith.learn.networks import (
    BagOfTokens,
    CausalTransformer,
    Cnn,
    ConvAutoencoder,
    DenseAutoencoder,
    Function,
    Gru,
    Lstm,
    Mlp,
    MobileNetV1,
    MobileNetV2,
    MobileNetV3,
    NetworkSettings,
    ResNet,
    Transformer,
    Vae,
    VisionTransformer,
)
from chipsmith.learn.networks.base import Network

ADAPTER: TypeAdapter[Network] = TypeAdapter(NetworkSettings)


class Recipe(BaseModel):
    network: NetworkSettings


def test_kind_chooses_the_family():
    assert Recipe.model_validate({"network": {"kind": "mlp", "hidden": [8]}}).network == Mlp(hidden=(8,))
    assert isinstance(ADAPTER.validate_python({"kind": "resnet"}), ResNet)


def test_settings_survive_json():
    network = ResNet.imagenet18()
    assert ADAPTER.validate_json(network.model_dump_json()) == network


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "perceptron"},
        {"kind": "mlp", "width": 3},
        {"kind": "mlp", "hidden": [0]},
        {"kind": "cnn", "kernel": 2},
        {"kind": "resnet", "blocks": [1, 2]},
        {"kind": "resnet", "widths": [64, 32, 16]},
        {"kind": "transformer", "width": 30, "heads": 4},
        {"kind": "mobilenet_v2", "stages": [{"channels": 8, "stride": 3}]},
    ],
)
def test_unknown_kinds_fields_and_sizes_are_refused(fields):
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(fields)


@pytest.mark.parametrize(
    ("network", "input_shape"),
    [
        (Mlp(), ()),
        (Cnn(), (28, 28)),
        (Cnn(), (1, 3, 28)),
        (ResNet(), (3, 0, 32)),
        (MobileNetV2(), (3, 32)),
        (DenseAutoencoder(), ()),
        (ConvAutoencoder(), (1, 30, 28)),
        (Vae(), (1, 28, 30)),
        (Lstm(), (16,)),
        (Gru(vocabulary=9), (16, 4)),
        (Transformer(), (16,)),
        (CausalTransformer(), (16, 4)),
        (VisionTransformer(), (3, 30, 32)),
    ],
)
def test_a_shape_that_does_not_fit_is_bad_input(network, input_shape):
    with pytest.raises(BadInput, match=network.kind):
        network.build(input_shape=input_shape, outputs=10)


@pytest.mark.parametrize(
    ("network", "input_shape", "outputs", "result"),
    [
        (Mlp(activation="gelu", dropout=0.1), (4, 5), 3, (3,)),
        (Cnn(norm="batch", dense=(), kernel=5), (3, 32, 32), 7, (7,)),
        (ResNet(stem="imagenet", shortcut="projection"), (3, 32, 32), 5, (5,)),
        (MobileNetV1(width=0.25, stem_stride=1), (3, 32, 32), 5, (5,)),
        (MobileNetV2(width=0.5), (3, 32, 32), 5, (5,)),
        (MobileNetV3(width=0.5), (3, 32, 32), 5, (5,)),
        (DenseAutoencoder(), (5, 16), 1, (5, 16)),
        (ConvAutoencoder(output="sigmoid"), (3, 16, 24), 1, (3, 16, 24)),
        (Vae(), (1, 16, 16), 1, (1, 16, 16)),
        (Lstm(bidirectional=True, layers=2, dropout=0.1), (6, 4), 3, (3,)),
        (Gru(vocabulary=9), (6,), 3, (3,)),
        (Transformer(), (6, 4), 3, (3,)),
        (Transformer(vocabulary=9), (6,), 3, (3,)),
        (CausalTransformer(), (6,), 9, (6, 9)),
        (BagOfTokens(vocabulary=9, hidden=(5,)), (6,), 3, (3,)),
        (VisionTransformer(), (3, 16, 8), 3, (3,)),
    ],
    ids=lambda value: value.kind if isinstance(value, Network) else None,
)
def test_every_family_builds_and_gives_its_shape(network, input_shape, outputs, result):
    module = network.build(input_shape=input_shape, outputs=outputs).eval()
    assert module(*network.example_inputs(input_shape=input_shape)).shape == (1, *result)


@pytest.mark.parametrize(
    ("network", "parameters"),
    [(ResNet.imagenet18(), 11_689_512), (MobileNetV2(), 3_504_872), (MobileNetV3(), 2_542_856)],
)
def test_defaults_of_imagenet_have_the_published_sizes(network, parameters):
    with torch.device("meta"):
        module = network.build(input_shape=(3, 224, 224), outputs=1000)
    assert sum(weights.numel() for weights in module.parameters()) == parameters


def test_a_causal_network_does_not_see_what_follows():
    torch.manual_seed(0)
    module = CausalTransformer().build(input_shape=(8,), outputs=11).eval()
    tokens = torch.randint(0, 11, (2, 8))
    changed = tokens.clone()
    changed[:, 5:] = (changed[:, 5:] + 1) % 11
    with torch.no_grad():
        before, after = module(tokens), module(changed)
    torch.testing.assert_close(before[:, :5], after[:, :5])
    assert not torch.allclose(before[:, 5], after[:, 5])


def test_a_vae_samples_around_its_mean():
    family = Vae(latent=3)
    module = family.build(input_shape=(1, 8, 8), outputs=1).eval()
    images = torch.rand(2, 1, 8, 8)
    _, noise = (torch.from_numpy(array) for array in family.module_inputs(images.numpy(), seed=1))
    with torch.no_grad():
        mean, log_variance = module.encode(images)
        assert torch.equal(module(images), module.decode(mean))
        torch.testing.assert_close(module(images, noise), module.decode(mean + noise * (log_variance / 2).exp()))


def test_resnet20_takes_published_weights(shared_data):
    stored = torch.load(shared_data / "cifar_resnet" / "resnet20-12fca82f.th", map_location="cpu")["state_dict"]
    module = ResNet().build(input_shape=(3, 32, 32), outputs=10)
    module.load_state_dict({name.removeprefix("module."): value for name, value in stored.items()})


MODULE = """
import torch

def build(*, input_shape, outputs):
    return torch.nn.Linear(input_shape[0], outputs)

def fixed():
    return torch.nn.Linear(2, 3)

def broken(outputs):
    raise ValueError(f"not with {outputs}")
"""


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    (tmp_path / "own_family.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)


def test_a_function_gets_the_shapes_it_asks_for(own_module):
    asked = Function(function="own_family:build").build(input_shape=(7,), outputs=4)
    assert (asked.in_features, asked.out_features) == (7, 4)
    fixed = Function(function="own_family:fixed").build(input_shape=(7,), outputs=4)
    assert (fixed.in_features, fixed.out_features) == (2, 3)


def test_a_function_that_raises_is_bad_input(own_module):
    with pytest.raises(BadInput, match=r"not with 4.*called with outputs"):
        Function(function="own_family:broken").build(input_shape=(7,), outputs=4)
