"""The model of memories: a foundry's macros from their liberty files, its fit to them, and its errors.

Each macro's estimate comes from a fit without that macro, so that its error is that of a macro nobody has seen.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chipsmith.chip.sram_model import MACRO_FEATURES, MODEL_NODE_NM, TWO_PORTS, MacroQuantity, MacroSize, Ports
from chipsmith.files import write_whole
from chipsmith.hardware.gates.macros import SramMacro, read_macros
from silicon_parts.fit import fit_part
from silicon_parts.tables import csv_text, table_path

_MACROS = table_path("sram_macros")
_MODEL = table_path("sram_model")
_CORNER = (1.2, 25.0)
_MACROS_SOURCE = (
    "IHP SG13G2, open liberty files of its memories, typical corner (1.2 V, 25 C): area, and "
    "the sum of the clock's edges of a cycle with a read or a write"
)
_MODEL_SOURCE = "least squares over the macros of IHP SG13G2: benchmarks/silicon.py sram"

Macro = Mapping[str, float]
"""Ports, lines, bits, and a value of each quantity."""
Model = Mapping[str, float]
"""Of one quantity: by feature, and the multiple of two ports."""


def read_foundry(folder: Path) -> list[Macro]:
    """The typical macros of a folder of liberty files, those of one port and of fewer bytes first."""
    volts, celsius = _CORNER
    macros = read_macros(folder, voltage_v=volts, temperature_c=celsius)
    return [_row(macro) for macro in sorted(macros, key=lambda m: (m.two_port, m.lines * m.bits, m.bits))]


def _row(macro: SramMacro) -> Macro:
    values = {quantity.value: round(float(getattr(macro, quantity)), 4) for quantity in MacroQuantity}
    masked = int("A_BM" in macro.pins_pf)
    return {"ports": 1 + macro.two_port, "lines": macro.lines, "bits": macro.bits, "masked": masked, **values}


def fit_quantity(quantity: MacroQuantity, macros: Sequence[Macro]) -> Model:
    """The features' numbers over the macros of one port, and the multiple of those of two ports."""
    single, double = ([row for row in macros if row["ports"] == ports] for ports in (1, 2))
    values = np.array([[feature(_size(row)) for feature in MACRO_FEATURES.values()] for row in single])
    fitted = fit_part(values, np.array([row[quantity] for row in single]))
    model = dict(zip(MACRO_FEATURES, map(float, fitted), strict=True))
    ratios = np.array([_sum_features(model, row) / row[quantity] for row in double])
    return {**model, TWO_PORTS: float(ratios.sum() / (ratios**2).sum())}


def _size(row: Macro) -> MacroSize:
    return MacroSize(lines=row["lines"], bits=row["bits"])


def _sum_features(model: Model, row: Macro) -> float:
    return sum(model[name] * feature(_size(row)) for name, feature in MACRO_FEATURES.items())


def _estimate(model: Model, row: Macro) -> float:
    return _sum_features(model, row) * (model[TWO_PORTS] if Ports(row["ports"]) is Ports.READ_AND_WRITE else 1)


def score_memories(macros: Sequence[Macro]) -> dict[str, Any]:
    """Errors of every quantity of each macro by a fit to the others, and their means by number of ports."""
    rows = [_errors(row, [other for other in macros if other is not row]) for row in macros]
    return {
        "single_port": _summary([row for row in rows if row["ports"] == 1]),
        "two_ports": _summary([row for row in rows if row["ports"] == 2]),
        "macros": rows,
    }


def _errors(row: Macro, others: Sequence[Macro]) -> dict[str, Any]:
    models = {quantity: fit_quantity(quantity, others) for quantity in MacroQuantity}
    errors = {f"{name}_error": round(_estimate(model, row) / row[name] - 1, 4) for name, model in models.items()}
    return {**row, "bytes": int(row["lines"] * row["bits"]) // 8, **errors}


def _summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    errors = {quantity: [abs(row[f"{quantity}_error"]) for row in rows] for quantity in MacroQuantity}
    figures: dict[str, Any] = {"macros": len(rows)}
    for quantity, own in errors.items():
        figures |= {f"{quantity}_mean_error": round(statistics.fmean(own), 4), f"{quantity}_worst_error": max(own)}
    return figures


def write_memory_tables(macros: Sequence[Macro]) -> None:
    """Put the macros, and the model that is fitted to all of them, in the place of the tables."""
    facts = ({"node_nm": MODEL_NODE_NM, **row, "status": "COMPUTED", "source": _MACROS_SOURCE} for row in macros)
    write_whole(_MACROS, csv_text(facts).encode())
    numbers = (
        {
            "quantity": quantity,
            "feature": feature,
            "value": f"{value:.5g}",
            "status": "COMPUTED",
            "source": _MODEL_SOURCE,
        }
        for quantity in MacroQuantity
        for feature, value in fit_quantity(quantity, macros).items()
    )
    write_whole(_MODEL, csv_text(numbers).encode())
