"""What a Program answers to raw data: one Prediction an example, and all of them with how good they are."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from chipsmith.learn.data import Task
from chipsmith.learn.data.raw import Label
from chipsmith.learn.data.raw_folder import SkippedFile
from chipsmith.learn.likeness import Likeness, Unlike
from chipsmith.learn.validation.evaluate import Metrics
from chipsmith.program.program import Program
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Pictured, Shown
from chipsmith.units import format_time

MOST_PAIRS = 20
"""Pairs of classes that are taken for one another, in JSON."""


@dataclass(frozen=True, kw_only=True)
class Prediction(Shown):
    """The answer for one example: `answer` goes to JSON, `line` says it to people.

    `label` is the answer that is right, where it is known; `unlike` says why the input is unlike the training data, and
    is None where it is like them, or these are not known.
    """

    input: str
    answer: Json
    line: str
    label: Label | None = None
    unlike: Unlike | None = None

    @property
    def right(self) -> bool | None:
        """Whether the class is that of the label; None where there is no label, or no class."""
        return None if self.label is None or "class" not in self.answer else self.answer["class"] == self.label

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be said of the input before its answer is believed."""
        return () if self.unlike is None else (self.unlike.sentence,)

    def to_json(self) -> Json:
        """One of `predictions` in the object of `chipsmith predict --json`."""
        label = {} if self.label is None else {"label": self.label}
        right = {} if self.right is None else {"right": self.right}
        unlike = {} if self.unlike is None else {"unlike": self.unlike.to_json()}
        return {"input": self.input, **self.answer, **label, **right, "warnings": list(self.warnings), **unlike}


@dataclass(frozen=True, kw_only=True)
class Predicted(Pictured):
    """Answers of a Program; `latency_cycles` is of one inference, cold, and `inferences` were executed in all.

    `metrics` are of the examples with a label, where there are some; `skipped` are files of a folder that could not be
    read; `likeness` is what the program knows of its training data.
    """

    program: Program
    task: Task
    predictions: tuple[Prediction, ...]
    inferences: int
    latency_cycles: int
    metrics: Metrics | None = None
    skipped: tuple[SkippedFile, ...] = ()
    likeness: Likeness | None = None

    def _brief(self) -> str:
        chip = self.program.chip.name
        answers = "; ".join(f"{row.input}: {row.line}" for row in self.predictions[:2])
        more = f"; {len(self.predictions) - 2} more" if len(self.predictions) > 2 else ""
        return f"{answers}{more}; {format_time(self.latency_us)} each on {chip} (simulated)"

    @property
    def latency_us(self) -> float:
        """Time of one inference on the chip, in microseconds."""
        return self.latency_cycles / self.program.chip.clock_mhz

    @property
    def wrong(self) -> tuple[Prediction, ...]:
        """The examples whose class is not that of their label."""
        return tuple(prediction for prediction in self.predictions if prediction.right is False)

    @property
    def warned(self) -> tuple[Prediction, ...]:
        """The examples that are unlike the training data."""
        return tuple(prediction for prediction in self.predictions if prediction.unlike is not None)

    @property
    def confused(self) -> tuple[tuple[str, str, int], ...]:
        """Label, answer and how often, of the wrong ones, the most frequent first."""
        pairs = Counter((str(prediction.label), str(prediction.answer["class"])) for prediction in self.wrong)
        return tuple((label, answer, count) for (label, answer), count in pairs.most_common())

    def to_json(self) -> Json:
        """The object of `chipsmith predict --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "network": self.program.manifest.network,
            **self.program.chip.identity,
            "task": self.task.value,
            "inferences": self.inferences,
            "latency_cycles": self.latency_cycles,
            "latency_us": self.latency_us,
            **self._judged(),
            **self._warned(),
            "skipped": [{"input": skipped.name, "reason": skipped.reason} for skipped in self.skipped],
            "predictions": [prediction.to_json() for prediction in self.predictions],
        }

    def _judged(self) -> Json:
        if self.metrics is None:
            return {}
        metrics = {"labelled": self.metrics.primary_metric.count, "metrics": [asdict(m) for m in self.metrics.metrics]}
        if self.task is not Task.CLASSIFICATION:
            return metrics
        confused = [dict(zip(("label", "answer", "count"), pair, strict=True)) for pair in self.confused[:MOST_PAIRS]]
        return {**metrics, "wrong": [prediction.input for prediction in self.wrong], "confused": confused}

    def _warned(self) -> Json:
        if self.likeness is None:
            return {}
        known = {"tested": self.likeness.tested, "warned": self.likeness.test_warned}
        return {"warned": len(self.warned), "warned_of_own_test_part": known}

    def to_csv(self) -> str:
        """A line an example: input, answer, label, whether it is right, warnings."""
        flat = [_flat(prediction.answer) for prediction in self.predictions]
        names = list(dict.fromkeys(name for row in flat for name in row))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["input", *names, "label", "right", "warnings"])
        for prediction, row in zip(self.predictions, flat, strict=True):
            label = prediction.label
            shown = " ".join(map(str, label)) if isinstance(label, tuple) else label
            right = "" if prediction.right is None else str(prediction.right).lower()
            cells = [row.get(name, "") for name in names]
            writer.writerow([prediction.input, *cells, shown, right, " ".join(prediction.warnings)])
        return text.getvalue()

    def to_file(self, suffix: str) -> str:
        """The text of a file of answers: CSV, or JSON for `.json`."""
        return json.dumps(self.to_json(), indent=2) + "\n" if suffix == ".json" else self.to_csv()


def _flat(answer: Json) -> dict[str, object]:
    """Numbers by name stand beside the rest; probabilities of other classes are left out."""
    flat: dict[str, object] = {}
    for name, value in answer.items():
        if isinstance(value, Mapping):
            flat |= value if name == "values" else {}
        else:
            flat[name] = value
    return flat
