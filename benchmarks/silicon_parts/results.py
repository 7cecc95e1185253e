"""The results of benchmarks/silicon.py in one JSON file, which is written whole after each figure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chipsmith.files import write_whole

Row = dict[str, Any]
RESULTS = Path(__file__).resolve().parents[2] / "docs" / "silicon.json"


def read_results(path: Path) -> dict[str, Any]:
    """All results by section; none where the file is not there yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def read_rows(path: Path, section: str) -> dict[str, Row]:
    """The rows of a section by their keys."""
    return {row["key"]: row for row in read_results(path).get(section, [])}


def replace_row(rows: Mapping[str, Row], new: Row, *, names: Sequence[str]) -> dict[str, Row]:
    """Rows by their keys with a new one, without older ones of the same names; in the order of these."""
    older = [row for row in rows.values() if any(row[name] != new[name] for name in names)]
    return {row["key"]: row for row in sorted([*older, new], key=lambda row: tuple(row[name] for name in names))}


def write_section(path: Path, name: str, figures: Any) -> None:
    """Put a section's new figures beside those of the others."""
    results = {**read_results(path), name: figures}
    text = json.dumps(dict(sorted(results.items())), indent=1)
    write_whole(path, f"{text}\n".encode())
