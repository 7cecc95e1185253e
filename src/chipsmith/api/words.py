"""What the words of a command are, by the type of the parameter that takes them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

Scalar = type[bool] | type[int] | type[float] | type[str] | type[Path]


def is_sequence(annotation: Any) -> bool:
    """Whether a parameter takes any number of words."""
    return get_origin(annotation) is Sequence


def split_words(text: str, separator: str) -> list[str]:
    """The words of a text that a separator divides."""
    return [word.strip() for word in text.split(separator) if word.strip()]


def tuple_parts(annotation: Any) -> tuple[Any, ...]:
    """The types of the words that a parameter takes together, one after the other; empty where it takes one word."""
    parts = (get_args(kind) for kind in _alternatives(annotation) if get_origin(kind) is tuple)
    return next(parts, ())


def scalar_type(annotation: Any) -> Scalar:
    """What one word is: text for what no word can say, and for the items of a sequence."""
    kinds = _alternatives(annotation)
    if any(get_origin(kind) is os.PathLike for kind in kinds):
        return Path
    for scalar in (bool, int, float):
        if scalar in kinds:
            return scalar
    return str


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    """The types that a parameter may have: those of a union, else its own."""
    if get_origin(annotation) in (Sequence, tuple):
        return (annotation,)
    return get_args(annotation) or (annotation,)
