"""What the benchmark of the front doors calls right, wrong and refused."""

from __future__ import annotations

import numpy as np
import pytest
from doors.folder import read_question, write_example
from doors.listing import group_names, list_group
from doors.process import run_module
from doors.row import measure
from doors.subject import Comparison, Example
from doors.verdict import judge, spell, sqnr_db


def test_signal_to_noise():
    wanted = np.float32([3, 4])
    assert sqnr_db(wanted + np.float32([0.5, 0]), wanted) == pytest.approx(20.0)
    assert sqnr_db(wanted, wanted) is None
    assert sqnr_db(np.float32([3, np.nan]), wanted) == -100
    assert sqnr_db(np.float32([np.inf, 4]), np.float32([np.inf, 4])) is None


@pytest.mark.parametrize(
    ("got", "comparison", "wrong"),
    [
        (np.float32([[1, 2]]), Comparison.VALUES, None),
        (np.float32([[1, 1]]), Comparison.VALUES, "7.0 dB"),
        (np.float32([[1, 2, 3]]), Comparison.VALUES, "shape [1, 3] for [1, 2]"),
        (np.float32([[1, 3]]), Comparison.INTEGERS, None),
        (np.float32([[1, 4]]), Comparison.INTEGERS, "1 of 2 elements differ by more than 1"),
    ],
)
def test_what_is_wrong(got, comparison, wrong):
    assert judge([got], [np.float32([[1, 2]])], comparison, steps=1).wrong == wrong


def test_decisions_of_a_float_network():
    wanted = np.arange(100)
    assert judge([np.where(wanted < 4, 9, wanted)], [wanted], Comparison.VALUES).wrong is None
    assert judge([np.where(wanted < 9, 200, wanted)], [wanted], Comparison.VALUES).wrong == "91% of the decisions agree"


def test_strings_leave_out_repeats_and_class_0():
    assert spell(np.eye(4)[[0, 2, 2, 0, 2, 3, 1, 1]]) == [2, 2, 3, 1]


def test_a_network_that_is_refused_has_the_products_words(tmp_path):
    (tmp_path / "no.onnx").write_bytes(b"this is no network")
    inputs = ((np.float32([[1.0]]),),)
    example = Example(
        model=str(tmp_path / "no.onnx"), input_names=("x",), calibration=inputs, inputs=inputs, expected=inputs
    )
    write_example(example, tmp_path)
    outcome = measure(read_question(tmp_path))
    assert not outcome.whole
    assert outcome.refusal.startswith("BadInput: ")


def test_a_process_that_fails_says_why(tmp_path):
    (tmp_path / "breaks.py").write_text("raise ValueError('out of paper')\n")
    assert run_module("breaks", (), tmp_path).failure == "traceback: ValueError: out of paper"


def test_261_node_tests_are_listed():
    names = {subject.file for subject in list_group("onnx-nodes")}
    assert len(names) == 261


def test_every_group_lists_its_networks_without_their_packages():
    needs_a_folder = {"cases"}
    assert {group for group in group_names() if not list_group(group)} <= needs_a_folder
