"""What designs of a front are at the gates (`gates` of docs/search.json) as tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "search.json"
NAMES: Mapping[str, str] = {"area": "cells and macros", "logic": "cells alone", "energy": "energy"}
"""The figures that are compared, and what they are called."""

Row = Mapping[str, Any]


def gate_designs() -> Row:
    """The figures; empty where nothing was measured."""
    return dict(json.loads(RESULTS.read_text(encoding="utf-8")).get("gates", {}))


def gate_tables() -> str:
    """The correlations and errors, a row a figure; then the designs, from the smallest on."""
    figures = gate_designs()
    if not figures:
        return "No design was run at the gates since the last change of the RTL."
    head = "| | from the least to the most | Spearman (95 %) | mean error | worst |\n|---|---|---|---|---|"
    scored = {NAMES[name]: figures[name] for name in NAMES}
    own = figures["energy_of_one_network"]
    if own:
        scored[f"energy of the {own['designs']} of width {own['width']}"] = own
    scores = "\n".join(_score(name, score) for name, score in scored.items())
    designs = (
        "| width | array | lanes | memory | MHz | cells and macros, mm2 | estimate | cells, mm2 | estimate | uJ | "
        "estimate | cycles |\n|---|---|---|---|---|---|---|---|---|---|---|---|"
    )
    return "\n".join([head, scores, "", designs, *map(_design, figures["cases"])])


def _score(name: str, score: Row) -> str:
    rho = score["spearman"]
    interval = f"{rho['rho']:.3f} ({rho['low']:.3f} to {rho['high']:.3f})"
    return (
        f"| {name} | {score['span']:.2f} times | {interval} | {score['mean_error']:.1%} | {score['worst_error']:.1%} |"
    )


def _design(row: Row) -> str:
    values = row["values"]
    array = f"{values['tensor.rows']} x {values['tensor.columns']}"
    memory = f"{values['memory.groups'] * values['memory.group_bytes'] / 1024:g} KiB"
    areas = " | ".join(f"{row[name]['gates']:.3f} | {_error(row[name])}" for name in ("area", "logic"))
    energy = f"{row['energy']['gates']:.2f} | {_error(row['energy'])}"
    chip = f"{row['width']} | {array} | {values['vector.lanes']} | {memory} | {row['clock_mhz']}"
    return f"| {chip} | {areas} | {energy} | {row['gate_cycles']:,} |"


def _error(pair: Row) -> str:
    return f"{pair['estimate'] / pair['gates'] - 1:+.1%}"
