"""Tables of the package that a fit puts new numbers into."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import chipsmith.chip.tables


def table_path(name: str) -> Path:
    """The file of a table of the package."""
    return Path(str(chipsmith.chip.tables.__file__)).with_name(f"{name}.csv")


def csv_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows of the same columns, at least one of them, with a line of their names."""
    listed = list(rows)
    text = io.StringIO()
    table = csv.DictWriter(text, list(listed[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(listed)
    return text.getvalue()
