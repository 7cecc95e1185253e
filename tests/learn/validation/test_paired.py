"""Differences of two classifiers on the same examples."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.validation.paired import accuracy_difference

LABELS = np.arange(400) % 2


def answers(right: np.ndarray) -> np.ndarray:
    """Logits that answer these examples right and the others wrong."""
    return np.eye(2, dtype=np.float32)[np.where(right, LABELS, 1 - LABELS)]


def test_answers_that_agree_do_not_differ_at_all():
    some = answers(np.random.default_rng(0).random(400) < 0.7)
    difference = accuracy_difference(some, some, LABELS, resamples=200)
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)


def test_the_interval_is_that_of_the_paired_difference():
    """Where n examples differ by d_i the standard error is std(d) / sqrt(n): 1.96 of it to each side."""
    drawn = np.random.default_rng(1)
    first, second = drawn.random(400) < 0.9, drawn.random(400) < 0.8
    difference = accuracy_difference(answers(first), answers(second), LABELS, resamples=4000)
    gaps = first.astype(float) - second
    assert difference.value == pytest.approx(gaps.mean())
    half = 1.96 * gaps.std() / 20
    assert difference.low == pytest.approx(gaps.mean() - half, abs=0.006)
    assert difference.high == pytest.approx(gaps.mean() + half, abs=0.006)


def test_answers_of_other_examples_cannot_be_paired():
    with pytest.raises(BadInput, match="400 and 399 answers cannot be paired for 400 labels"):
        accuracy_difference(answers(LABELS == 0), answers(LABELS == 0)[:-1], LABELS, resamples=100)
