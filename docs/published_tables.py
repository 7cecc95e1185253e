"""The generated part of published.md: what each table of published measurements holds, and where it was read."""

from __future__ import annotations

import re

from chipsmith.systems.published_rows import read_table, table_names

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{7}")


def published_tables() -> str:
    """A line a table of `systems/published`."""
    lines = ["| file | rounds | rows | systems | rows left out | read in |", "|---|---|---|---|---|---|"]
    return "\n".join([*lines, *map(_describe, table_names())])


def _describe(name: str) -> str:
    lines = read_table(name)
    rows = [line for line in lines if line["network"]]
    systems = {(line["organisation"], line["system"]) for line in rows}
    editions = ", ".join(sorted({line["edition"].removeprefix("MLPerf Tiny ") for line in lines}))
    sources = sorted({match for line in lines for match in _REPOSITORY.findall(line["source"])})
    read_in = "<br>".join(f"`{source}`" for source in sources)
    return f"| `{name}` | {editions} | {len(rows)} | {len(systems)} | {len(lines) - len(rows)} | {read_in} |"
