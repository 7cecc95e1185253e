"""What a wrong name was meant to be."""

from __future__ import annotations

from collections.abc import Iterable


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that a wrong one is most like; None where none is close."""
    import difflib

    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)


def nearest_in_brackets(name: str, known: Iterable[str]) -> str:
    """What a wrong name was meant to be, in brackets behind it; empty where no known name is close."""
    near = nearest_name(name, known)
    return f" (did you mean {near}?)" if near else ""


def nearest_at_end(name: str, known: Iterable[str]) -> str:
    """The same, for the end of the message."""
    near = nearest_name(name, known)
    return f"; did you mean {near}?" if near else ""
