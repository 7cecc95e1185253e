"""The results of benchmarks/silicon.py in one JSON file, which is written whole after each figure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chipsmith.files import write_whole

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "silicon.json"


def read_results(path: Path) -> dict[str, Any]:
    """All results by section; none where the file is not there yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def read_rows(path: Path, section: str) -> dict[str, dict[str, Any]]:
    """The rows of a section by their keys."""
    return {row["key"]: row for row in read_results(path).get(section, [])}


def write_section(path: Path, name: str, figures: Any) -> None:
    """Put a section's new figures beside those of the others."""
    results = {**read_results(path), name: figures}
    text = json.dumps(dict(sorted(results.items())), indent=1)
    write_whole(path, f"{text}\n".encode())
