"""Traits of numbers: each feature of a row, and of each channel of a series its level, spread, ends and roughness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chipsmith.learn.likeness.trait import Trait, TraitValues
from chipsmith.learn.preprocessing import ColumnsReader, SeriesReader

MOST_CHANNELS = 32
"""Channels or features that have traits of their own."""
_RANGE = "({value}, in training {low} to {high})"
_OF_CHANNEL = {
    "mean": ("a higher mean", "a lower mean"),
    "deviation": ("a larger deviation", "a smaller deviation"),
    "highest": ("a higher highest value", "a lower highest value"),
    "lowest": ("a higher lowest value", "a lower lowest value"),
    "roughness": ("larger steps from value to value", "smaller steps from value to value"),
}
_STEPS = Trait(
    more="longer ({value} steps, in training {low} to {high}); what is beyond the network's length is cut",
    less="shorter ({value} steps, in training {low} to {high})",
    resolution=1.0,
    form=",.0f",
)
_LEAST = 1e-9
"""Resolution of a number of which nothing is known."""


def row_traits(reader: ColumnsReader) -> dict[str, Trait]:
    """The traits of a row: its columns of numbers. A word that is not known is refused by the reader itself."""
    return {
        column.name: Trait(
            more=f"{column.name} is higher {_RANGE}",
            less=f"{column.name} is lower {_RANGE}",
            resolution=_LEAST,
            form=".4g",
        )
        for column in reader.columns
        if not column.categories
    }


def measure_row(reader: ColumnsReader, raw: Any) -> TraitValues:
    """The traits of a row, a mapping from column to cell. Raises BadInput."""
    return {column.name: column.values(raw[column.name])[0] for column in reader.columns if not column.categories}


def series_traits(reader: SeriesReader) -> dict[str, Trait]:
    """The traits of a series: its steps, and five of each channel."""
    return {"steps": _STEPS, **{name: trait for channel in _channels(reader) for name, trait in _of_channel(channel)}}


def measure_series(reader: SeriesReader, raw: Any) -> TraitValues:
    """The traits of a series (time, channels); NaN at its end is padding. Raises BadInput."""
    values = np.asarray(raw, np.float64)
    values = values[~np.isnan(values).all(axis=1)]
    reader.read(values)
    steps = np.abs(np.diff(values, axis=0)).mean(axis=0) if len(values) > 1 else np.zeros(values.shape[1])
    measured = {"steps": float(len(values))}
    for index, channel in enumerate(_channels(reader)):
        column = values[:, index]
        figures = (column.mean(), column.std(), column.max(), column.min(), steps[index])
        measured |= {_name(channel, kind): float(x) for kind, x in zip(_OF_CHANNEL, figures, strict=True)}
    return measured


def _channels(reader: SeriesReader) -> tuple[str, ...]:
    return reader.channels[:MOST_CHANNELS]


def _of_channel(channel: str) -> Iterator[tuple[str, Trait]]:
    for kind, (more, less) in _OF_CHANNEL.items():
        yield (
            _name(channel, kind),
            Trait(
                more=f"{channel} has {more} {_RANGE}",
                less=f"{channel} has {less} {_RANGE}",
                resolution=_LEAST,
                form=".4g",
            ),
        )


def _name(channel: str, kind: str) -> str:
    return f"{channel}: {kind}"
