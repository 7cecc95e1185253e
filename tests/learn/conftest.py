"""The digits, read once for all tests of learning, and short trainings on them."""

from __future__ import annotations

import dataclasses

import pytest
from toy_data import toy_dataset

from chipsmith.learn import Dataset, Recipe, TrainedNetwork, load_recipe, train

SHORT = ("training.epochs=3", "training.augmentation=null")
"""The digits' own recipe, for three epochs, on images as they are."""


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return load_recipe("digits").load_data()


@pytest.fixture(scope="session")
def short_recipe() -> Recipe:
    return load_recipe("digits", SHORT)


@pytest.fixture(scope="session")
def short_training(digits: Dataset, short_recipe: Recipe) -> TrainedNetwork:
    return train(short_recipe, digits)


@pytest.fixture(scope="session")
def overfit_training(digits: Dataset) -> TrainedNetwork:
    """Many epochs on 60 images as they are, without dropout."""
    few = dataclasses.replace(digits, train=digits.train.first(60), validation=digits.validation.first(200))
    long = ("training.epochs=40", "training.batch_size=20", "training.augmentation=null", "network.dropout=0.0")
    return train(load_recipe("digits", long), few)


@pytest.fixture(scope="session")
def toy():
    """Small data sets of every task: 80 examples, 48 to train on, 16 to validate, 16 to test."""
    return toy_dataset
