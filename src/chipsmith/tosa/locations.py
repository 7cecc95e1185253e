"""Where a `.tosa` file's operators come from, in the form that MLIR's writers give it: `loc("NAME")`."""

from __future__ import annotations

import re

_LOCATION = re.compile(r'loc\("((?:[^"\\]|\\.)+)"(?:\(.*\))?\)', re.DOTALL)
"""A name, perhaps with its place in a file behind it; a place in a file alone, `loc("FILE":1:2)`, names nothing."""

LONGEST_NAME = 4096
"""Letters of a name that is kept: the manifest of a Program has room for no more than twice as many."""


def format_location(name: str) -> str:
    """The location of an operator with this author's name."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'loc("{escaped}")'


def parse_location(location: str) -> str:
    """The author's name in a location; empty where it holds none."""
    match = _LOCATION.fullmatch(location.strip())
    name = re.sub(r"\\(.)", r"\1", match[1]) if match else ""
    return name if name.isprintable() and len(name) <= LONGEST_NAME else ""
