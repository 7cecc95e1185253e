"""The verdict: on curves drawn by hand, and on trainings forced to overfit and to underfit and a good one."""

from __future__ import annotations

import dataclasses
import math

import pytest

from chipsmith.errors import BadInput
from chipsmith.learn import DIGITS_RECIPE, DigitsCNN, Epoch, Fit, Recipe, judge, train


def curves(*points):
    """Epochs from (train loss, train accuracy, validation loss, validation accuracy)."""
    names = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
    return [
        Epoch(number=number, **dict(zip(names, point, strict=True))) for number, point in enumerate(points, start=1)
    ]


def verdict(*points, validation_images=500):
    return judge(curves(*points), classes=10, validation_images=validation_images)


def test_curves_that_fall_together_are_good():
    judged = verdict((0.3, 0.92, 0.35, 0.91), (0.05, 0.99, 0.08, 0.98))
    assert judged.fit is Fit.GOOD
    assert len(judged.evidence) == 3


def test_a_wide_gap_in_accuracy_is_overfitting():
    judged = verdict((0.3, 0.92, 0.5, 0.88), (0.01, 1.0, 0.45, 0.9))
    assert judged.fit is Fit.OVERFIT
    assert "training accuracy is 100.0% and validation accuracy 90.0%" in judged.evidence[0]
    assert "a gap of 10.0 points where 5 are allowed" in judged.evidence[0]


def test_a_gap_that_chance_explains_is_none():
    points = ((0.1, 0.97, 0.2, 0.9),)
    assert verdict(*points, validation_images=500).fit is Fit.OVERFIT
    assert verdict(*points, validation_images=10).fit is Fit.GOOD


def test_a_validation_loss_that_rises_after_its_minimum_is_overfitting():
    judged = verdict((0.2, 0.95, 0.2, 0.95), (0.1, 0.97, 0.15, 0.96), (0.0, 1.0, 0.4, 0.96))
    assert judged.fit is Fit.OVERFIT
    assert "lowest in epoch 2 (0.150) and 0.400 at the end" in judged.evidence[0]


def test_a_ripple_of_the_validation_loss_is_no_rise():
    assert verdict((0.1, 0.98, 0.1, 0.97), (0.05, 0.99, 0.11, 0.97)).fit is Fit.GOOD


def test_a_network_that_guesses_is_underfitted():
    judged = verdict((math.log(10), 0.1, math.log(10), 0.1))
    assert judged.fit is Fit.UNDERFIT
    assert "10.0% of its training images right: 0% of the way from guessing (10%)" in judged.evidence[0]


def test_a_training_without_epochs_is_refused():
    with pytest.raises(BadInput, match="train for one epoch or more"):
        judge([], classes=10, validation_images=500)


PLAIN = Recipe(epochs=3, batch_size=64, peak_learning_rate=4e-3, weight_decay=0.01, augmentation=None)


def test_a_good_training_is_called_good(short_training):
    assert short_training.training.verdict.fit is Fit.GOOD, short_training.training.verdict.reason
    assert short_training.training.best_epoch.validation_accuracy > 0.93


def test_many_epochs_on_few_images_are_called_overfit(overfit_training):
    training = overfit_training[0].training
    assert training.verdict.fit is Fit.OVERFIT
    assert training.history[-1].train_accuracy == 1.0
    assert training.generalisation_gap > 0.3


@pytest.mark.parametrize(
    ("network", "recipe"),
    [
        (DigitsCNN(), dataclasses.replace(PLAIN, epochs=1, peak_learning_rate=1e-5)),
        (DigitsCNN(channels=(1, 1), dense=2, dropout=0.0), dataclasses.replace(PLAIN, epochs=2)),
        (DigitsCNN(dropout=0.9), dataclasses.replace(DIGITS_RECIPE, epochs=1)),
    ],
    ids=["tiny learning rate", "tiny network", "one epoch, all regularised"],
)
def test_too_little_learning_is_called_underfit(digits, network, recipe):
    training = train(network, digits, recipe=recipe, seed=0).training
    assert training.verdict.fit is Fit.UNDERFIT
    assert "of the way from guessing" in training.verdict.evidence[0]
