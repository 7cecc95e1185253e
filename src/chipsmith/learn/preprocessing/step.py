"""The two kinds of steps from raw data to a network's input: one that reads, then any number that reckon."""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from chipsmith.shown import Shown

Values = NDArray[Any]

_SHOWN = 1_000
"""Letters of a text in a message."""


class _PreprocessingStep(Shown, BaseModel, ABC):
    """A frozen step that goes to JSON and back."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Reader(_PreprocessingStep):
    """Makes one array, always of the same shape and type, of one raw example."""

    @abstractmethod
    def read(self, raw: Any) -> Values:
        """The array of one example; `raw` is a file's path, or what the reader says. Raises BadInput."""

    @property
    def vocabulary_size(self) -> int | None:
        """Number of different tokens, where the reader makes tokens."""
        return None


class ArrayStep(_PreprocessingStep):
    """Reckons with the arrays of many examples at once, each as it would alone."""

    @abstractmethod
    def apply(self, values: Values) -> Values:
        """Values (n, ...) to float32 (n, ...)."""


def named(raw: Any) -> str:
    """How a message names a raw example."""
    if isinstance(raw, (str, Path)):
        return printable(str(raw))
    return f"{raw.dtype} of shape {list(raw.shape)}" if isinstance(raw, np.ndarray) else type(raw).__name__


def printable(text: str) -> str:
    """A text of a file or its name as a message shows it: without what would move a terminal's cursor, and not long."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return "".join(_escaped(letter) if is_control(letter) else letter for letter in shown)


def is_control(letter: str) -> bool:
    """Whether it is a control character, or half of a surrogate pair, which no terminal, page or file of JSON shows."""
    return unicodedata.category(letter) in ("Cc", "Cs")


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")
