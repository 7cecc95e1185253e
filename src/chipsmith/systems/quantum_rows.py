"""Rows of quantum circuits: the figures of the study of docs/quantum.md, by accuracy alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from chipsmith.profile.profile import Evidence
from chipsmith.systems.boundaries import CLASSICAL_BOUNDARY, QUANTUM_BOUNDARY
from chipsmith.systems.comparison import Collected
from chipsmith.systems.row import Generation, LeftOut, SystemRow

STUDY = "quantum.json"
"""The figures beside this file: what docs/quantum.json has of each task, model and mode."""
MAKER = "Chipsmith"
CIRCUIT_TARGETS = ("exact", "shots", "device")
"""How a circuit's answers are obtained; other targets of a quantum run are machines on the same features."""
_ACCURACY, _INTERVAL = "accuracy_", "_interval"
_GROUPED_BY = "a circuit of qubits, simulated"
_CLASSICAL = frozenset({"rbf", "network_of_equal_parameters", "network_of_32"})
"""The models beside the circuits that compute on no qubit."""


def read_quantum() -> Collected:
    """All rows of the study: models on quantum circuits, and the classical machines beside them."""
    text = (resources.files("chipsmith.systems") / STUDY).read_text(encoding="utf-8")
    figures: list[Mapping[str, Any]] = json.loads(text)["quantum"]
    if not figures:
        reason = "this package was built without the figures of docs/quantum.json"
        return Collected(left_out=(LeftOut(what="quantum circuits", reason=reason),))
    return Collected(rows=tuple(quantum_rows(figures)))


def read_quantum_run(result: Mapping[str, Any], *, source: str) -> tuple[SystemRow, ...]:
    """The rows of a result.json of a quantum network: the circuit's answers, and the machines judged beside it.

    Raises KeyError, TypeError or ValueError where it is none.
    """
    marks = [key for key in result if key.startswith(_ACCURACY) and key.endswith(_INTERVAL)]
    targets = [key.removeprefix(_ACCURACY).removesuffix(_INTERVAL) for key in marks]
    known = [target for target in targets if result[f"{_ACCURACY}{target}"] is not None]
    return tuple(_run_row(result, target, source) for target in known)


def _run_row(result: Mapping[str, Any], target: str, source: str) -> SystemRow:
    low, high = result[f"{_ACCURACY}{target}{_INTERVAL}"]
    measured = target in CIRCUIT_TARGETS
    return SystemRow(
        network=result["network"],
        organisation=MAKER,
        system=f"{result['model']}, {target}" if measured else target,
        generation=Generation.QUANTUM if measured else Generation.ONE_CORE,
        how=Evidence.SIMULATED if measured else Evidence.MEASURED,
        accuracy=float(result[f"{_ACCURACY}{target}"]),
        accuracy_interval=(float(low), float(high)),
        boundary=QUANTUM_BOUNDARY,
        boundary_source="docs/quantum.md",
        source=source,
        hardware=f"{result['qubits']} qubits" if measured else "",
        grouped_by=_GROUPED_BY if measured else "1 thread of a general-purpose processor",
    )


def quantum_rows(figures: Iterable[Mapping[str, Any]]) -> Iterable[SystemRow]:
    """A row for each figure: its `task`, `model`, `mode`, `accuracy` (from 0 to 1) and `interval` of 95 %."""
    for figure in figures:
        low, high = figure["interval"]
        classical = figure["model"] in _CLASSICAL
        yield SystemRow(
            network=figure["task"],
            organisation="quantum study",
            system=f"{figure['model']}, {figure['mode']}",
            generation=Generation.ONE_CORE if classical else Generation.QUANTUM,
            how=Evidence.MEASURED if classical else Evidence.SIMULATED,
            accuracy=figure["accuracy"],
            accuracy_interval=(low, high),
            boundary=CLASSICAL_BOUNDARY if classical else QUANTUM_BOUNDARY,
            boundary_source="docs/quantum.md",
            source="docs/quantum.json",
            grouped_by="a classical machine beside the circuits" if classical else _GROUPED_BY,
        )
