"""Data sets of features: tables of one's own, and the sets that scikit-learn brings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.learn.data.assemble import array_parts, assemble, assemble_arrays
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.files import Row, find_file, naming, read_table
from chipsmith.learn.data.images import BRIGHTEST, unit_scale
from chipsmith.learn.data.origin import Origin, RawColumns
from chipsmith.learn.data.section import DataSection
from chipsmith.learn.data.splits import Shares, Split
from chipsmith.learn.data.table_columns import TableColumns
from chipsmith.learn.data.targets import TableTask, Targets, class_targets, number_targets
from chipsmith.learn.data.task import Task
from chipsmith.learn.data.unreadable import read_each
from chipsmith.learn.preprocessing import Column, ColumnsReader, ImageReader, Preprocessing, Standardise

MOST_CATEGORIES = 50
"""Different words in a column of a table, each of which becomes an input of its own."""
_BRIGHTEST_8X8 = 16


class TableData(DataSection):
    """A CSV file (.tsv: tabs) whose first line names the columns: some features, one class or some numbers.

    Recipe: `data: {kind: table, path: houses.csv, target: price, task: regression}`. `features` are all other columns
    where not given; a column of numbers is one input, a column of words one of 0 or 1 for each word that the training
    part has. Inputs float32 (values) are standardised on the training part, and so are the numbers of a regression,
    which may have several targets. `group` names a column of which no value is in two parts; else the split is
    stratified (classes) or random (numbers).
    """

    kind: Literal["table"] = "table"
    path: str
    target: str | tuple[str, ...] = Field(description="the column of the class, or the columns of the numbers")
    features: tuple[str, ...] | None = None
    group: str | None = Field(default=None, description="the column of which no value is in two parts")
    task: TableTask = "classification"
    classes: tuple[str, ...] | None = None
    shares: Shares = Shares()

    @property
    def table_columns(self) -> TableColumns:
        """As DataSection.table_columns."""
        return TableColumns(targets=(self.target,) if isinstance(self.target, str) else self.target)

    def load(self, *, seed: int) -> Dataset:
        """The data set. Raises BadInput, naming the file and the row, for an empty cell or what is no number."""
        file = find_file(self.path)
        targeted = (self.target,) if isinstance(self.target, str) else self.target
        beside = (*targeted, *((self.group,) if self.group else ()))
        table = read_table(file, columns=(*beside, *(self.features or ())))
        features = self.features or tuple(name for name in table[0] if name not in beside)
        if not features:
            raise BadInput(f"{file} has no columns of features beside {', '.join(beside)}")
        targets = self._targets(table, targeted, file)
        groups = None if self.group is None else [row[self.group] for row in table]
        with naming(file):
            split = targets.split(self.shares, groups=groups, seed=seed)
        reader = ColumnsReader(columns=tuple(_column(name, table, file) for name in features))
        return _of_features(
            name=file.stem,
            source=f"{file}: {len(table)} rows" + (f"; no {self.group} in two parts" if self.group else ""),
            values=read_rows(reader, table, file),
            reader=reader,
            targets=targets,
            split=split,
            name_item=lambda item: f"row {item + 2}",
            raw=table.__getitem__,
        )

    def _targets(self, table: Sequence[Row], columns: Sequence[str], file: Path) -> Targets:
        rows = range(2, len(table) + 2)
        if self.task == "regression":
            return number_targets(table, columns, file=file, rows=rows)
        if len(columns) != 1:
            raise BadInput(f"a classification has one target column, not {', '.join(columns)}")
        return class_targets([row[columns[0]] for row in table], self.classes, file=file, rows=rows)


class SklearnData(DataSection):
    """A small set that scikit-learn brings. Recipe: `data: {kind: sklearn, name: diabetes}`.

    Regression: diabetes, linnerud (three targets, 20 rows). Classification: breast_cancer, wine, iris, and digits8x8,
    whose inputs are images (1, 8, 8) from 0 to 1. The split is stratified (classes) or random (numbers); features and
    the numbers of a regression are standardised on the training part.
    """

    kind: Literal["sklearn"] = "sklearn"
    name: Literal["breast_cancer", "diabetes", "digits8x8", "iris", "linnerud", "wine"]
    shares: Shares = Shares()

    def load(self, *, seed: int) -> Dataset:
        """The data set. Raises BadInput where scikit-learn is not installed."""
        require_package("sklearn", extra="torch", task="load its data sets")
        targets, values, features = _read_sklearn(self.name)
        split = targets.split(self.shares, groups=None, seed=seed)
        source = f"scikit-learn's {self.name}, {len(values)} rows"
        if self.name == "digits8x8":
            return _digits8x8(values, targets, split, source)
        return _of_features(
            name=self.name,
            source=source,
            values=values,
            reader=ColumnsReader(columns=tuple(Column(name=feature) for feature in features)),
            targets=targets,
            split=split,
            name_item=lambda item: f"row {item}",
            raw=lambda item: dict(zip(features, values[item].tolist(), strict=True)),
        )


def read_rows(reader: ColumnsReader, table: Sequence[Row], file: Path) -> NDArray[np.float32]:
    """The values (n, k) of rows. Raises BadInput, naming the file, the row, and how many rows are like it."""
    return np.stack(read_each(list(enumerate(table, start=2)), lambda row: _read_row(reader, row[1], file, row[0])))


def _read_row(reader: ColumnsReader, cells: Row, file: Path, row: int) -> NDArray[np.float32]:
    with naming(f"{file}, row {row}"):
        return reader.read(cells)


def _column(name: str, table: Sequence[Row], file: Path) -> Column:
    """A column of numbers, or of words where no cell is a number. Raises BadInput for too many words."""
    cells = {row[name] for row in table}
    if any(_is_number(cell) for cell in cells) or "" in cells:
        return Column(name=name)
    if len(cells) > MOST_CATEGORIES:
        raise BadInput(f"{file}: column {name} has {len(cells)} different words; {MOST_CATEGORIES} are held")
    return Column(name=name, categories=tuple(sorted(cells)))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _of_features(
    *,
    name: str,
    source: str,
    values: NDArray[Any],
    reader: ColumnsReader,
    targets: Targets,
    split: Split,
    name_item: Callable[[int], str],
    raw: Callable[[int], Row] | Callable[[int], dict[str, float]],
) -> Dataset:
    preprocessing = Preprocessing(reader=reader, steps=(Standardise.fit(values[split.train], axis=0),))
    columns = RawColumns(names=reader.value_names, values=values)
    return assemble_arrays(
        name=name,
        source=source,
        values=values,
        targets=targets,
        origin=Origin(split=split, name_item=name_item, columns=columns, raw=raw),
        preprocessing=preprocessing,
    )


def _read_sklearn(name: str) -> tuple[Targets, NDArray[np.float32], list[str]]:
    """Targets, values (n, k) and the names of the features."""
    from sklearn import datasets

    if name == "diabetes":
        bunch = datasets.load_diabetes(scaled=False)
        return _numbers(bunch.target[:, None], ["progression"]), bunch.data.astype(np.float32), bunch.feature_names
    if name == "linnerud":
        bunch = datasets.load_linnerud()
        return _numbers(bunch.target, bunch.target_names), bunch.data.astype(np.float32), bunch.feature_names
    loaders = {
        "breast_cancer": datasets.load_breast_cancer,
        "digits8x8": datasets.load_digits,
        "iris": datasets.load_iris,
        "wine": datasets.load_wine,
    }
    bunch = loaders[name]()
    names = tuple(str(name) for name in bunch.target_names)
    targets = Targets(task=Task.CLASSIFICATION, names=names, values=bunch.target.astype(np.int64))
    return targets, bunch.data.astype(np.float32), [str(name) for name in bunch.feature_names]


def _numbers(values: NDArray[Any], names: Sequence[str]) -> Targets:
    return Targets(task=Task.REGRESSION, names=tuple(names), values=values.astype(np.float64))


def _digits8x8(values: NDArray[np.float32], targets: Targets, split: Split, source: str) -> Dataset:
    """Its 17 grey values as the nearest of 256, as an image file has them."""
    pixels = np.rint(values * (BRIGHTEST / _BRIGHTEST_8X8)).astype(np.uint8).reshape(-1, 1, 8, 8)
    reader = ImageReader(height=8, width=8, channels=1, resize=True)
    preprocessing = Preprocessing(reader=reader, steps=(unit_scale(1),))
    return assemble(
        name="digits8x8",
        source=source,
        class_names=targets.names,
        parts=array_parts(preprocessing.finish(pixels), targets.values, split),
        preprocessing=preprocessing,
        origin=Origin(split=split, name_item=lambda item: f"image {item}", raw=lambda item: pixels[item]),
    )
