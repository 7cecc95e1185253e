"""The figures that the page's sentences quote, and how a sentence is filled with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Formatter


def fields_in(sentence: str) -> frozenset[str]:
    """The names of the format fields of a sentence."""
    return frozenset(name for _, name, _, _ in Formatter().parse(sentence) if name)


def fill_sentences(sentences: Iterable[str], *, gap: str, figures: Mapping[str, str]) -> str:
    """The sentences whose figures are all there, filled and joined by `gap`; '' where there are none."""
    return gap.join(text.format_map(figures) for text in sentences if fields_in(text) <= figures.keys())
