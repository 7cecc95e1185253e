"""The digits' network follows from its image."""

from __future__ import annotations

import pytest

from chipsmith.errors import BadInput
from chipsmith.learn import DigitsCNN

torch = pytest.importorskip("torch")


def weights(network: DigitsCNN) -> int:
    return sum(parameter.numel() for parameter in network.build().parameters())


@pytest.mark.parametrize("image_shape", [(1, 28, 28), (3, 32, 32), (1, 9, 30), (2, 4, 4)])
def test_the_dense_layer_takes_its_size_from_the_image(image_shape):
    network = DigitsCNN(image_shape=image_shape, classes=7, channels=(2, 3), dense=5)
    assert network.build()(torch.zeros(6, *image_shape)).shape == (6, 7)


def test_layers_are_two_convolutions_two_poolings_two_dense():
    kinds = [type(layer).__name__ for layer in DigitsCNN().build().modules()]
    assert [kinds.count(kind) for kind in ("Conv2d", "MaxPool2d", "Linear")] == [2, 2, 2]


def test_weights_fit_in_256_kib_as_int8():
    expected = (9 * 16 + 16) + (9 * 16 * 32 + 32) + (7 * 7 * 32 * 64 + 64) + (64 * 10 + 10)
    assert weights(DigitsCNN()) == expected < 256 * 1024


def test_output_channels_fill_sixteen_columns():
    network = DigitsCNN()
    assert [size % 16 for size in (*network.channels, network.dense)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"image_shape": (1, 3, 28)}, "at least 4 pixels"),
        ({"channels": (0, 16)}, "every size must be 1 or more"),
        ({"classes": 0}, "every size must be 1 or more"),
        ({"dropout": 1.0}, "dropout must be from 0 to below 1"),
    ],
)
def test_impossible_sizes_are_refused(sizes, message):
    with pytest.raises(BadInput, match=message):
        DigitsCNN(**sizes)
