"""The two listings of the essay: mended, they run and are PyTorch's; as they stood, they fail or mix what is apart."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).parents[1] / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def network():
    return load("essay_network")


@pytest.fixture(scope="module")
def kernels():
    return load("essay_kernels")


def normal(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


# --- the first: 64 * 6 * 6 --------------------------------------------------------------------------------------------


def features(module, images, padding):
    """What the classifier is given, with convolutions that pad or do not."""
    for convolution in (module.first, module.second):
        images = torch.nn.functional.conv2d(images, convolution.weight, convolution.bias, padding=padding)
        images = module.pool(torch.relu(images))
    return images


def test_padding_leaves_8_by_8_and_none_6_by_6(network):
    module = network.build()
    assert features(module, normal(1, 3, 32, 32), padding=1).shape == (1, 64, 8, 8)
    assert features(module, normal(1, 3, 32, 32), padding=0).shape == (1, 64, 6, 6)


def test_the_view_of_64_6_6_fails_or_mixes_pictures(network):
    module = network.build()
    with pytest.raises(RuntimeError, match="invalid for input of size 4096"):
        features(module, normal(1, 3, 32, 32), padding=1).view(-1, 64 * 6 * 6)
    assert features(module, normal(9, 3, 32, 32), padding=1).view(-1, 64 * 6 * 6).shape[0] == 16


def test_the_mended_network_keeps_pictures_apart(network):
    module, images = network.build(), normal(9, 3, 32, 32)
    with torch.no_grad():
        together, apart = module(images), torch.cat([module(image[None]) for image in images])
    assert together.shape == (9, 10)
    torch.testing.assert_close(together, apart)


# --- the second: unbind and cat ---------------------------------------------------------------------------------------


def test_the_kernels_are_pytorchs(kernels):
    images, weight, scores = normal(2, 3, 9, 7), normal(5, 3, 3, 3), 90 * normal(4, 6)
    expected = torch.nn.functional.conv2d(images, weight, padding=1)
    torch.testing.assert_close(kernels.convolve(images, weight), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(kernels.softmax(scores), torch.softmax(scores, -1))


def test_the_lstm_is_pytorchs(kernels):
    module, series = kernels.build_lstm(), normal(3, 8, 16)
    lstm = torch.nn.LSTM(16, 32, batch_first=True)
    lstm.load_state_dict(
        {
            "weight_ih_l0": module.enter.weight,
            "weight_hh_l0": module.again.weight,
            "bias_ih_l0": module.enter.bias,
            "bias_hh_l0": module.again.bias,
        }
    )
    with torch.no_grad():
        torch.testing.assert_close(module(series), lstm(series)[0])


def test_unbind_without_an_axis_takes_the_batch_for_time():
    series = normal(3, 8, 16)
    assert [tuple(part.shape) for part in series.unbind()] == [(8, 16)] * 3
    assert [tuple(part.shape) for part in series.unbind(1)] == [(3, 16)] * 8


def test_cat_has_no_axis_of_time():
    states = [normal(3, 32) + step for step in range(8)]
    assert torch.stack(states, 1).shape == (3, 8, 32)
    assert torch.cat(states).shape == (24, 32)
    assert torch.cat(states, 1).shape == (3, 256)
    first_picture = torch.stack([state[0] for state in states])
    torch.testing.assert_close(torch.stack(states, 1)[0], first_picture)
    mixed = torch.cat(states).view(3, 8, 32)[0]
    assert not torch.equal(mixed, first_picture)


# --- both on a chip ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["essay_network", "essay_kernels"])
def test_a_listing_runs_and_its_outputs_are_right(name, capsys):
    load(name).main()
    printed = capsys.readouterr().out
    assert "right" in printed
    assert "wrong" not in printed.replace("0 wrong bits", "")
