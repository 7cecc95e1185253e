"""Reading the columns of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from chipsmith.errors import BadInput
from chipsmith.learn.preprocessing.step import Reader, Values, printable
from chipsmith.shown import Shown

_LETTERS = 80
"""Of a cell, in a message."""
_LARGEST = float(np.finfo(np.float32).max)


class Column(Shown, BaseModel):
    """One column: numbers, or one of `categories`, each of which becomes a 0 or 1 of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    categories: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Number of values that it becomes."""
        return len(self.categories) or 1

    @property
    def value_names(self) -> tuple[str, ...]:
        """The names of the values that it becomes."""
        return tuple(f"{self.name}={category}" for category in self.categories) or (self.name,)

    def values(self, text: Any) -> list[float]:
        """Its values for one cell. Raises BadInput where that is empty, no number or an unknown category."""
        return self._one_hot(str(text)) if self.categories else [number(text, column=self.name)]

    def _one_hot(self, text: str) -> list[float]:
        if text not in self.categories:
            raise BadInput(f"column {self.name}: '{_shown(text)}' is none of {', '.join(self.categories)}")
        return [float(text == category) for category in self.categories]


class ColumnsReader(Reader):
    """A row (a mapping from column to cell) to float32 (values), the columns in this order; others are left out.

    Raises BadInput for a missing column or cell.
    """

    kind: Literal["columns"] = "columns"
    columns: tuple[Column, ...] = Field(min_length=1)

    def read(self, raw: Any) -> Values:
        """float32 (values)."""
        if not isinstance(raw, Mapping):
            raise BadInput(f"a row with the columns {', '.join(self.names)} is needed")
        missing = [name for name in self.names if name not in raw]
        if missing:
            raise BadInput(f"column {', '.join(missing)} is missing; it has {', '.join(map(str, raw))}")
        return np.array([value for column in self.columns for value in column.values(raw[column.name])], np.float32)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def worded_names(self) -> tuple[str, ...]:
        """The names of the columns of words."""
        return tuple(column.name for column in self.columns if column.categories)

    @property
    def value_names(self) -> tuple[str, ...]:
        """The names of the values that a row becomes: of a column of words one for each word, such as town=York."""
        return tuple(name for column in self.columns for name in column.value_names)


def number(text: Any, *, column: str) -> float:
    """The number in a cell, one that float32 holds. Raises BadInput, naming the column."""
    try:
        value = float(text)
    except (TypeError, ValueError) as error:
        raise BadInput(f"column {column}: '{_shown(text)}' is no number") from error
    if not math.isfinite(value):
        raise BadInput(f"column {column}: '{_shown(text)}' is no finite number")
    if abs(value) > _LARGEST:
        raise BadInput(f"column {column}: '{_shown(text)}' is beyond {_LARGEST:.3g}, which float32 ends at")
    return value


def _shown(text: Any) -> str:
    return printable(str(text)[:_LETTERS])
