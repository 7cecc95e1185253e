"""Which examples are paired, what is compared at all, and which way a difference is judged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from sample_runs import full_record

from chipsmith.learn import Task
from chipsmith.learn.validation.answers import AnswerTable
from chipsmith.reports.comparison.metrics import compare_metrics, pair_answers
from chipsmith.reports.comparison.result import ComparedRun, DifferenceVerdict
from chipsmith.reports.comparison.words import difference_text, metric_words
from chipsmith.units import signed


def table(digests, right, *, targets=None):
    """Answers to classes 0 or 1, of which `right` says whether each is right."""
    marks = np.array(right, bool)
    target = np.zeros(len(marks), np.int32) if targets is None else np.array(targets, np.int32)
    return AnswerTable(
        task=Task.CLASSIFICATION,
        examples=np.array(digests, np.int64),
        answer=np.where(marks, target, 1 - target).astype(np.int32),
        target=target,
        score=np.full(len(marks), 0.9),
        loss=np.where(marks, 0.1, 2.3),
    )


def run(name, answers=None, **changes):
    record = dataclasses.replace(full_record(), **changes)
    missing = "" if answers is not None else "keeps no answers"
    return ComparedRun(name=name, folder=Path(name), record=record, answers=answers, missing=missing)


def test_equal_examples_are_paired_whatever_their_order():
    pairing = pair_answers(table([7, 5, 9], [1, 1, 0]), table([9, 7, 5], [1, 0, 1]))
    assert pairing.paired
    assert list(zip(pairing.first.tolist(), pairing.second.tolist(), strict=True)) == [(0, 1), (1, 2), (2, 0)]


def test_the_nth_of_equal_examples_is_paired_with_the_nth():
    pairing = pair_answers(table([4, 4, 6], [1, 0, 1]), table([4, 6, 4], [1, 1, 1]))
    assert list(zip(pairing.first.tolist(), pairing.second.tolist(), strict=True)) == [(0, 0), (1, 2), (2, 1)]


def test_where_fewer_were_executed_these_are_paired():
    pairing = pair_answers(table([1, 2, 3, 4], [1, 1, 1, 1]), table([1, 2], [0, 1]))
    assert (pairing.paired, pairing.first.tolist()) == (True, [0, 1])
    assert pairing.reason == "the test examples that both answered, by their hashes"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (table([1, 2, 8], [1, 1, 1]), "2 of 3 test examples are the same by hash"),
        (table([8, 9, 10], [1, 1, 1]), "no test example is the same by hash"),
        (table([1, 2, 3], [1, 1, 1], targets=[1, 0, 0]), "the same inputs have other targets"),
    ],
)
def test_other_test_parts_are_not_paired(other, reason):
    pairing = pair_answers(table([1, 2, 3], [1, 1, 1]), other)
    assert not pairing.paired
    assert pairing.reason.startswith(reason)


@pytest.mark.parametrize(
    ("gained", "lost", "verdict"),
    [(40, 5, DifferenceVerdict.BETTER), (5, 40, DifferenceVerdict.WORSE), (20, 15, DifferenceVerdict.NONE)],
)
def test_a_difference_whose_interval_holds_zero_is_none(gained, lost, verdict):
    count = 1000
    base = [*[0] * gained, *[1] * lost, *[1] * (count - gained - lost)]
    other = [*[1] * gained, *[0] * lost, *[1] * (count - gained - lost)]
    digests = list(range(count))
    accuracy, *_ = compare_metrics([run("a", table(digests, base)), run("b", table(digests, other))])
    (difference,) = accuracy.differences
    assert difference.verdict is verdict
    assert (difference.gained, difference.lost, difference.count) == (gained, lost, count)
    assert (0 in (difference.low, difference.high) or difference.low < 0 < difference.high) == (
        verdict is DifferenceVerdict.NONE
    )
    assert metric_words(accuracy, 1).startswith(f"accuracy {signed(100 * (gained - lost) / count, 2)} points (")


def test_without_answers_the_difference_has_newcombes_interval():
    base, other = full_record(), full_record()
    metrics = tuple(
        dataclasses.replace(metric, value=0.9, low=0.88, high=0.92) if metric.target == "npu" else metric
        for metric in other.metrics
    )
    accuracy, *_ = compare_metrics([run("a"), run("b", metrics=metrics)])
    (difference,) = accuracy.differences
    assert base.primary_metric("npu").value == 0.979
    assert difference.value == pytest.approx(0.9 - 0.979)
    assert (difference.low, difference.high) == pytest.approx((-0.1003, -0.0586), abs=5e-4)
    assert difference.reason == "b keeps no answers; the interval is wider than a paired one"
    assert difference_text("accuracy", difference).startswith("−7.90 points (−10.")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"task": "regression"}, "the tasks differ: classification and regression"),
        (
            {"data": dataclasses.replace(full_record().data, dataset="cifar10")},
            "the data sets differ: digits and cifar10",
        ),
        (
            {"data": dataclasses.replace(full_record().data, class_names=("0", "1", "2"))},
            "the classes differ: 2 (3, <8>) and 3 (0, 1, 2)",
        ),
        ({"metrics": ()}, "b has no accuracy"),
    ],
)
def test_what_says_nothing_of_each_other_is_not_subtracted(changes, reason):
    accuracy, *_ = compare_metrics([run("a"), run("b", **changes)])
    (difference,) = accuracy.differences
    assert (difference.verdict, difference.value, difference.reason) == (DifferenceVerdict.UNKNOWN, None, reason)
    assert metric_words(accuracy, 1) == f"accuracy not comparable: {reason}"
