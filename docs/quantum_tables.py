"""The five-seed study of quantum circuits (docs/quantum.json) as tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

STUDY = Path(__file__).parent / "quantum.json"
_TASKS = {"digits": "ten digits", "three_or_eight": "3 or 8", "italy_power": "ItalyPowerDemand"}

Row = Mapping[str, Any]


def study_tables() -> str:
    """For each task a table: a model a row, a mode a column; what the modes are stands below."""
    study = json.loads(STUDY.read_text())
    tasks = dict.fromkeys(row["task"] for row in study["rows"])
    tables = [_table(task, [row for row in study["rows"] if row["task"] == task]) for task in tasks]
    modes = "\n".join(f"- {_words(mode)}: {what}" for mode, what in study["modes"].items())
    return "\n\n".join([*tables, modes])


def _table(task: str, rows: Sequence[Row]) -> str:
    models, modes = (tuple(dict.fromkeys(row[key] for row in rows)) for key in ("model", "mode"))
    cells = {(row["model"], row["mode"]): _cell(row) for row in rows}
    head = [f"| {_TASKS.get(task, task)} | {' | '.join(map(_words, modes))} |", f"|---|{'---|' * len(modes)}"]
    body = [f"| {_words(model)} | {' | '.join(cells.get((model, mode), '') for mode in modes)} |" for model in models]
    return "\n".join([*head, *body])


def _words(name: str) -> str:
    return name.replace("_", " ")


def _cell(row: Row) -> str:
    low, high = row["interval"]
    return f"{100 * row['accuracy']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
