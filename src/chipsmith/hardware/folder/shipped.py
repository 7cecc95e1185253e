"""Files that are shipped with the package and copied to an exported folder, some with words filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

HARDWARE = Path(__file__).parents[1]


def read_shipped(path: str) -> str:
    """The text of a file by its path from the folder of the hardware."""
    return (HARDWARE / path).read_text(encoding="utf-8")


def fill(text: str, words: Mapping[str, str]) -> str:
    """The text with each @WORD@ replaced."""
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text
