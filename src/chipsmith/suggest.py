"""What a wrong name was meant to be."""

from __future__ import annotations

from collections.abc import Iterable


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that a wrong one is most like; None where none is close."""
    import difflib

    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)
