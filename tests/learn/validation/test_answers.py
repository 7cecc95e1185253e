"""Tables of answers: the metrics that are made of them are those that `evaluate` gives."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.files import write_arrays
from chipsmith.learn import Task
from chipsmith.learn.data import TargetScaling
from chipsmith.learn.validation import evaluate_outputs
from chipsmith.learn.validation.answers import read_answers, tabulate_answers, write_answers

SHAPES = {Task.CLASSIFICATION: (3,), Task.REGRESSION: (2,), Task.LANGUAGE: (7, 5)}


def outputs_for(task, part):
    shape = SHAPES.get(task, part.whole().inputs.shape[1:])
    return np.random.default_rng(3).normal(size=(len(part), *shape)).astype(np.float32)


@pytest.mark.parametrize("task", list(Task))
def test_the_metrics_of_a_table_are_those_of_the_run(toy, task, tmp_path):
    part = toy(task).test
    outputs = outputs_for(task, part)
    scaling = TargetScaling(mean=(5.0, -5.0), std=(10.0, 3.0)) if task is Task.REGRESSION else None
    judged = evaluate_outputs(outputs, part, task, scaling=scaling, resamples=100)
    written = tabulate_answers(outputs, part, task, digests=part.digests, scaling=scaling)
    write_answers(written, tmp_path / "answers.npz")
    table = read_answers(tmp_path / "answers.npz")
    assert {metric.name for metric in judged.metrics} == {
        name for name in ("accuracy", "cross entropy", "bits per token", "R2", "RMSE", "AUC") if table.metric(name)
    }
    for metric in judged.metrics:
        rows, statistic = table.metric(metric.name)
        assert statistic(rows) == pytest.approx(metric.value, rel=1e-12)


def test_a_table_keeps_what_was_answered_to_which_example(toy, tmp_path):
    part = toy(Task.CLASSIFICATION).test
    outputs = outputs_for(Task.CLASSIFICATION, part)
    table = tabulate_answers(outputs, part, Task.CLASSIFICATION, digests=part.digests)
    assert np.array_equal(table.answer, outputs.argmax(1))
    assert np.array_equal(table.right, outputs.argmax(1) == part.targets)
    assert ((table.score > 1 / 3) & (table.score <= 1)).all()
    assert table.fingerprint.startswith(f"{len(part)} examples, sha256 ")
    few = table.select(np.array([3, 1]))
    assert few.examples.tolist() == [part.digests[3], part.digests[1]]
    for name in ("a.npz", "b.npz"):
        write_answers(table, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize(
    "change",
    [{"task": np.array("guessing")}, {"examples": np.zeros(3)}, {"score": np.zeros(2)}, {"other": np.zeros(3)}],
)
def test_what_is_no_table_is_refused(tmp_path, change):
    columns = {name: np.zeros(3) for name in ("answer", "target", "score", "loss")}
    arrays = {"task": np.array("classification"), "examples": np.zeros(3, np.int64), **columns, **change}
    write_arrays(tmp_path / "answers.npz", arrays)
    with pytest.raises(BadInput, match="the run that made it writes it anew"):
        read_answers(tmp_path / "answers.npz")
