"""Targets as they stand in tables: classes to numbers, numbers to a common scale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.data.dataset import TargetScaling
from chipsmith.learn.data.examples import Indices
from chipsmith.learn.data.files import FEWEST, Row, naming
from chipsmith.learn.data.splits import Shares, Split, draw_groups, split_random, split_stratified
from chipsmith.learn.data.task import Task
from chipsmith.learn.data.unreadable import read_each
from chipsmith.learn.preprocessing.columns import number
from chipsmith.learn.preprocessing.step import is_control, printable

TableTask = Literal["classification", "regression"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Targets:
    """Classes int64 (n) or numbers float64 (n, k) of examples, and the names of the classes or of the numbers."""

    task: Task
    names: tuple[str, ...]
    values: NDArray[Any]

    def split(self, shares: Shares, *, groups: Sequence[str] | None, seed: int) -> Split:
        """Three parts: whole groups held out where there are groups, else stratified by class, else at random."""
        if groups is not None:
            return draw_groups(groups, shares, seed=seed)
        counts = shares.counts(len(self.values))
        if self.task is Task.CLASSIFICATION:
            return split_stratified(self.values, counts, seed=seed)
        return split_random(len(self.values), counts, seed=seed)

    def scaled(self, train: Indices) -> tuple[NDArray[Any], TargetScaling | None]:
        """Classes as they are; numbers float32, standardised on the training part, and how."""
        if self.task is Task.CLASSIFICATION:
            return self.values, None
        known = self.values[train]
        std = np.where(known.std(axis=0) > 0, known.std(axis=0), 1.0)
        scaling = TargetScaling(mean=tuple(known.mean(axis=0).tolist()), std=tuple(std.tolist()))
        return scaling.scale(self.values), scaling


def class_targets(cells: Sequence[str], classes: Sequence[str] | None, *, file: Path, rows: Sequence[int]) -> Targets:
    """The class of each cell; the classes are in the order of `classes`, or else sorted.

    Raises BadInput, naming the file and the row (`rows` numbers the cells' rows), for an empty cell or one that is none
    of `classes`, for fewer than two classes, and for one with fewer than FEWEST examples.
    """
    names = tuple(classes) if classes else tuple(sorted(set(cells), key=by_number))
    numbers = {name: index for index, name in enumerate(names)}
    for row, cell in zip(rows, cells, strict=True):
        if not cell:
            raise BadInput(f"{file}, row {row}: the label is empty")
        if cell not in numbers:
            raise BadInput(f"{file}, row {row}: label '{printable(cell)}' is none of the classes {', '.join(names)}")
    _check_counts(Counter(cells), names, file)
    _check_printable(names, file)
    values = np.array([numbers[cell] for cell in cells], np.int64)
    return Targets(task=Task.CLASSIFICATION, names=names, values=values)


def number_targets(table: Sequence[Row], columns: Sequence[str], *, file: Path, rows: Sequence[int]) -> Targets:
    """The numbers in these columns. Raises BadInput, naming the file and the row, for what is no finite number."""
    values = read_numbers(table, columns, file=file, rows=rows)
    return Targets(task=Task.REGRESSION, names=tuple(columns), values=values)


def read_numbers(
    table: Sequence[Row], columns: Sequence[str], *, file: Path, rows: Sequence[int]
) -> NDArray[np.float64]:
    """The finite numbers of these columns (n, k). Raises BadInput, naming the file, the row and the column."""
    numbered = list(zip(rows, table, strict=True))
    return np.array(read_each(numbered, lambda row: _row_numbers(row[1], columns, file, row[0]))).reshape(
        len(table), len(columns)
    )


def _row_numbers(cells: Row, columns: Sequence[str], file: Path, row: int) -> list[float]:
    with naming(f"{file}, row {row}"):
        return [number(cells[column], column=column) for column in columns]


def by_number(name: str) -> tuple[bool, float, str]:
    """A key that sorts numbers by their value, before words by their letters."""
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name


def _check_printable(names: Sequence[str], file: Path) -> None:
    for name in names:
        if any(map(is_control, name)):
            raise BadInput(f"{file}: the class '{printable(name)}' cannot be printed; rename it")


def _check_counts(counts: Counter[str], names: Sequence[str], file: Path) -> None:
    if len(names) < 2:
        raise BadInput(f"{file} has one class alone ({', '.join(names)}); two or more are needed")
    few = [f"{name} ({counts[name]})" for name in names if counts[name] < FEWEST]
    if few:
        shown = ", ".join(few[:5]) + (" ..." if len(few) > 5 else "")
        raise BadInput(f"{file}: a class needs {FEWEST} examples or more, which these do not have: {shown}")
