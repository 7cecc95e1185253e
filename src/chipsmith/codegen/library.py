"""The kernels that are written in C, in this package's folder `kernels`: a source takes those that it calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

_MARK = re.compile(r"^/\*: (\w+)", re.MULTILINE)
_WORD = re.compile(r"\b[A-Za-z_]\w*\b")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
FILES = ("arithmetic", "convolution", "pooling", "reduction", "movement")
"""The files, in an order in which each definition comes before its uses."""


@cache
def kernel_texts() -> Mapping[str, str]:
    """Each definition of the library by the name that the mark `/*: name` before it gives, in order."""
    texts: dict[str, str] = {}
    for name in FILES:
        source = (resources.files("chipsmith.codegen") / "kernels" / f"{name}.c").read_text(encoding="utf-8")
        _, *parts = _MARK.split(source)
        texts.update(_definition(*pair) for pair in zip(parts[::2], parts[1::2], strict=True))
    return texts


def _definition(name: str, rest: str) -> tuple[str, str]:
    """The name and the text behind a mark, whose words, where it has any, stay as a comment."""
    note, _, text = rest.partition("*/\n")
    words = note.removeprefix(":").strip()
    return name, (f"/* {words} */\n" if words else "") + text.rstrip() + "\n"


def needed_kernels(texts: Iterable[str]) -> tuple[str, ...]:
    """The definitions of the library that these texts name, and those that they name in turn, in order."""
    library = kernel_texts()
    waiting = [word for text in texts for word in _words(text)]
    needed: set[str] = set()
    while waiting:
        word = waiting.pop()
        if word in library and word not in needed:
            needed.add(word)
            waiting += _words(library[word])
    return tuple(text for name, text in library.items() if name in needed)


def _words(text: str) -> list[str]:
    """The identifiers of C text outside of comments."""
    return _WORD.findall(_COMMENT.sub(" ", text))
