"""Affine changes of images, held to changes that can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.learn import Augmentation
from chipsmith.learn.augmentation import augment, draw_matrices, warp

torch = pytest.importorskip("torch")

STILL = {"rotation_degrees": 0.0, "shift_pixels": 0.0, "scale": 0.0, "shear": 0.0}
FULL = Augmentation(rotation_degrees=30, shift_pixels=3, scale=0.25, shear=0.2)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(count=4, side=8):
    return torch.rand(count, 1, side, side, generator=generator(9))


def matrices(**sizes):
    images = torch.zeros(2000, 1, 8, 8)
    return draw_matrices(images, Augmentation(**(STILL | sizes)), generator()).numpy()


def test_an_augmentation_of_nothing_gives_the_same_images():
    images = noise()
    torch.testing.assert_close(augment(images, Augmentation(**STILL), generator()), images)


def test_a_shift_by_a_whole_pixel_moves_the_image():
    images = noise(count=1)
    moved = warp(images, torch.tensor([[[1.0, 0.0, 2 / 8], [0.0, 1.0, 0.0]]]))
    torch.testing.assert_close(moved[..., :-1], images[..., 1:])
    assert not moved[..., -1].any()


def test_a_quarter_turn_turns_the_image():
    images = noise(count=1)
    # The pixel at (x, y) shows what was at (-y, x): the top right corner comes to the top left.
    turned = warp(images, torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]]))
    torch.testing.assert_close(turned[0, 0], torch.rot90(images[0, 0]))


def test_rotations_stay_within_their_bound_and_reach_it():
    drawn = matrices(rotation_degrees=20.0)
    degrees = np.degrees(np.arctan2(drawn[:, 1, 0], drawn[:, 0, 0]))
    assert 19.5 < degrees.max() <= 20
    assert -20 <= degrees.min() < -19.5
    np.testing.assert_allclose(np.linalg.det(drawn[:, :, :2]), 1, rtol=1e-6)


def test_shifts_are_in_pixels():
    drawn = matrices(shift_pixels=2.0)
    pixels = drawn[:, :, 2] * 8 / 2
    assert 1.95 < pixels.max() <= 2
    assert -2 <= pixels.min() < -1.95
    assert np.array_equal(drawn[:, :, :2], np.broadcast_to(np.eye(2, dtype=np.float32), (2000, 2, 2)))


def test_scales_enlarge_and_shrink_alike():
    sizes = 1 / matrices(scale=0.25)[:, 0, 0]
    assert 1.24 < sizes.max() <= 1.2501
    assert 0.7499 <= sizes.min() < 0.76


def test_shear_slants_without_changing_the_area():
    drawn = matrices(shear=0.3)
    assert 0.29 < drawn[:, 0, 1].max() <= 0.3
    np.testing.assert_allclose(np.linalg.det(drawn[:, :, :2]), 1, rtol=1e-6)


def test_every_image_gets_its_own_change():
    same = noise(count=1).expand(5, 1, 8, 8)
    changed = augment(same, FULL, generator())
    assert len({image.numpy().tobytes() for image in changed}) == 5


def test_values_stay_from_0_to_1():
    changed = augment(noise(count=200), FULL, generator())
    assert changed.min() >= 0
    assert changed.max() <= 1


def test_the_generator_fixes_the_draws():
    images = noise()
    assert torch.equal(augment(images, FULL, generator(3)), augment(images, FULL, generator(3)))
    assert not torch.equal(augment(images, FULL, generator(3)), augment(images, FULL, generator(4)))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"rotation_degrees": -1.0}, "rotation_degrees is -1.0"),
        ({"shift_pixels": math.nan}, "shift_pixels is nan"),
        ({"scale": 1.0}, "scale is 1.0; it must be below 1"),
    ],
)
def test_impossible_sizes_are_refused(sizes, message):
    with pytest.raises(BadInput, match=message):
        Augmentation(**(STILL | sizes))
