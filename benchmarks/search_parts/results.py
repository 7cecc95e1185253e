"""The results of benchmarks/search.py in one JSON file, a key a figure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chipsmith.files import write_whole

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "search.json"


def read_figures(path: Path) -> dict[str, Any]:
    """The figures of the file; none where there is no file."""
    figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return figures


def write_figures(path: Path, figures: Mapping[str, Any]) -> None:
    """Put new figures beside those of the file."""
    text = json.dumps(dict(sorted({**read_figures(path), **figures}.items())), indent=1)
    write_whole(path, f"{text}\n".encode())


def read_figure(path: Path, name: str) -> dict[str, Any]:
    """A figure of the file. SystemExit where it was not measured yet."""
    figures = read_figures(path)
    if name not in figures:
        raise SystemExit(f"{path} has no figure {name} yet; run without --known")
    return dict(figures[name])
