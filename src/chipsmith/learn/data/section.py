"""What the settings of all data sets have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

from pydantic import BaseModel, ConfigDict

from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.table_columns import NO_COLUMNS, TableColumns
from chipsmith.shown import Shown


class DataSection(Shown, BaseModel, ABC):
    """The `data:` section of a recipe: frozen, without unknown keys; `kind` says which data set it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def table_columns(self) -> TableColumns:
        """The columns of the table that it is read from; none where it is no table."""
        return NO_COLUMNS

    @abstractmethod
    def load(self, *, seed: int) -> Dataset:
        """The data set, split by `seed`. Raises BadInput, naming the file, where something cannot be read."""
