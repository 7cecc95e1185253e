"""The verdict: on curves drawn by hand, and on trainings forced to overfit and to underfit and a good one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.learn import Epoch, Fit, History, Task, load_recipe, train
from chipsmith.learn.validation import judge
from chipsmith.learn.validation.verdict import guess_loss
from chipsmith.units import percent

SHORT = ("training.epochs=2", "training.augmentation=null")


def curves(*points):
    """Epochs from (train loss, train accuracy, validation loss, validation accuracy)."""
    names = ("train_loss", "train_score", "validation_loss", "validation_score")
    return tuple(
        Epoch(number=number, **dict(zip(names, point, strict=True))) for number, point in enumerate(points, start=1)
    )


def verdict(*points, validation_images=500):
    return judge(
        History(epochs=curves(*points)),
        task=Task.CLASSIFICATION,
        outputs=10,
        validation_examples=validation_images,
        guess_loss=math.log(10),
    )


def test_curves_that_fall_together_are_good():
    judged = verdict((0.3, 0.92, 0.35, 0.91), (0.05, 0.99, 0.08, 0.98))
    assert judged.fit is Fit.GOOD
    assert len(judged.evidence) == 3


def test_a_wide_gap_in_accuracy_is_overfitting():
    judged = verdict((0.3, 0.92, 0.5, 0.88), (0.01, 1.0, 0.45, 0.9))
    assert judged.fit is Fit.OVERFIT
    assert "training accuracy is 100.0 % and validation accuracy 90.0 %" in judged.evidence[0]
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
    assert "10.0 % of its training examples right: 0 % of the way from guessing (10 %)" in judged.evidence[0]


def test_where_every_answer_is_the_same_nothing_is_learned():
    history = History(epochs=curves((0.0, 1.0, 0.0, 1.0)))
    told = judge(history, task=Task.CLASSIFICATION, outputs=1, validation_examples=9, guess_loss=0.0)
    assert (told.fit, told.evidence) == (
        Fit.NOT_TRAINED,
        ("every training example has the same answer: nothing to learn",),
    )


def test_a_training_without_epochs_is_refused():
    with pytest.raises(BadInput, match="train for one epoch or more"):
        History(epochs=())


def test_a_good_training_is_called_good(short_training):
    assert short_training.training.verdict.fit is Fit.GOOD, short_training.training.verdict.reason
    assert short_training.training.best_epoch.validation_score > 0.93


def test_many_epochs_on_few_images_are_called_overfit(overfit_training):
    training = overfit_training.training
    assert training.verdict.fit is Fit.OVERFIT
    assert training.history.last.train_score == 1.0


@pytest.mark.parametrize(
    "settings",
    [
        (*SHORT, "training.epochs=1", "training.optimizer.learning_rate=1.0e-5"),
        (*SHORT, "network.channels=[1, 1]", "network.dense=[2]", "network.dropout=0.0"),
    ],
    ids=["tiny learning rate", "tiny network"],
)
def test_too_little_learning_is_called_underfit(digits, settings):
    merged = dict(setting.partition("=")[::2] for setting in settings)
    recipe = load_recipe("digits", [f"{name}={value}" for name, value in merged.items()])
    training = train(recipe, digits).training
    assert training.verdict.fit is Fit.UNDERFIT
    assert "of the way from guessing" in training.verdict.evidence[0]


# --- other tasks ------------------------------------------------------------------------------------------------------


def values(*points):
    """The verdict on a regression with targets of variance 1."""
    history = History(epochs=curves(*points))
    return judge(history, task=Task.REGRESSION, outputs=1, validation_examples=80, guess_loss=1.0)


def test_values_that_are_explained_alike_are_good():
    assert values((0.4, 0.6, 0.45, 0.55)).fit is Fit.GOOD


def test_variance_that_is_explained_in_training_alone_is_overfitting():
    judged = values((0.1, 0.9, 0.6, 0.4))
    assert judged.fit is Fit.OVERFIT
    assert "90.0 % of the variance of the training examples is explained and 40.0 %" in judged.evidence[0]


def test_a_network_that_gives_the_mean_is_underfitted():
    judged = values((0.95, 0.05, 0.97, 0.03))
    assert judged.fit is Fit.UNDERFIT
    assert "training loss is 0.950 where the best guess has 1.000: 5 % of it is gone" in judged.evidence[0]


def test_the_loss_of_guessing_is_that_of_the_best_constant_answer(toy):
    """Against the loss itself, at the constant that makes it smallest."""
    tokens = toy(Task.LANGUAGE)
    frequent = np.bincount(tokens.train.targets.ravel()) / tokens.train.targets.size
    assert guess_loss(tokens) == pytest.approx(-(frequent * np.log(frequent)).sum())
    plain = toy(Task.REGRESSION)
    assert guess_loss(plain) == pytest.approx(plain.train.targets.var(axis=0).mean(), rel=1e-6)
    assert guess_loss(toy(Task.CLASSIFICATION)) == math.log(3)


@pytest.mark.parametrize(("score", "fit"), [(0.95, Fit.GOOD), (0.5, Fit.UNDERFIT)])
def test_of_a_private_training_the_validation_alone_is_looked_at(score, fit):
    epochs = tuple(
        Epoch(number=number, train_loss=None, train_score=None, validation_loss=1 / number, validation_score=score)
        for number in (1, 2)
    )
    verdict = judge(
        History(epochs=epochs), task=Task.CLASSIFICATION, outputs=10, validation_examples=500, guess_loss=2.3
    )
    assert verdict.fit is fit
    assert "tells nothing of its training examples" in verdict.reason
    assert f"{percent(score, 1)} of its validation examples right" in verdict.reason
