"""What a network's output says at each step of a stream, by its task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.deployment.deployment import Deployment
from chipsmith.deployment.streaming.detection import Detector, Smoother
from chipsmith.deployment.streaming.settings import StreamSettings
from chipsmith.deployment.streaming.windows import StreamWindow, TokenWindow
from chipsmith.learn.data import Task
from chipsmith.learn.preprocessing import TextReader
from chipsmith.learn.validation.classes import softmax
from chipsmith.learn.validation.evaluate import reconstruction_errors
from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.units import percent

_SHOWN_CLASSES = 3


@dataclass(frozen=True, kw_only=True)
class StreamAnswer(Shown):
    """What is said at a step: as JSON, as a line, and the class that is noticed there, if one is."""

    json: Json
    line: str
    detected: str | None = None


class AnswerReader(ABC):
    """Reads the outputs of a stream's inferences, one after the other."""

    @abstractmethod
    def read(self, output: NDArray[np.float32], *, inputs: NDArray[Any], time_s: float) -> StreamAnswer:
        """The answer of the network's first output (1, ...) for `inputs` (1, ...) at a time of the stream."""


def open_answers(deployment: Deployment, settings: StreamSettings, window: StreamWindow) -> AnswerReader:
    """The reader of a deployment's answers in one stream. Raises BadInput for a rule of classes that it lacks."""
    match deployment.task:
        case Task.CLASSIFICATION:
            return _Classes(deployment, settings)
        case Task.REGRESSION:
            return _TargetValues(deployment)
        case Task.LANGUAGE:
            assert isinstance(window, TokenWindow)
            return _NextTokens(deployment, window)
    return _Errors(deployment)


class _Classes(AnswerReader):
    def __init__(self, deployment: Deployment, settings: StreamSettings) -> None:
        self._names = deployment.class_names
        rule = settings.rule
        self._smoother = None if rule is None else Smoother(rule.smooth_ms / 1e3)
        self._detector = None if rule is None else Detector(rule, self._names)

    def read(self, output: NDArray[np.float32], *, inputs: NDArray[Any], time_s: float) -> StreamAnswer:  # noqa: ARG002
        probabilities = softmax(output)[0]
        if self._smoother is not None:
            probabilities = self._smoother.step(time_s, probabilities)
        detected = None if self._detector is None else self._detector.step(time_s, probabilities)
        order = np.argsort(-probabilities, kind="stable")[:_SHOWN_CLASSES]
        best = {self._names[index]: float(probabilities[index]) for index in order}
        if detected is not None:
            best = {detected: float(probabilities[self._names.index(detected)]), **best}
        name, share = next(iter(best.items()))
        others = ", ".join(f"{other} {percent(part, 1)}" for other, part in list(best.items())[1:])
        return StreamAnswer(
            json={"class": name, "probability": share, "probabilities": best, "detected": detected},
            line=f"{name} {percent(share, 1)}" + (f" ({others})" if others else ""),
            detected=detected,
        )


class _TargetValues(AnswerReader):
    def __init__(self, deployment: Deployment) -> None:
        self._names, self._scaling = deployment.class_names, deployment.target_scaling

    def read(self, output: NDArray[np.float32], *, inputs: NDArray[Any], time_s: float) -> StreamAnswer:  # noqa: ARG002
        restored = self._scaling.restore(output) if self._scaling else output
        values = {name: float(value) for name, value in zip(self._names, restored[0], strict=True)}
        return StreamAnswer(
            json={"values": values}, line=", ".join(f"{name} {value:.4g}" for name, value in values.items())
        )


class _Errors(AnswerReader):
    def __init__(self, deployment: Deployment) -> None:
        self._threshold = deployment.anomaly_threshold

    def read(self, output: NDArray[np.float32], *, inputs: NDArray[Any], time_s: float) -> StreamAnswer:  # noqa: ARG002
        error = float(reconstruction_errors(output, inputs)[0])
        if self._threshold is None:
            return StreamAnswer(json={"error": error}, line=f"mean squared error {error:.4g}")
        verdict = "anomaly" if error > self._threshold else "normal"
        return StreamAnswer(
            json={"class": verdict, "error": error, "threshold": self._threshold},
            line=f"{verdict} (mean squared error {error:.4g}, threshold {self._threshold:.4g})",
        )


class _NextTokens(AnswerReader):
    """The likeliest next token, and how surprising the token that just came was to the inference before it."""

    def __init__(self, deployment: Deployment, window: TokenWindow) -> None:
        reader = deployment.preprocessing.reader
        assert isinstance(reader, TextReader)
        self._reader, self._window = reader, window
        self._expected: NDArray[np.float64] | None = None

    def read(self, output: NDArray[np.float32], *, inputs: NDArray[Any], time_s: float) -> StreamAnswer:  # noqa: ARG002
        last = self._window.filled - 1
        token = int(inputs[0, last])
        bits = None if self._expected is None else float(-np.log2(max(self._expected[token], 1e-300)))
        self._expected = softmax(output[0, last])
        following = int(self._expected.argmax())
        text, guess = self._reader.decode([token]), self._reader.decode([following])
        share = float(self._expected[following])
        surprise = "" if bits is None else f"{bits:.1f} bits, "
        return StreamAnswer(
            json={"token": text, "surprise_bits": bits, "next": guess, "probability": share},
            line=f"{text!r}: {surprise}next {guess!r} {percent(share, 1)}",
        )
