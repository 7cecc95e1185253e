"""The technology tables: one CSV a kind of constant, each row with its source and status."""

from __future__ import annotations

import csv
import functools
from importlib import resources

from chipsmith.chip.sourced import Sourced, Status

Row = dict[str, str]


@functools.cache
def read_table(name: str) -> tuple[Row, ...]:
    """The rows of the package's table `name` (without suffix), as texts by column."""
    text = (resources.files(__name__) / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def sourced(row: Row, *, column: str, unit: str) -> Sourced:
    """A cell of a table with its row's source and status."""
    return Sourced(value=float(row[column]), unit=unit, source=row["source"], status=Status[row["status"]])
