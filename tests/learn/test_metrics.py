"""Measures of a classifier, held to published values and to scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.learn import Accuracy, accuracy, class_accuracies, confusion_matrix, wilson_interval

LABELS = np.array([0, 0, 1, 1, 1, 2, 2, 2, 2, 4])
PREDICTED = np.array([0, 1, 1, 1, 2, 2, 2, 2, 0, 4])


def test_accuracy_counts_right_answers():
    measured = accuracy(LABELS, PREDICTED)
    assert (measured.correct, measured.total, measured.value) == (7, 10, 0.7)


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


def test_wilson_ends_solve_the_score_equation():
    z = 1.959963984540054
    interval = Accuracy(correct=981, total=1000).interval
    for end in (interval.low, interval.high):
        assert abs(0.981 - end) == pytest.approx(z * np.sqrt(end * (1 - end) / 1000), rel=1e-9)


def test_wilson_interval_is_symmetric_and_stays_within_0_and_1():
    none, all_right = wilson_interval(0, 50), wilson_interval(50, 50)
    assert (none.low, all_right.high) == (0.0, 1.0)
    assert none.high == pytest.approx(1 - all_right.low)


def test_higher_confidence_is_wider():
    narrow, wide = wilson_interval(90, 100, confidence=0.8), wilson_interval(90, 100, confidence=0.99)
    assert wide.low < narrow.low < 0.9 < narrow.high < wide.high


def test_confusion_matrix_is_scikit_learns():
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    expected = sklearn_metrics.confusion_matrix(LABELS, PREDICTED, labels=range(5))
    assert np.array_equal(confusion_matrix(LABELS, PREDICTED, classes=5), expected)


def test_class_accuracies_are_scikit_learns_recall():
    sklearn_metrics = pytest.importorskip("sklearn.metrics")
    expected = sklearn_metrics.recall_score(LABELS, PREDICTED, labels=[0, 1, 2, 4], average=None)
    measured = class_accuracies(confusion_matrix(LABELS, PREDICTED, classes=5))
    assert measured[3] is None
    assert [one.value for one in measured if one is not None] == pytest.approx(expected)


@pytest.mark.parametrize(("correct", "total"), [(1, 0), (-1, 5), (6, 5)])
def test_counts_that_are_no_accuracy_are_refused(correct, total):
    with pytest.raises(BadInput, match="is no accuracy"):
        Accuracy(correct=correct, total=total)


def test_labels_and_predictions_must_pair():
    with pytest.raises(BadInput, match=r"\[10\] and predictions of \[9\] do not pair"):
        accuracy(LABELS, PREDICTED[1:])


def test_a_class_out_of_range_is_refused():
    with pytest.raises(BadInput, match="classes must be from 0 to 3, not 0 to 4"):
        confusion_matrix(LABELS, PREDICTED, classes=4)
