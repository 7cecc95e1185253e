"""How much of a result an agent gets: lists are cut until the object is short, and what was cut is said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chipsmith.schema import Json

BRIEF_BYTES = 10_000
"""The JSON object of a brief result takes no more, where lists and texts are what makes it long."""
BRIEF_TEXT = 2_000
"""Characters of a result's text, which is what the command prints for people."""
_OUTER, _INNER = (50, 30, 20, 14, 10, 7, 5, 3, 2), (20, 10, 5, 3, 1)
"""How many items stay of lists, and of lists within them: the most that are short enough, of the outer ones first."""
_KEPT = 8
"""A list of no more numbers or texts is never cut: a shape of three sizes would be another shape."""
_LONGEST_TEXT = 400
"""Characters of a text that stay where lists of few items are still too long."""
_NAMED_CUTS = 12
"""Lists that were cut and are named; of more than these the count is told."""
CUT = "cut"
"""The field of a result that says what was cut."""


class Detail(StrEnum):
    """How much of its result a call gives."""

    BRIEF = "brief"
    FULL = "full"


def size_bytes(content: Json) -> int:
    """Bytes of an object as it is sent."""
    return len(write_compact(content).encode())


def write_compact(content: Json) -> str:
    """An object as JSON without blanks."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def shorten(content: Json) -> Json:
    """The same object with its long lists cut to their first items: the most that BRIEF_BYTES allow.

    Lists within lists are cut sooner: of two chips with many layers each, both stay. `cut` then says which lists were
    cut, how many items each has, and how to get all.
    """
    if size_bytes(content) <= BRIEF_BYTES:
        return content
    for outer in _OUTER:
        for inner in _INNER:
            short = _ListCuts(outer=outer, inner=inner).mark(content)
            if size_bytes(short) <= BRIEF_BYTES:
                return short
    return _ListCuts(outer=_OUTER[-1], inner=_INNER[-1], longest_text=_LONGEST_TEXT).mark(content)


def shorten_text(text: str) -> str:
    """The first lines of a text that BRIEF_TEXT allows, and how many more there are."""
    text = text.strip("\n")
    if len(text) <= BRIEF_TEXT:
        return text
    shown = text[:BRIEF_TEXT].rpartition("\n")[0] or text[:BRIEF_TEXT]
    more = text[len(shown) :].strip("\n").count("\n") + 1
    return f"{shown}\n... {more} more lines: their figures are in the structured content"


@dataclass(frozen=True, kw_only=True)
class _ListCuts:
    """How many items stay of lists and of lists within lists, and how many characters of a text."""

    outer: int
    inner: int
    longest_text: int | None = None

    def mark(self, content: Json) -> Json:
        """The object, cut, with what was cut."""
        lists: dict[str, str] = {}
        short = {key: self._cut(item, str(key), self.outer, lists) for key, item in content.items()}
        named = dict(list(lists.items())[:_NAMED_CUTS])
        more = {"more_lists": len(lists) - len(named)} if len(lists) > len(named) else {}
        return {**short, CUT: {"lists": named, **more, "whole": "the same call with detail=full"}}

    def _cut(self, value: Any, place: str, length: int, lists: dict[str, str]) -> Any:
        """A value, cut; the lists that are cut, by their place, go to `lists`."""
        if isinstance(value, dict):
            return {key: self._cut(item, f"{place}.{key}", length, lists) for key, item in value.items()}
        if isinstance(value, list):
            kept = value if len(value) <= _KEPT and not _nests(value) else value[:length]
            if len(kept) < len(value):
                lists[place] = f"{len(kept)} of {len(value)}"
            return [self._cut(item, f"{place}[{index}]", self.inner, lists) for index, item in enumerate(kept)]
        if isinstance(value, str) and self.longest_text is not None and len(value) > self.longest_text:
            return f"{value[: self.longest_text]}... ({len(value):,} characters)"
        return value


def _nests(items: list[Any]) -> bool:
    return any(isinstance(item, dict | list) for item in items)
