"""Quantum circuits beside classical machines: the figures of docs/quantum.json.

`python benchmarks/quantum_study` trains, judges and writes that file; here it is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / "docs" / "quantum.json"


def measure() -> dict[str, Any]:
    document = json.loads(FILE.read_text())
    rows = [{**row, "device": _device(document, row["mode"])} for row in document["rows"]]
    digits = {row["model"]: row["accuracy"] for row in rows if row["task"] == "digits" and row["mode"] == "exact"}
    return {
        "quantum": rows,
        "quantum_kernel_below_rbf": round(digits["rbf"] - digits["kernel"], 5),
        "quantum_classifier_below_network": round(digits["network_of_32"] - digits["classifier"], 5),
        "quantum_cpu_s": max(max(model["fit_cpu_s"], model["exact_cpu_s"]) for model in document["models"]),
    }


def _device(document: dict[str, Any], mode: str) -> str | None:
    """The device whose noise is in the figures of a mode."""
    return f"{document['device']['name']} of {document['device']['recorded']}" if mode.startswith("noise") else None
