"""The digits, read once for all tests of learning."""

from __future__ import annotations

import dataclasses

import pytest

from chipsmith.learn import DIGITS_RECIPE, Dataset, DigitsCNN, TrainedNetwork, load_digits, train


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return load_digits(seed=0)


@pytest.fixture(scope="session")
def short_training(digits: Dataset) -> TrainedNetwork:
    """Three epochs of the digits' own recipe, on images as they are."""
    recipe = dataclasses.replace(DIGITS_RECIPE, epochs=3, augmentation=None)
    return train(DigitsCNN(), digits, recipe=recipe, seed=0)


@pytest.fixture(scope="session")
def overfit_training(digits: Dataset) -> tuple[TrainedNetwork, Dataset]:
    """Many epochs on 60 images as they are, without dropout; and the data set."""
    few = dataclasses.replace(digits, train=digits.train.first(60), validation=digits.validation.first(200))
    recipe = dataclasses.replace(DIGITS_RECIPE, epochs=40, batch_size=20, augmentation=None)
    return train(DigitsCNN(dropout=0.0), few, recipe=recipe, seed=0), few
