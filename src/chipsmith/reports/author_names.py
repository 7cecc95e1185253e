"""The names that a network's author gave to its parts, as tables and charts show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chipsmith.reports.markup import Cell

AUTHOR_COLUMN = "author's name"
"""Title of the column of a table; it stands only where a name is known."""
PAGE_LETTERS = 28
"""Letters of a name in a table of a page, so that it stays on a line."""
TERMINAL_LETTERS = 20
"""Letters of a name in a table on a terminal."""
SHOWN = 3
"""Names that are shown of many."""
_WORD_JOINER = "\u2060"
"""Keeps a browser from breaking the line behind the mark of what was left out."""


def shorten(name: str, letters: int) -> str:
    """A name of at most so many letters: of a longer one the end, which tells parts of a network apart."""
    return name if len(name) <= letters else f"…{name[1 - letters :]}"


def abridge(names: Iterable[str]) -> str:
    """The names, each once, as one text; of more than SHOWN the first, and how many are left."""
    distinct = list(dict.fromkeys(names))
    text, left = ", ".join(distinct[:SHOWN]), len(distinct) - SHOWN
    return f"{text} and {left} more" if left > 0 else text


def abridge_sources(sources: Iterable[str]) -> str:
    """The author's names of a few operators, as one short text."""
    return abridge(shorten(source, PAGE_LETTERS) for source in sources)


def source_cell(sources: Sequence[str]) -> Cell:
    """A cell of a page with the author's names of a few operators; hovering shows them whole."""
    text, whole = abridge_sources(sources), ", ".join(dict.fromkeys(sources))
    title = whole if whole != text else ""
    return Cell(text=text.replace("…", f"…{_WORD_JOINER}"), title=title, label=AUTHOR_COLUMN)
