"""Sentences of rows in other languages: what is inside of figures, and why a row stands in its group."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType


def read_phrases(name: str) -> Mapping[str, str]:
    """The sentences of a table beside this file, by the English one."""
    text = (resources.files("chipsmith.systems.texts") / name).read_text(encoding="utf-8")
    return MappingProxyType(dict(list(csv.reader(text.splitlines()))[1:]))
