"""Rows and texts as sources: CSV lines of a series or a table, and the tokens of a text, from files or a pipe."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.deployment.streaming.pieces import Feed, StreamPiece
from chipsmith.errors import BadInput
from chipsmith.learn.preprocessing import SubwordsReader, TextReader
from chipsmith.learn.preprocessing.columns import number
from chipsmith.learn.preprocessing.step import printable

_WORD = re.compile(r"\s*\S+(?=\s)")
"""A word with the spaces before it, once the space behind it says that it is whole."""
_SHOWN = 60


class RowFeed(Feed):
    """CSV lines, one a hop: the columns `names` of each, whose cells `convert` makes a row of.

    The first line names the columns, in any order and with others among them; without such a line the cells are the
    columns in their order. `rate_hz` is how many rows come a second, None where that is not known.
    """

    unit = "rows"

    def __init__(
        self,
        name: str,
        lines: Iterable[str],
        *,
        names: Sequence[str],
        convert: Callable[[dict[str, str]], Any],
        rate_hz: float | None,
    ) -> None:
        self.name, self.notes = name, list[str]()
        self.hop_s = None if rate_hz is None else 1 / rate_hz
        self._lines, self._names, self._convert = lines, tuple(names), convert

    def pieces(self) -> Iterator[StreamPiece]:
        """As Feed.pieces: a mapping from column to cell a row; empty lines are passed over."""
        header: list[str] | None = None
        seen = blank = 0
        for place, cells in enumerate(csv.reader(_without_mark(_readable(self._lines, self.name))), start=1):
            row = [cell.strip() for cell in cells]
            if not any(row):
                blank += 1
                continue
            if blank and seen:
                lines = "an empty line" if blank == 1 else f"{blank} empty lines"
                self.notes.append(
                    f"{self.name} has {lines} before line {place}: passed over, as if no row were missing"
                )
            blank = 0
            if header is None:
                header = self._find_header(row)
                if header is row:
                    continue
            if len(row) != len(header):
                raise BadInput(f"{self.name}, line {place}: {len(row)} cells where there are {len(header)} columns")
            seen += 1
            yield StreamPiece(
                raw=(place, dict(zip(header, row, strict=True))),
                time_s=None if self.hop_s is None else seen * self.hop_s,
            )
        if not seen:
            raise BadInput(f"{self.name} holds no rows of {self._wanted()}")

    def convert(self, raw: tuple[int, dict[str, str]]) -> Any:
        """The row as the window takes it. Raises BadInput, naming the line."""
        place, cells = raw
        try:
            return self._convert(cells)
        except BadInput as fault:
            raise BadInput(f"{self.name}, line {place}: {fault}") from fault

    def _find_header(self, row: list[str]) -> list[str]:
        """The row itself where it names the columns; the names in their order where it is a first row of cells."""
        if set(self._names) <= set(row):
            return row
        if len(row) == len(self._names) and any(map(_is_number, row)):
            self.notes.append(f"{self.name} does not name its columns: they are taken to be {self._wanted()}")
            return list(self._names)
        given = printable(", ".join(row))[:_SHOWN]
        raise BadInput(
            f"{self.name} is no CSV of {self._wanted()}: it begins with {given}; name these columns in the first line, "
            f"among others if need be, or leave that line out and give {len(self._names)} numbers a line"
        )

    def _wanted(self) -> str:
        return f"the columns {', '.join(self._names)}"


def convert_channels(names: Sequence[str]) -> Callable[[dict[str, str]], NDArray[np.float32]]:
    """What makes a row (1, channels) float32 of cells by column."""
    return lambda cells: np.array([[number(cells[name], column=name) for name in names]], np.float32)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _without_mark(lines: Iterator[str]) -> Iterator[str]:
    """Lines without a byte order mark before the first."""
    for index, line in enumerate(lines):
        yield line.removeprefix("\ufeff") if index == 0 else line


def _readable(lines: Iterable[str], name: str) -> Iterator[str]:
    try:
        yield from lines
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is no text in UTF-8; is it the file that you mean?") from error
    except csv.Error as error:
        raise BadInput(f"{name} is no table ({error})") from error


class TextFeed(Feed):
    """A text token by token: of characters and bytes as they come, of subwords word by word.

    `chunks` are stretches of the text in order, of any length. `rate_hz` is how many tokens come a second, if known.
    """

    unit = "tokens"

    def __init__(self, name: str, chunks: Iterable[str], *, reader: TextReader, rate_hz: float | None) -> None:
        self.name, self.notes = name, list[str]()
        self.hop_s = None if rate_hz is None else 1 / rate_hz
        self._chunks, self._reader = chunks, reader

    def pieces(self) -> Iterator[StreamPiece]:
        """As Feed.pieces: one token each."""
        seen = 0
        for text in self._stretches():
            for token in self._reader.encode(text):
                seen += 1
                yield StreamPiece(raw=(token,), time_s=None if self.hop_s is None else seen * self.hop_s)
        if not seen:
            raise BadInput(f"{self.name} holds no text")

    def convert(self, raw: tuple[int, ...]) -> tuple[int, ...]:
        """The token."""
        return raw

    def _stretches(self) -> Iterator[str]:
        """Texts whose tokens do not depend on what follows: as they come, or word by word."""
        waiting = ""
        for chunk in _readable(self._chunks, self.name):
            if not isinstance(self._reader, SubwordsReader):
                yield chunk
                continue
            waiting += chunk
            end = 0
            for match in _WORD.finditer(waiting):
                yield match.group()
                end = match.end()
            waiting = waiting[end:]
        if waiting:
            yield waiting
