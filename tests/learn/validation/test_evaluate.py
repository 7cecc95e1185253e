"""Figures of merit, held to scikit-learn and to published values; their intervals, calibration, folds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.learn import Dataset, Recipe, Task, TrainedNetwork, load_recipe, train
from chipsmith.learn.data import GroupedExamples, TargetScaling
from chipsmith.learn.validation import confusion_matrix, evaluate, evaluate_outputs, wilson_interval
from chipsmith.learn.validation.bootstrap import bootstrap_interval
from chipsmith.learn.validation.classes import calibration, softmax
from chipsmith.learn.validation.folds import JoinedExamples, cross_validate

metrics = pytest.importorskip("sklearn.metrics")

LABELS = np.array([0, 0, 1, 1, 1, 2, 2, 2, 2, 4])
PREDICTED = np.array([0, 1, 1, 1, 2, 2, 2, 2, 0, 4])


def answers(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(count, *shape)).astype(np.float32)


@pytest.fixture(scope="module")
def logits():
    return answers(16, 3) * 2


# --- figures ----------------------------------------------------------------------------------------------------------


def test_a_classifier_is_judged_as_scikit_learn_does(toy, logits):
    part = toy(Task.CLASSIFICATION).test
    judged = evaluate(lambda inputs: logits[: len(inputs)], part, Task.CLASSIFICATION)
    assert judged.primary_metric.name == "accuracy"
    assert judged.primary_metric.value == metrics.accuracy_score(part.targets, logits.argmax(1))
    expected = metrics.log_loss(part.targets, softmax(logits), labels=range(3))
    assert judged["cross entropy"].value == pytest.approx(expected)
    assert np.array_equal(judged.confusion, metrics.confusion_matrix(part.targets, logits.argmax(1), labels=range(3)))


def test_a_regressor_is_judged_as_scikit_learn_does(toy):
    part, given = toy(Task.REGRESSION).test, answers(16, 2)
    judged = evaluate_outputs(given, part, Task.REGRESSION)
    expected = metrics.r2_score(part.targets, given, multioutput="variance_weighted")
    assert judged["R2"].value == pytest.approx(expected)
    assert judged["RMSE"].value == pytest.approx(metrics.mean_squared_error(part.targets, given) ** 0.5)


def test_a_regressor_is_judged_in_the_targets_own_units(toy):
    part, given = toy(Task.REGRESSION).test, answers(16, 2)
    scaling = TargetScaling(mean=(5.0, -5.0), std=(10.0, 10.0))
    plain = evaluate_outputs(given, part, Task.REGRESSION)
    scaled = evaluate_outputs(given, part, Task.REGRESSION, scaling=scaling)
    assert scaled["RMSE"].value == pytest.approx(10 * plain["RMSE"].value)
    assert scaled["R2"].value == pytest.approx(plain["R2"].value)


def test_a_language_model_is_judged_in_bits_per_token(toy):
    part, given = toy(Task.LANGUAGE).test, answers(16, 7, 5)
    judged = evaluate_outputs(given, part, Task.LANGUAGE)
    nats = metrics.log_loss(part.targets.ravel(), softmax(given).reshape(-1, 5), labels=range(5))
    assert judged.primary_metric.name == "bits per token"
    assert judged.primary_metric.value == pytest.approx(nats / np.log(2))
    even = evaluate_outputs(np.zeros((16, 7, 5), np.float32), part, Task.LANGUAGE)
    assert even.primary_metric.value == pytest.approx(np.log2(5))


def test_anomalies_are_told_by_their_error_as_scikit_learn_says(toy):
    part = toy(Task.RECONSTRUCTION).test
    inputs = part.whole().inputs
    given = inputs + answers(16, 6) * (0.5 + part.targets[:, None])
    judged = evaluate_outputs(given, part, Task.RECONSTRUCTION)
    errors = ((given - inputs) ** 2).mean(axis=1)
    assert judged.primary_metric.name == "AUC"
    assert judged.primary_metric.value == pytest.approx(metrics.roc_auc_score(part.targets, errors))
    assert judged["RMSE"].value == pytest.approx(np.sqrt(errors[part.targets == 0].mean()))


def test_outputs_of_another_shape_are_refused(toy):
    with pytest.raises(BadInput, match=r"are no logits for targets of \[16\]"):
        evaluate_outputs(answers(16, 2, 3), toy(Task.CLASSIFICATION).test, Task.CLASSIFICATION)
    with pytest.raises(BadInput, match="do not fit targets"):
        evaluate_outputs(answers(16, 3), toy(Task.REGRESSION).test, Task.REGRESSION)


# --- intervals --------------------------------------------------------------------------------------------------------


def test_the_bootstrap_of_a_mean_is_that_of_its_standard_error():
    rows = np.random.default_rng(0).normal(3, 2, size=(400, 1))
    interval = bootstrap_interval(rows, lambda some: float(some.mean()), resamples=2000)
    half = 1.96 * rows.std() / 20
    assert interval.low == pytest.approx(rows.mean() - half, abs=0.15 * half)
    assert interval.high == pytest.approx(rows.mean() + half, abs=0.15 * half)


def test_the_bootstrap_is_the_same_each_time(toy, logits):
    part = toy(Task.CLASSIFICATION).test
    judged = [evaluate_outputs(logits, part, Task.CLASSIFICATION).primary_metric for _ in range(2)]
    assert judged[0] == judged[1]
    assert judged[0].low <= judged[0].value <= judged[0].high


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_has_the_published_values(correct, total, low, high):
    interval = wilson_interval(correct, total)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


# --- classes ----------------------------------------------------------------------------------------------------------


def test_confusion_matrix_is_scikit_learns():
    expected = metrics.confusion_matrix(LABELS, PREDICTED, labels=range(5))
    assert np.array_equal(confusion_matrix(LABELS, PREDICTED, classes=5), expected)


def test_a_class_out_of_range_is_refused():
    with pytest.raises(BadInput, match="classes must be from 0 to 3, not 0 to 4"):
        confusion_matrix(LABELS, PREDICTED, classes=4)
    with pytest.raises(BadInput, match="must be as many"):
        confusion_matrix(LABELS, PREDICTED[1:], classes=5)


def test_the_reliability_table_is_scikit_learns():
    from sklearn.calibration import calibration_curve

    generator = np.random.default_rng(0)
    confidences = generator.uniform(0.3, 1, 2000)
    right = generator.uniform(size=2000) < confidences**2
    table = calibration(confidences, right)
    shares, means = calibration_curve(right, confidences, n_bins=10)
    assert [interval.accuracy for interval in table.bins] == pytest.approx(shares)
    assert [interval.confidence for interval in table.bins] == pytest.approx(means)
    gaps = [interval.count * abs(interval.accuracy - interval.confidence) for interval in table.bins]
    assert table.error == pytest.approx(sum(gaps) / 2000)


# --- folds ------------------------------------------------------------------------------------------------------------


def test_each_example_is_kept_out_once(toy):
    data = toy(Task.CLASSIFICATION)
    settings = ["network={kind: mlp, hidden: [8]}", "training={epochs: 2, batch_size: 8}"]
    folds = cross_validate(load_recipe("digits", settings), data, folds=4)
    assert [metric.count for metric in folds.metrics] == [16, 16, 16, 16]
    assert folds.mean == pytest.approx(np.mean([metric.value for metric in folds.metrics]))


def grouped(data: Dataset) -> Dataset:
    """The toy set's 64 examples of training and validation said by five speakers; the last alone is validation's."""
    voices = (np.arange(48) % 4, np.full(16, 4))
    train, validation = (
        GroupedExamples(examples=part, all_groups=voice)
        for part, voice in zip((data.train, data.validation), voices, strict=True)
    )
    return dataclasses.replace(data, train=train, validation=validation)


def test_a_group_is_in_one_fold_and_in_one_part_of_it(toy, monkeypatch):
    heard = []

    def train_and_note(recipe: Recipe, data: Dataset) -> TrainedNetwork:
        heard.append([set(part.groups.tolist()) for part in (data.train, data.validation)])
        return train(recipe, data)

    monkeypatch.setattr("chipsmith.learn.validation.folds.train", train_and_note)
    settings = ["network={kind: mlp, hidden: [8]}", "training={epochs: 1, batch_size: 8}"]
    folds = cross_validate(load_recipe("digits", settings), grouped(toy(Task.CLASSIFICATION)), folds=5)
    assert sorted(metric.count for metric in folds.metrics) == [12, 12, 12, 12, 16]
    for train_voices, validation_voices in heard:
        assert len(train_voices) == 3
        assert len(validation_voices - train_voices) == 1
    assert len({frozenset(train_voices | validation_voices) for train_voices, validation_voices in heard}) == 5


@pytest.mark.parametrize("folds", [1, 6])
def test_more_folds_than_groups_are_refused(toy, folds):
    with pytest.raises(BadInput, match="there are 2 to 5 for 5 groups"):
        cross_validate(load_recipe("digits"), grouped(toy(Task.CLASSIFICATION)), folds=folds)


def test_joined_parts_keep_their_order(toy):
    data = toy(Task.CLASSIFICATION)
    joined = JoinedExamples(first_part=data.train, second_part=data.validation)
    chosen = np.array([60, 3, 50, 0])
    expected = np.concatenate([data.train.whole().inputs, data.validation.whole().inputs])[chosen]
    assert np.array_equal(joined.select(chosen).whole().inputs, expected)


def test_more_folds_than_examples_are_refused(toy):
    with pytest.raises(BadInput, match=r"validation\.folds is 65: there are 2 to 64"):
        cross_validate(load_recipe("digits"), toy(Task.CLASSIFICATION), folds=65)
