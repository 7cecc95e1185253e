"""Data sets of time series: sets of the UCR and UEA archives that aeon brings, and tables of one's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.learn.data.assemble import assemble_arrays
from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.files import Row, find_file, naming, read_table
from chipsmith.learn.data.origin import Origin, RawColumns
from chipsmith.learn.data.section import DataSection
from chipsmith.learn.data.splits import Shares, Split, cut_validation
from chipsmith.learn.data.table_columns import TableColumns
from chipsmith.learn.data.targets import TableTask, Targets, by_number, class_targets, number_targets, read_numbers
from chipsmith.learn.data.task import Task
from chipsmith.learn.limits import MOST_STEPS
from chipsmith.learn.preprocessing import Fill, Preprocessing, SeriesReader, Standardise

Series = Sequence[NDArray[Any]]
"""Series (time, channels), each of its own length."""


class UcrData(DataSection):
    """A classification set of the UCR and UEA archives that ships with aeon: nothing is downloaded.

    Recipe: `data: {kind: ucr, name: JapaneseVowels}`. Inputs are float32 (time, channels), standardised a channel on
    the training part; shorter series are padded at the end with the mean, longer ones than the training part's longest
    (or than `length`) are cut. The test part is the archive's own; a share `validation` is cut from its training part,
    stratified. Whether a speaker or device is in both parts is as the archive has it.
    """

    kind: Literal["ucr"] = "ucr"
    name: str
    length: int | None = Field(default=None, ge=1, le=MOST_STEPS, description="time steps")
    validation: float = Field(default=0.2, gt=0, lt=1, description="share of the archive's training part")

    def load(self, *, seed: int) -> Dataset:
        """The data set. Raises BadInput for a name that aeon does not bring, naming those that it does."""
        training, training_labels = _read_archive(self.name, "TRAIN")
        test, test_labels = _read_archive(self.name, "TEST")
        names = tuple(sorted({*training_labels, *test_labels}, key=by_number))
        values = np.array([names.index(label) for label in (*training_labels, *test_labels)], np.int64)
        count = max(1, round(self.validation * len(training)))
        train, validation = cut_validation(values[: len(training)], count, seed=seed)
        order = len(training) + np.random.default_rng(seed).permutation(len(test))
        return _of_series(
            name=self.name,
            source=f"UCR/UEA archive, {self.name} (with aeon): its own test part, validation cut from training",
            series=[*training, *test],
            channels=[f"channel {index}" for index in range(training[0].shape[1])],
            targets=Targets(task=Task.CLASSIFICATION, names=names, values=values),
            split=Split(train=train, validation=validation, test=order),
            length=self.length,
            name_item=lambda item: f"series {item}",
        )


class SeriesTableData(DataSection):
    """Time series of one's own in a CSV file (.tsv: tabs) whose first line names the columns.

    One series a row: `data: {kind: series_table, path: beats.csv, target: rhythm}`; its steps are in the columns
    `values` (all others but target and group, in their order, where not given), and empty cells at the end make it
    shorter. One step a row: `data: {kind: series_table, path: log.csv, series: run, values: [force, speed], target:
    fault}`; rows with the same `series` are one series, in the order of the file, and `values` are its channels.

    `task` regression takes the target as a number. `group` names a column (a patient, a machine) of which no value is
    in two parts. Inputs as for `ucr`.
    """

    kind: Literal["series_table"] = "series_table"
    path: str
    target: str = Field(description="the column of a series' class or number")
    values: tuple[str, ...] | None = Field(default=None, description="the columns of steps or of channels")
    series: str | None = Field(default=None, description="the column that says of which series a row is")
    group: str | None = Field(default=None, description="the column of which no value is in two parts")
    task: TableTask = "classification"
    classes: tuple[str, ...] | None = None
    length: int | None = Field(default=None, ge=1, le=MOST_STEPS, description="time steps")
    shares: Shares = Shares()

    @property
    def table_columns(self) -> TableColumns:
        """As DataSection.table_columns."""
        return TableColumns(targets=(self.target,))

    def load(self, *, seed: int) -> Dataset:
        """The data set. Raises BadInput, naming the file and the row, for a cell that is no finite number."""
        file = find_file(self.path)
        beside = [name for name in (self.target, self.series, self.group) if name is not None]
        table = read_table(file, columns=(*beside, *(self.values or ())))
        columns = self.values or tuple(name for name in table[0] if name not in beside)
        if not columns:
            raise BadInput(f"{file} has no columns of values beside {', '.join(beside)}")
        if self.series is None:
            firsts = list(range(len(table)))
            series = [row_series(table[index], columns, file=file, row=index + 2) for index in firsts]
        else:
            runs = _runs(table, self.series)
            firsts = [run[0] for run in runs]
            series = _channels(table, runs, columns, file)
            _check_same(table, runs, [name for name in beside if name != self.series], file)
        heads = [table[index] for index in firsts]
        targets = self._targets(heads, file, [index + 2 for index in firsts])
        groups = None if self.group is None else [head[self.group] for head in heads]
        with naming(file):
            split = targets.split(self.shares, groups=groups, seed=seed)
        return _of_series(
            name=file.stem,
            source=f"{file}: {len(series)} series" + (f"; no {self.group} in two parts" if self.group else ""),
            series=series,
            channels=["value"] if self.series is None else columns,
            columns=columns if self.series is None else (),
            targets=targets,
            split=split,
            length=self.length,
            name_item=lambda item: f"the series of row {firsts[item] + 2}",
        )

    def _targets(self, heads: Sequence[Row], file: Path, rows: Sequence[int]) -> Targets:
        if self.task == "regression":
            return number_targets(heads, (self.target,), file=file, rows=rows)
        return class_targets([head[self.target] for head in heads], self.classes, file=file, rows=rows)


def row_series(cells: Row, columns: Sequence[str], *, file: Path, row: int) -> NDArray[np.float64]:
    """The series (time, 1) in the columns of one row, without empty cells at its end. Raises BadInput, naming it."""
    filled = [column for column in columns if cells[column]]
    last = columns.index(filled[-1]) + 1 if filled else 0
    if last == 0:
        raise BadInput(f"{file}, row {row}: the series is empty")
    return read_numbers([cells], columns[:last], file=file, rows=[row]).reshape(-1, 1)


def _runs(table: Sequence[Row], column: str) -> list[list[int]]:
    """The places of the rows of each series."""
    runs: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(table):
        runs[row[column]].append(index)
    return list(runs.values())


def _channels(
    table: Sequence[Row], runs: Sequence[list[int]], columns: Sequence[str], file: Path
) -> list[NDArray[np.float64]]:
    numbers = read_numbers(table, columns, file=file, rows=range(2, len(table) + 2))
    return [numbers[run] for run in runs]


def _check_same(table: Sequence[Row], runs: Sequence[list[int]], columns: Sequence[str], file: Path) -> None:
    for run in runs:
        for column in columns:
            other = next((index for index in run if table[index][column] != table[run[0]][column]), None)
            if other is not None:
                raise BadInput(f"{file}, row {other + 2}: {column} differs within one series")


def _of_series(
    *,
    name: str,
    source: str,
    series: Series,
    channels: Sequence[str],
    targets: Targets,
    split: Split,
    length: int | None,
    name_item: Callable[[int], str],
    columns: tuple[str, ...] = (),
) -> Dataset:
    longest = max(len(series[index]) for index in split.train)
    reader = SeriesReader(length=length or longest, channels=tuple(channels), columns=columns)
    padded = np.stack([reader.read(raw) for raw in series])
    preprocessing = Preprocessing(reader=reader, steps=(Standardise.fit(padded[split.train], axis=1), Fill()))
    origin = Origin(
        split=split,
        name_item=name_item,
        traits=lambda item: {"steps": float(len(series[item]))},
        columns=RawColumns(names=tuple(channels), values=padded),
        raw=lambda item: series[item],
    )
    return assemble_arrays(
        name=name, source=source, values=padded, targets=targets, origin=origin, preprocessing=preprocessing
    )


def _read_archive(name: str, part: Literal["TRAIN", "TEST"]) -> tuple[Series, list[str]]:
    """The series and the classes of one part, from the files within aeon's wheel."""
    folder = _archives()
    if name not in held_archives():
        raise BadInput(f"aeon does not bring the set {name}; it brings {', '.join(held_archives())}")
    from aeon.datasets import load_from_ts_file

    series, labels = load_from_ts_file(str(folder / name / f"{name}_{part}.ts"))
    return [np.asarray(channels, np.float64).T for channels in series], [str(label) for label in labels]


def held_archives() -> tuple[str, ...]:
    """The names of the classification sets that aeon brings. Raises BadInput where it is not installed."""
    folders = sorted(entry for entry in _archives().iterdir() if entry.is_dir())
    return tuple(folder.name for folder in folders if _is_classification(folder))


def _is_classification(folder: Path) -> bool:
    files = [folder / f"{folder.name}_{part}.ts" for part in ("TRAIN", "TEST")]
    if not all(file.is_file() for file in files):
        return False
    return "@classlabel true" in files[0].read_text(errors="replace")[:20_000].lower()


def _archives() -> Path:
    require_package("aeon", extra="data", task="load sets of the UCR archive")
    module = find_spec("aeon.datasets")
    assert module is not None
    assert module.origin is not None
    return Path(module.origin).parent / "data"
