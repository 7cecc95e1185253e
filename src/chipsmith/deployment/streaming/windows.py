"""What a network is given at each step of a stream: the window of the latest samples, rows or tokens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.deployment.streaming.spectra import SlidingSpectra
from chipsmith.learn.preprocessing import LogMel, Mfcc, Preprocessing, SeriesReader, SoundReader, TextReader

Values = NDArray[Any]


class StreamWindow(ABC):
    """The latest of a stream. `push` takes what is new, `inputs` makes the network's input (1, ...) of the window.

    `seen` counts what was pushed, in samples, rows or tokens; `end` is where the window ends, counted likewise.
    `incremental`: what was reckoned of a piece is kept for the next window. `length` is how much the window takes.
    """

    seen: int = 0
    incremental: bool = True
    length: int = 1

    @property
    def full(self) -> bool:
        """Whether the stream fills the window; before that the rest is silence, or padding."""
        return self.end >= self.length

    @property
    def end(self) -> int:
        """Where the window ends: all that was seen, unless windows lie on a grid."""
        return self.seen

    @abstractmethod
    def push(self, new: Any) -> None:
        """Take the next piece."""

    @abstractmethod
    def inputs(self) -> Values:
        """The network's input of the window as it is now, with a batch of one."""


class SoundWindow(StreamWindow):
    """The latest samples, with silence before the stream's first; windows end at whole hops of the spectrum.

    Where the recipe stretches each sound to a number of spectra, each window is preprocessed as a whole (`incremental`
    is false): its length is known only with its last sample.
    """

    def __init__(self, preprocessing: Preprocessing, reader: SoundReader) -> None:
        self._preprocessing, self.length = preprocessing, reader.samples
        first = preprocessing.steps[0] if preprocessing.steps else None
        self._step = first if isinstance(first, LogMel | Mfcc) else None
        self.incremental = self._step is not None and self._step.frames is None
        self._hop = self._step.hop if self._step is not None and self.incremental else 1
        self._spectra = SlidingSpectra(self._step, length=self.length) if self._step and self.incremental else None
        self._sound = np.zeros(self.length + self._hop, np.float32)
        self._last = 0
        self.inputs()  # of silence: libraries load now, and no hop waits for them

    @property
    def end(self) -> int:
        """The last whole hop of the spectrum."""
        return self.seen // self._hop * self._hop

    def push(self, new: Values) -> None:
        """The next samples: float32 (n)."""
        kept = len(self._sound)
        self._sound = np.concatenate([self._sound, new])[-kept:]
        self.seen += len(new)

    def window(self) -> Values:
        """float32 (samples): the latest that end at `end`."""
        stop = len(self._sound) - (self.seen - self.end)
        return self._sound[stop - self.length : stop]

    def inputs(self) -> Values:
        """As StreamWindow.inputs."""
        window, end = self.window(), self.end
        if self._spectra is None or self._step is None:
            return self._preprocessing.finish(window[None])
        bands = self._spectra.bands(window, moved=(end - self._last) // self._hop)
        self._last = end
        return self._finish(bands)

    def _finish(self, bands: Values) -> Values:
        assert self._step is not None
        values = self._step.lay_out(self._step.finish_bands(bands)[None].astype(np.float32))
        for step in self._preprocessing.steps[1:]:
            values = step.apply(values)
        return np.require(values, requirements="C")


class SeriesWindow(StreamWindow):
    """The latest rows of a series. Before it is full it begins with the stream and is padded behind, as in training."""

    def __init__(self, preprocessing: Preprocessing, reader: SeriesReader) -> None:
        self._preprocessing, self.length, self._width = preprocessing, reader.length, len(reader.channels)
        self._rows = np.zeros((0, self._width), np.float32)

    def push(self, new: Values) -> None:
        """The next rows: float32 (n, channels)."""
        self._rows = np.concatenate([self._rows, new])[-self.length :]
        self.seen += len(new)

    def inputs(self) -> Values:
        """As StreamWindow.inputs."""
        return self._preprocessing.apply(self._rows)[None]


class RowWindow(StreamWindow):
    """The latest row of a table: each is an example of its own. What is pushed is a mapping from column to cell."""

    def __init__(self, preprocessing: Preprocessing) -> None:
        self._preprocessing = preprocessing
        self._row: dict[str, str] = {}

    def push(self, new: dict[str, str]) -> None:
        """The next row."""
        self._row = new
        self.seen += 1

    def inputs(self) -> Values:
        """As StreamWindow.inputs."""
        return self._preprocessing.apply(self._row)[None]


class TokenWindow(StreamWindow):
    """The latest tokens of a text, padded behind while there are fewer, as in training."""

    def __init__(self, reader: TextReader) -> None:
        self._reader, self.length = reader, reader.length
        self._tokens: list[int] = []

    def push(self, new: Sequence[int]) -> None:
        """The next tokens."""
        self._tokens = [*self._tokens, *new][-self.length :]
        self.seen += len(new)

    @property
    def filled(self) -> int:
        """How many of the window's places have a token."""
        return len(self._tokens)

    def inputs(self) -> Values:
        """As StreamWindow.inputs."""
        return self._reader.pad(self._tokens)[None]
