"""Shots: unbiased, and as widely spread as the binomial law says."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.quantum.shots import sample_gram, sample_kernel, sample_shots

SHARES = np.array([0.0, 0.05, 0.3, 0.5, 0.9, 1.0])
DRAWS = 20_000


def check_binomial(drawn, shares, *, shots):
    """The mean within five of its standard errors, the variance within 5 %."""
    variance = shares * (1 - shares) / shots
    assert np.all(np.abs(drawn.mean(axis=0) - shares) <= 5 * np.sqrt(variance / DRAWS))
    assert drawn.var(axis=0) == pytest.approx(variance, rel=0.05)


def test_counts_of_bit_strings_are_binomial():
    probabilities = np.array([0.05, 0.15, 0.3, 0.5])
    drawn = sample_shots(np.tile(probabilities, (DRAWS, 1)), shots=100, seed=0)
    assert drawn.sum(axis=1) == pytest.approx(np.ones(DRAWS))
    check_binomial(drawn, probabilities, shots=100)


def test_entries_of_kernels_are_binomial():
    check_binomial(sample_kernel(np.tile(SHARES, (DRAWS, 1)), shots=100, seed=0), SHARES, shots=100)


def test_each_pair_of_training_examples_is_measured_once():
    kernel = np.full((40, 40), 0.4) + 0.6 * np.eye(40)
    drawn = sample_gram(kernel, shots=10, seed=0)
    assert np.array_equal(drawn, drawn.T)
    assert np.array_equal(np.diag(drawn), np.ones(40))
    assert len(np.unique(drawn)) > 5


def test_seeds_decide_the_draws():
    kernel = np.full((5, 5), 0.5)
    first, again, other = (sample_kernel(kernel, shots=10, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("sample", [sample_shots, sample_kernel, sample_gram])
def test_no_shots_are_refused(sample):
    with pytest.raises(BadInput, match="1 or more shots"):
        sample(np.eye(2), shots=0, seed=0)
