"""The names that a network's author gave to its parts, as tables and charts show them."""

from __future__ import annotations

from collections.abc import Iterable

AUTHOR_COLUMN = "author's name"
"""Title of the column of a table; it stands only where a name is known."""
SHOWN = 3
"""Names that are shown of many."""


def abridge(names: Iterable[str]) -> str:
    """The names, each once, as one text; of more than SHOWN the first, and how many are left."""
    distinct = list(dict.fromkeys(names))
    text, left = ", ".join(distinct[:SHOWN]), len(distinct) - SHOWN
    return f"{text} and {left} more" if left > 0 else text
