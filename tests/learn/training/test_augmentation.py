"""Changes of training examples, held to changes that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.training.augmentation import ImageChanges, SeriesNoise, SpectrogramMask, TokenDropout, warp

torch = pytest.importorskip("torch")

FULL = ImageChanges(kind="image", rotation_degrees=30, shift_pixels=3, scale=0.25, shear=0.2)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(count=4, side=8):
    return torch.rand(count, 1, side, side, generator=generator(9))


def matrices(**sizes):
    images = torch.zeros(2000, 1, 8, 8)
    changes = ImageChanges(kind="image", **sizes)
    return changes._matrices(images, changes.draw(images, generator()).T[:5]).numpy()


def augment(images, changes, random):
    return changes.apply(images, changes.draw(images, random))


def test_an_augmentation_of_nothing_gives_the_same_images():
    images = noise()
    torch.testing.assert_close(augment(images, ImageChanges(kind="image"), generator()), images)


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


@pytest.mark.parametrize("changes", [{"rotation_degrees": -1.0}, {"shift_pixels": float("nan")}, {"scale": 1.0}])
def test_impossible_sizes_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        ImageChanges(kind="image", **changes)


def test_flips_mirror_about_half_of_the_images():
    images = noise(count=400)
    changed = augment(images, ImageChanges(kind="image", flip=True), generator())
    mirrored = [torch.equal(after, before.flip(-1)) for after, before in zip(changed, images, strict=True)]
    kept = [torch.equal(after, before) for after, before in zip(changed, images, strict=True)]
    assert all(a != b for a, b in zip(mirrored, kept, strict=True))
    assert 160 < sum(mirrored) < 240


def test_crops_shift_by_whole_pixels_and_reach_their_bound():
    images = torch.ones(300, 1, 8, 8)
    changed = augment(images, ImageChanges(kind="image", crop=2), generator())
    lost_rows = (changed.sum(dim=(1, 3)) == 0).sum(dim=1)
    assert changed.shape == images.shape
    assert set(changed.unique().tolist()) == {0.0, 1.0}
    assert sorted(set(lost_rows.tolist())) == [0, 1, 2]


@pytest.mark.parametrize("shape", [(200, 1, 12, 30), (200, 30, 12)], ids=["picture", "series"])
def test_masked_stretches_become_the_mean(shape):
    """Up to 5 of 30 frames and up to 3 of 12 bands; all else stays."""
    sound = torch.rand(shape, generator=generator(1))
    masked = augment(sound, SpectrogramMask(kind="spectrogram", frames=5, bands=3), generator())
    changed = (masked != sound).reshape(200, *shape[-2:])
    frames, bands = (changed.all(dim=1), changed.all(dim=2)) if len(shape) == 4 else (changed.all(2), changed.all(1))
    assert (int(frames.sum(1).max()), int(bands.sum(1).max())) == (5, 3)
    assert (int(frames.sum(1).min()), int(bands.sum(1).min())) == (0, 0)
    means = sound.flatten(1).mean(1)
    assert all(torch.all(masked[index][masked[index] != sound[index]] == means[index]) for index in range(200))


@pytest.mark.parametrize("shape", [(300, 1, 12, 30), (300, 30, 12)], ids=["picture", "series"])
def test_spectrograms_shift_by_whole_places_and_repeat_their_edge(shape):
    sound = torch.rand(shape, generator=generator(1))
    axis = 3 if len(shape) == 4 else 1
    moved = augment(sound, SpectrogramMask(kind="spectrogram", shift_frames=2), generator())
    seen = set()
    for before, after in zip(sound.movedim(axis, -1), moved.movedim(axis, -1), strict=True):
        shifts = {
            by: torch.cat([before[..., :1]] * max(0, by) + [before] + [before[..., -1:]] * max(0, -by), dim=-1)
            for by in range(-2, 3)
        }
        seen |= {
            by
            for by, shifted in shifts.items()
            if torch.equal(after, shifted[..., -30:] if by < 0 else shifted[..., :30])
        }
    assert seen == {-2, -1, 0, 1, 2}


def test_tokens_are_dropped_with_their_share():
    tokens = torch.randint(1, 9, (100, 50), generator=generator(2), dtype=torch.int32)
    changed = augment(tokens, TokenDropout(kind="tokens", share=0.2), generator())
    assert changed.dtype == torch.int32
    assert 0.18 < float((changed == 0).float().mean()) < 0.22
    assert torch.equal(changed[changed != 0], tokens[changed != 0])


def test_noise_has_its_standard_deviation():
    series = torch.ones(500, 20, 2)
    noisy = augment(series, SeriesNoise(kind="series", noise=0.1), generator())
    scaled = augment(series, SeriesNoise(kind="series", scale=0.3), generator())
    assert float(noisy.std()) == pytest.approx(0.1, rel=0.05)
    assert 1.29 < float(scaled.max()) <= 1.3


@pytest.mark.parametrize(
    "changes",
    [
        FULL,
        SpectrogramMask(kind="spectrogram", frames=3, bands=2, shift_bands=1),
        SeriesNoise(kind="series", noise=0.1),
    ],
)
def test_a_part_of_a_batch_is_changed_as_in_the_whole(changes):
    """So several processes train on the same images as one."""
    images = noise(count=10)
    drawn = changes.draw(images, generator())
    parts = [changes.apply(images[half], drawn[half]) for half in (slice(0, 5), slice(5, 10))]
    torch.testing.assert_close(torch.cat(parts), changes.apply(images, drawn))


def test_another_kind_of_data_is_refused():
    with pytest.raises(BadInput, match=r"kind image is for images .* inputs of shape \[20\]"):
        augment(torch.zeros(4, 20), FULL, generator())
    with pytest.raises(BadInput, match=r"kind tokens is for tokens"):
        augment(torch.zeros(4, 20, 3), TokenDropout(kind="tokens", share=0.1), generator())
