"""Reading time series."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.learn.limits import MOST_STEPS
from chipsmith.learn.preprocessing.step import ArrayStep, Reader, Values, named


class SeriesReader(Reader):
    """A series (time, channels) of any length to float32 (length, channels): cut at the end, or padded there with NaN.

    `channels` names the channels; `columns`, where it is not empty, the columns of a table that hold the steps of a
    series of one channel in one row. Raises BadInput for another number of channels, for no steps, or numbers that are
    not finite.
    """

    kind: Literal["series"] = "series"
    length: int = Field(ge=1, le=MOST_STEPS)
    channels: tuple[str, ...] = Field(min_length=1)
    columns: tuple[str, ...] = ()

    def read(self, raw: Any) -> Values:
        """float32 (length, channels)."""
        values = np.asarray(raw)
        if values.ndim != 2 or values.shape[1] != len(self.channels) or len(values) == 0:
            raise BadInput(f"{named(raw)} is no series of {len(self.channels)} channels ({', '.join(self.channels)})")
        if not np.isfinite(values).all():
            raise BadInput("a series must be finite numbers")
        padded = np.full((self.length, len(self.channels)), np.nan, np.float32)
        kept = values[: self.length]
        padded[: len(kept)] = kept
        return padded


class Fill(ArrayStep):
    """Puts `value` where there is nothing (NaN): the padding of a series, which after standardising is the mean."""

    kind: Literal["fill"] = "fill"
    value: float = 0.0

    def apply(self, values: Values) -> Values:
        """As ArrayStep.apply."""
        return np.where(np.isnan(values), np.float32(self.value), values).astype(np.float32)
