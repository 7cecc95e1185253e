"""The answers of a network to the test part, example by example, so that two networks can be compared in pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.files import read_arrays, write_arrays
from chipsmith.learn.data.dataset import TargetScaling
from chipsmith.learn.data.examples import Examples, Values
from chipsmith.learn.data.fingerprint import Digests, summarise
from chipsmith.learn.data.task import Task
from chipsmith.learn.validation.bootstrap import Rows, Statistic
from chipsmith.learn.validation.classes import softmax
from chipsmith.learn.validation.evaluate import (
    BATCH,
    Array,
    area_under_curve,
    class_rows,
    explained_share,
    reconstruction_errors,
    root_mean_error,
    value_rows,
)
from chipsmith.shown import Shown

_CLASSES = (Task.CLASSIFICATION, Task.LANGUAGE)
_FIELDS = ("task", "examples", "answer", "target", "score", "loss")
_FORM = "the run that made it writes it anew"


@dataclass(frozen=True, kw_only=True, eq=False)
class AnswerTable(Shown):
    """What was answered to each of n test examples, and to which: `examples` has eight bytes of each one's hash.

    | task | `answer`, `target` | `score` | `loss` |
    |---|---|---|---|
    | classification | classes (n) | probability of the answer | cross entropy, nats |
    | language | tokens (n, T) | share of the tokens that are right | bits a token |
    | regression | values (n, k), in their own units | squared error, summed over the k | the same |
    | reconstruction, generation | mean squared error (n); 0 normal, 1 anomaly | mean squared error | the same |

    Scores and losses are float64 (n). Raises BadInput where their numbers differ.
    """

    task: Task
    examples: Digests
    answer: Values
    target: Values
    score: Values
    loss: Values

    def __post_init__(self) -> None:
        if len({len(getattr(self, name)) for name in _FIELDS[1:]}) > 1:
            raise BadInput(f"answers and targets of different numbers of examples make no table; {_FORM}")

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def fingerprint(self) -> str:
        """What tells the examples, in their order, from others: their number, and a SHA-256."""
        return summarise(self.examples)

    @property
    def right(self) -> Values | None:
        """Whether each answer is right, bool (n), where an answer is one class; else None."""
        return self.answer == self.target if self.task is Task.CLASSIFICATION else None

    def select(self, chosen: Values) -> AnswerTable:
        """The rows at these indices, in this order."""
        rows = {name: getattr(self, name)[chosen] for name in _FIELDS[1:]}
        return AnswerTable(task=self.task, **rows)

    def metric(self, name: str) -> tuple[Rows, Statistic] | None:
        """The rows (n, columns) of a metric of `evaluate`, and what makes the metric of them; None for another name."""
        return self._metrics().get(name)

    def _metrics(self) -> Mapping[str, tuple[Rows, Statistic]]:
        if self.task in _CLASSES:
            share = self.score if self.right is None else self.right
            name = "bits per token" if self.task is Task.LANGUAGE else "cross entropy"
            return {"accuracy": (_column(share), _mean), name: (_column(self.loss), _mean)}
        if self.task is Task.REGRESSION:
            rows = value_rows(self.answer, self.target)
            return {"R2": (rows, explained_share), "RMSE": (rows, root_mean_error)}
        errors = np.stack([self.score, self.target.astype(np.float64)], axis=1)
        normal = errors[errors[:, 1] == 0]
        ranked: dict[str, tuple[Rows, Statistic]] = {"AUC": (errors, area_under_curve)}
        return {"RMSE": (normal, _root)} | (ranked if len(normal) < len(errors) else {})


def tabulate_answers(
    outputs: Array, examples: Examples, task: Task, *, digests: Digests, scaling: TargetScaling | None = None
) -> AnswerTable:
    """The outputs (n, ...) that a network gave to all examples, in order; `digests` are those of the examples.

    `scaling` as for `evaluate`, of whose metrics the table has what they are made of.
    """
    answers = iter(np.split(outputs, range(BATCH, len(examples), BATCH)))
    parts = [
        _rows(part, batch.inputs, batch.targets, task, scaling)
        for part, batch in zip(answers, examples.batches(BATCH), strict=True)
    ]
    answer, target, score, loss = (np.concatenate(column) for column in zip(*parts, strict=True))
    marks = examples.targets if task.targets_are_inputs else target
    return AnswerTable(task=task, examples=digests, answer=answer, target=marks, score=score, loss=loss)


def write_answers(table: AnswerTable, path: Path) -> None:
    """Write a table as an `.npz` file, whole or not at all; equal tables give equal bytes."""
    columns = {name: np.asarray(getattr(table, name)) for name in _FIELDS[1:]}
    write_arrays(path, {"task": np.array(table.task.value), **columns})


def read_answers(path: Path) -> AnswerTable:
    """The table that `write_answers` wrote. Raises BadInput for anything else."""
    arrays = read_arrays(path)
    if not isinstance(arrays, dict) or set(arrays) != set(_FIELDS):
        raise BadInput(f"{path} is no table of answers; {_FORM}")
    try:
        task = Task(str(arrays["task"]))
    except ValueError:
        raise BadInput(f"{path} has answers of no known task; {_FORM}") from None
    if arrays["examples"].dtype != np.int64 or any(arrays[name].ndim < 1 for name in _FIELDS[1:]):
        raise BadInput(f"{path} is no table of answers; {_FORM}")
    columns: dict[str, Values] = {name: arrays[name] for name in _FIELDS[1:]}
    return AnswerTable(task=task, **columns)


def _rows(
    outputs: Array, inputs: Array, targets: Array, task: Task, scaling: TargetScaling | None
) -> tuple[Values, Values, Values, Values]:
    """Answer, target, score and loss of a batch."""
    if task in _CLASSES:
        rows = class_rows(outputs, targets)
        answer, wanted = outputs.argmax(-1).astype(np.int32), targets.astype(np.int32)
        if task is Task.LANGUAGE:
            return answer, wanted, rows[:, 0], rows[:, 1] / math.log(2)
        return answer, wanted, softmax(outputs.astype(np.float32)).max(-1).astype(np.float64), rows[:, 1]
    if task is Task.REGRESSION:
        restore = scaling.restore if scaling else np.asarray
        values, true_values = restore(outputs.reshape(targets.shape)), restore(targets)
        errors = value_rows(values, true_values)[:, 0]
        return values, true_values, errors, errors
    errors = reconstruction_errors(outputs, inputs)
    return errors, np.zeros(len(errors)), errors, errors


def _column(values: Values) -> Rows:
    return values.astype(np.float64)[:, None]


def _mean(rows: Rows) -> float:
    return float(rows[:, 0].mean())


def _root(rows: Rows) -> float:
    return math.sqrt(float(rows[:, 0].mean()))
