"""One output against its source's: ratios by hand, and what may not be compared."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.frontends.quantized_network import Arithmetic
from chipsmith.witness.check.outputs import compare_outputs


def compared(expected, output, *, arithmetic=Arithmetic.FLOAT, **options):
    fields = {"scale": None} | options
    return compare_outputs("y", np.asarray(expected), np.asarray(output), arithmetic=arithmetic, **fields)


def test_signal_to_noise_by_hand():
    """sum f^2 = 100, sum (f - q)^2 = 1: 20 dB."""
    check = compared([6.0, 8.0, 0.0], [6.0, 8.0, 1.0], scale=0.25)
    assert (check.sqnr_db, check.largest_step, check.differing, check.elements) == (pytest.approx(20), 4, 1, 3)
    assert (check.top1_agreement, check.fault) == (None, "")


def test_without_noise_or_signal_there_is_no_ratio():
    assert compared([1.0, 2.0], [1.0, 2.0]).sqnr_db is None
    silent = compared([0.0, 0.0], [0.5, 0.0], scale=0.5)
    assert (silent.sqnr_db, silent.differing, silent.largest_step) == (None, 1, 1)


def test_classes_are_the_last_axis_of_rank_2():
    scores = np.array([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0], [5.0, 4.0]])
    check = compared(scores, scores[:, ::-1] * [[1, 1], [-1, -1], [1, 1], [-1, -1]])
    assert (check.top1_agreement, check.decisions) == (0.5, 4)
    assert compared(scores[:, :1], scores[:, :1]).top1_agreement is None
    assert compared(scores[None], scores[None]).top1_agreement is None
    assert compared(scores, scores, rebuilt=True).top1_agreement is None


def test_indices_of_a_float_network_are_decisions():
    check = compared(np.array([3, 1, 2, 2]), np.array([3, 1, 2, 0]))
    assert (check.sqnr_db, check.top1_agreement, check.decisions) == (None, 0.75, 4)


def test_integers_of_an_integer_network_are_values():
    expected, output = np.array([[10, 0]], np.int8), np.array([[10, 1]], np.int8)
    check = compared(expected, output, arithmetic=Arithmetic.INTEGER)
    assert (check.sqnr_db, check.largest_step, check.top1_agreement) == (pytest.approx(20), 1, 1)


@pytest.mark.parametrize(
    ("expected", "output", "told"),
    [
        (np.zeros((2, 3)), np.zeros((3, 2)), r"has the shape \[3, 2\] where the source gives \[2, 3\]"),
        (np.zeros(2, np.float16), np.zeros(2, np.float32), "is float32 where the source gives float16"),
        (np.array([np.nan]), np.array([0.0]), "the source's values are not all finite"),
        (np.array([0.0]), np.array([np.nan]), "the chip's values are not all finite"),
        (np.array([np.inf]), np.array([np.inf]), "not all finite"),
    ],
)
def test_what_cannot_be_compared_is_a_fault(expected, output, told):
    check = compared(expected, output)
    assert check.sqnr_db is None
    with pytest.raises(AssertionError, match=told):
        raise AssertionError(check.fault)
