"""Values: their ranges by column or channel, and columns that say nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.data_report import ColumnRange, DataFinding, FindingKind, Severity
from chipsmith.learn.data import Task
from chipsmith.learn.data.origin import RawColumns
from chipsmith.learn.inspection.inspected_parts import TRAINING, InspectedParts
from chipsmith.units import percent

NEARLY = 0.995
"""Share of the training examples with the same value from which on a column is nearly constant."""
_SHOWN = 5


def value_ranges(parts: InspectedParts) -> tuple[ColumnRange, ...]:
    """The range of each column (or of the inputs as a whole) and of each number that is to be predicted."""
    return (*_input_ranges(parts), *_target_ranges(parts))


def find_constant_columns(parts: InspectedParts) -> Iterator[DataFinding]:
    """Columns with a single value in the training part, and columns that nearly always have the same."""
    origin = parts.dataset.origin
    if origin is None or origin.columns is None:
        return
    shares = [_commonest_share(column) for column in _each(origin.columns, origin.split.train)]
    constant = [name for name, share in zip(origin.columns.names, shares, strict=True) if share == 1]
    nearly = [name for name, share in zip(origin.columns.names, shares, strict=True) if NEARLY <= share < 1]
    if constant:
        yield _said(constant, Severity.WARNING, "a single value in the training part: it tells nothing")
    if nearly:
        yield _said(nearly, Severity.NOTE, f"the same value in {percent(NEARLY, 1)} or more of the training part")


def _said(names: Sequence[str], severity: Severity, what: str) -> DataFinding:
    shown = ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
    subject = f"column {shown} has" if len(names) == 1 else f"{len(names)} columns ({shown}) have"
    return DataFinding(
        severity=severity,
        kind=FindingKind.CONSTANT,
        message=f"{subject} {what}",
        count=len(names),
        examples=tuple(names),
    )


def _input_ranges(parts: InspectedParts) -> Iterator[ColumnRange]:
    origin = parts.dataset.origin
    if origin is not None and origin.columns is not None:
        columns = origin.columns
        for name, values in zip(columns.names, _each(columns, np.arange(len(columns.values))), strict=True):
            yield _range(name, values)
    elif parts.dataset.input_dtype == "float32":
        looked = parts.part(TRAINING).looked
        yield ColumnRange(
            name="values as decoded" if parts.decoded else "inputs of the network",
            lowest=float(looked.lowest.min()),
            mean=float(looked.mean.mean()),
            highest=float(looked.highest.max()),
        )


def _target_ranges(parts: InspectedParts) -> Iterator[ColumnRange]:
    dataset = parts.dataset
    if dataset.task is Task.REGRESSION and dataset.target_scaling is not None:
        every = np.concatenate([part.examples.targets for part in parts.parts])
        for name, values in zip(dataset.class_names, dataset.target_scaling.restore(every).T, strict=True):
            yield _range(f"{name} (target)", values)


def _each(columns: RawColumns, items: NDArray[np.int64]) -> Iterator[NDArray[Any]]:
    """The values of each column of some items, those alone that are numbers: a series may end early."""
    for index in range(len(columns.names)):
        values = columns.values[items][..., index].ravel()
        yield values[np.isfinite(values)]


def _range(name: str, values: NDArray[Any]) -> ColumnRange:
    return ColumnRange(
        name=name,
        lowest=float(values.min()),
        mean=float(values.mean(dtype=np.float64)),
        highest=float(values.max()),
        distinct=len(np.unique(values)),
    )


def _commonest_share(values: NDArray[Any]) -> float:
    _, counts = np.unique(values, return_counts=True)
    return float(counts.max() / len(values))
