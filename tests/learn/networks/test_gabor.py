"""Fixed filters: a formula that no training changes, run once, and exact on the chip."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.learn import load_recipe, train
from chipsmith.learn.networks import Gabor
from chipsmith.learn.training.fixed import split_fixed

torch = pytest.importorskip("torch")


def pair(**settings):
    """The even and odd filter of the first wavelength and orientation, float64 (2, kernel, kernel)."""
    module = Gabor(**settings).build(input_shape=(1, 28, 28), outputs=10)
    return module.filters.convolution.weight.detach()[:2, 0].double().numpy()


def test_a_filter_is_a_wave_under_an_envelope():
    """The odd filter by its formula, point for point; its mean is 0 already."""
    _, odd = pair(wavelengths=(4.5,), orientations=1, kernel=9)
    down, across = np.mgrid[-4:5, -4:5].astype(float)
    expected = np.exp(-(across**2 + (0.7 * down) ** 2) / (2 * 1.5**2)) * -np.sin(2 * math.pi * across / 4.5)
    assert odd == pytest.approx(expected / np.linalg.norm(expected), abs=1e-6)


def test_filters_are_blind_to_brightness_and_of_norm_1():
    filters = pair(wavelengths=(4.5, 9.0))
    assert filters.sum(axis=(1, 2)) == pytest.approx(0, abs=1e-5)
    assert (filters**2).sum(axis=(1, 2)) == pytest.approx(1, rel=1e-5)


def test_training_changes_the_dense_layers_alone(digits):
    recipe = load_recipe("digits_private", ["training.epochs=1", "training.privacy=null"])
    fresh = recipe.network.build(input_shape=(1, 28, 28), outputs=10)
    trained = train(recipe, digits).module
    assert torch.equal(trained.filters.convolution.weight, fresh.filters.convolution.weight)
    assert not torch.equal(trained.dense1.weight, fresh.dense1.weight)
    assert not trained.training


def test_what_the_fixed_layers_give_is_what_the_network_sees(digits):
    """Split or whole, a network gives the same answers."""
    recipe = load_recipe("digits_private")
    module = recipe.network.build(input_shape=(1, 28, 28), outputs=10).eval()
    learning, seen = split_fixed(module, digits, settings=recipe.training)
    assert [name for name, _ in learning.named_children()] == ["0"]
    batch = digits.validation.first(20).whole().inputs
    features = seen.validation.first(20).whole().inputs
    assert features.shape == (20, 1176)
    assert torch.allclose(learning(torch.tensor(features)), module(torch.tensor(batch)), atol=1e-4)


def test_where_inputs_change_in_each_epoch_nothing_is_kept(digits):
    recipe = load_recipe("digits_private", ["training.augmentation.kind=image", "training.augmentation.crop=2"])
    module = recipe.network.build(input_shape=(1, 28, 28), outputs=10)
    assert split_fixed(module, digits, settings=recipe.training) == (module, digits)
    plain = load_recipe("digits").network.build(input_shape=(1, 28, 28), outputs=10)
    assert split_fixed(plain, digits, settings=recipe.training) == (plain, digits)


def test_an_image_that_is_too_small_is_refused():
    with pytest.raises(BadInput, match="needs 8 pixels a side"):
        Gabor(stride=4, pool=2).build(input_shape=(1, 4, 4), outputs=2)


def test_colour_images_are_filtered_channel_by_channel():
    module = Gabor(dense=(16,), dropout=0.1).build(input_shape=(3, 32, 32), outputs=5).eval()
    red = torch.zeros(1, 3, 32, 32)
    red[:, 0] = torch.rand(32, 32)
    magnitudes = module.filters(red)
    assert magnitudes.shape == (1, 72, 16, 16)
    assert magnitudes[:, 24:].abs().max() == 0
    assert module(red).shape == (1, 5)
