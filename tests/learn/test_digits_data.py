"""The data set: real digits, split by seed, with no image in two parts."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.learn import Dataset, Examples, SplitSizes, load_digits
from chipsmith.learn.data.labelled_images import split


def pictures(examples: Examples) -> set[bytes]:
    return {image.tobytes() for image in examples.images}


def zeros(count: int) -> Examples:
    return Examples(images=np.zeros((count, 1, 2, 2), np.float32), labels=np.zeros(count, np.int64))


def test_digits_are_images_of_28_by_28_from_black_to_white(digits):
    assert digits.image_shape == (1, 28, 28)
    assert digits.class_names == ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
    assert (digits.train.images.min(), digits.train.images.max()) == (0.0, 1.0)


def test_every_digit_has_the_same_share_of_each_part(digits):
    counts = [np.bincount(part.labels).tolist() for part in (digits.train, digits.validation, digits.test)]
    assert counts == [[350] * 10, [50] * 10, [100] * 10]


def test_first_images_of_a_part_hold_every_digit(digits):
    assert np.bincount(digits.train.first(50).labels).tolist() == [5] * 10


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_no_image_is_in_two_parts(seed):
    digits = load_digits(seed=seed)
    parts = [pictures(part) for part in (digits.train, digits.validation, digits.test)]
    assert [len(part) for part in parts] == [3500, 500, 1000]
    assert len(set.union(*parts)) == 5000


def test_seed_fixes_the_split(digits):
    again, other = load_digits(seed=0), load_digits(seed=1)
    assert np.array_equal(again.test.images, digits.test.images)
    assert np.array_equal(again.train.labels, digits.train.labels)
    assert not np.array_equal(other.test.images, digits.test.images)


def test_images_keep_their_labels():
    marked = np.arange(40, dtype=np.float32).reshape(40, 1, 1, 1) / 40
    examples = Examples(images=marked, labels=np.arange(40) % 4)
    for part in split(examples, sizes=SplitSizes(train=20, validation=8, test=12), seed=3):
        assert np.array_equal(np.rint(part.images.ravel() * 40).astype(int) % 4, part.labels)


def test_unequal_classes_keep_their_proportion():
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    examples = Examples(images=np.zeros((1000, 1, 1, 1), np.float32), labels=labels)
    train, validation, test = split(examples, sizes=SplitSizes(train=700, validation=100, test=200), seed=0)
    assert np.bincount(train.labels).tolist() == [420, 210, 70]
    assert np.bincount(validation.labels).tolist() == [60, 30, 10]
    assert np.bincount(test.labels).tolist() == [120, 60, 20]


def test_examples_cannot_be_changed(digits):
    with pytest.raises(ValueError, match="read-only"):
        digits.test.images[0, 0, 0, 0] = 1


def test_a_split_larger_than_the_data_is_refused():
    with pytest.raises(BadInput, match="needs 5001 images, there are 5000"):
        load_digits(seed=0, sizes=SplitSizes(train=3501, validation=500, test=1000))


def test_an_empty_part_is_refused():
    with pytest.raises(BadInput, match="validation needs at least one image"):
        SplitSizes(train=10, validation=0, test=10)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 1, 2, 2)), "images must be float32"),
        (np.zeros((2, 2, 2), np.float32), "images must be float32"),
        (np.full((2, 1, 2, 2), 255, np.float32), "values from 0 to 1, not 255 to 255"),
        (np.full((2, 1, 2, 2), np.nan, np.float32), "values from 0 to 1, not nan to nan"),
        (np.zeros((3, 1, 2, 2), np.float32), "3 images need as many int64 labels"),
    ],
)
def test_arrays_that_are_no_examples_are_refused(images, message):
    with pytest.raises(BadInput, match=message):
        Examples(images=images, labels=np.zeros(2, np.int64))


def test_a_label_without_a_class_is_refused():
    with pytest.raises(BadInput, match="labels must be from 0 to -1"):
        Dataset(name="d", source="", class_names=(), train=zeros(1), validation=zeros(1), test=zeros(1))


def test_parts_of_different_image_sizes_are_refused():
    wide = Examples(images=np.zeros((1, 1, 2, 3), np.float32), labels=np.zeros(1, np.int64))
    with pytest.raises(BadInput, match="different shapes"):
        Dataset(name="d", source="", class_names=("a",), train=zeros(1), validation=wide, test=zeros(1))
