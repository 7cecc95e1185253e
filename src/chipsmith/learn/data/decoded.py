"""Data sets whose examples are files that are decoded as they are asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from chipsmith.learn.data.dataset import Dataset
from chipsmith.learn.data.examples import Decoder, Indices
from chipsmith.learn.data.origin import Origin
from chipsmith.learn.data.section import DataSection


@dataclass(frozen=True, kw_only=True, eq=False)
class Undecoded:
    """Files that are listed and split, before all of them are decoded: `labels` int64 (n) are their classes.

    `decoder` decodes an item as it was before it is scaled, and keeps it for `fit`, which makes the data set.
    """

    decoder: Decoder
    origin: Origin
    labels: Indices
    fit: Callable[[], Dataset]


class DecodedSection(DataSection):
    """The settings of a data set whose files can be looked at one by one before anything is fitted to them."""

    @abstractmethod
    def open(self, *, seed: int) -> Undecoded:
        """The files, listed and split by `seed`. Raises BadInput, naming the file or folder."""

    def load(self, *, seed: int) -> Dataset:
        """The data set. Raises BadInput, naming the file, for what cannot be read or is changed meanwhile."""
        return self.open(seed=seed).fit()
