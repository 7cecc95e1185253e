"""An int8 LSTM has the bits of LiteRT's reference kernel, step by step and from one inference to the next."""

from __future__ import annotations

import numpy as np
import pytest
from tflite_agreement import assert_same
from tflite_lstm import LstmForm, write_lstm

from chipsmith.chip import load_chip
from chipsmith.errors import OperatorRefused
from chipsmith.frontends.tflite.network import load_tflite
from chipsmith.targets import load_target

INFERENCES = 6


def draw_inputs(form: LstmForm) -> np.ndarray:
    axes = (form.steps, form.batch) if form.time_major else (form.batch, form.steps)
    return np.random.default_rng(1).integers(-128, 128, (INFERENCES, *axes, form.inputs), np.int8)


@pytest.mark.parametrize(
    "form",
    [
        LstmForm(),
        LstmForm(batch=2, time_major=True),
        LstmForm(coupled=True),
        LstmForm(peepholes=True),
        LstmForm(outputs=4),
        LstmForm(cell_clip=0.5),
        LstmForm(steps=1, coupled=True, peepholes=True),
        LstmForm(steps=2, coupled=True, outputs=3, batch=2),
    ],
    ids=str,
)
def test_lstm(form, tmp_path):
    network = assert_same(write_lstm(tmp_path, form), draw_inputs(form))
    assert [state.initial.dtype for state in network.states] == [np.int8, np.int16]
    assert network.other_roundings == {}


def test_lstm_on_a_chip(tmp_path):
    form = LstmForm(steps=3, cells=4)
    network = load_tflite(write_lstm(tmp_path, form))
    rows = draw_inputs(form)[:, 0]
    (on_chip,) = load_target("npu", load_chip("edge-256")).prepare(network).run(rows)
    (expected,) = network.source.run(rows)
    np.testing.assert_array_equal(on_chip, expected)


@pytest.mark.parametrize(
    ("form", "reason"),
    [(LstmForm(normalised=True), "it normalises its layers"), (LstmForm(peepholes=True, outputs=3), "peepholes of a")],
    ids=["normalised", "peepholes projected"],
)
def test_what_is_not_lowered_is_refused(form, reason, tmp_path):
    path = write_lstm(tmp_path, form)
    with pytest.raises(OperatorRefused, match=rf"operator 0, UNIDIRECTIONAL_SEQUENCE_LSTM .* is refused: {reason}"):
        load_tflite(path)
