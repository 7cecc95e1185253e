"""Rows of quantum circuits: the figures of the study of docs/quantum.md, by accuracy alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from chipsmith.profile.profile import Evidence
from chipsmith.systems.boundaries import CLASSICAL_BOUNDARY, QUANTUM_BOUNDARY
from chipsmith.systems.comparison import Collected
from chipsmith.systems.row import MAKER, Generation, LeftOut, SystemRow

STUDY = "quantum.json"
"""The figures beside this file: what docs/quantum.json has of each task, model and mode."""
CIRCUIT_TARGETS = ("exact", "shots", "device")
"""How a circuit's answers are obtained; other targets of a quantum run are machines on the same features."""
_ACCURACY, _INTERVAL = "accuracy_", "_interval"
_GROUPED_BY = "a circuit of qubits, simulated"
_BESIDE = "a classical machine beside the circuits"
_CLASSICAL = frozenset({"rbf", "network_of_equal_parameters", "network_of_32"})
"""The models beside the circuits that compute on no qubit."""


def read_quantum() -> Collected:
    """All rows of the study: models on quantum circuits, and the classical machines beside them."""
    text = (resources.files("chipsmith.systems") / STUDY).read_text(encoding="utf-8")
    study: Mapping[str, Any] = json.loads(text)
    if not study["rows"]:
        reason = "this package was built without the figures of docs/quantum.json"
        return Collected(left_out=(LeftOut(what="quantum circuits", reason=reason),))
    return Collected(rows=tuple(quantum_rows(study)))


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
    quantum = target in CIRCUIT_TARGETS
    return SystemRow(
        network=result["network"],
        organisation=MAKER,
        system=f"{result['model']}, {target}" if quantum else target,
        generation=Generation.QUANTUM if quantum else Generation.ONE_CORE,
        how=Evidence.SIMULATED if quantum else Evidence.MEASURED,
        accuracy=float(result[f"{_ACCURACY}{target}"]),
        accuracy_interval=(float(low), float(high)),
        boundary=QUANTUM_BOUNDARY if quantum else CLASSICAL_BOUNDARY,
        boundary_source="docs/quantum.md",
        source=source,
        hardware=f"{result['qubits']} qubits" if quantum else "",
        grouped_by=_GROUPED_BY if quantum else _BESIDE,
    )


def quantum_rows(study: Mapping[str, Any]) -> Iterable[SystemRow]:
    """A row for each of the study's `rows`: its `task`, `model`, `mode`, `accuracy` (from 0 to 1) and `interval`.

    `modes` says what each mode is, `device` whose noise is in some.
    """
    for row in study["rows"]:
        low, high = row["interval"]
        classical = row["model"] in _CLASSICAL
        yield SystemRow(
            network=row["task"],
            organisation="quantum study",
            system=f"{row['model']}, {row['mode']}",
            generation=Generation.ONE_CORE if classical else Generation.QUANTUM,
            how=Evidence.MEASURED if classical else Evidence.SIMULATED,
            accuracy=row["accuracy"],
            accuracy_interval=(low, high),
            boundary=CLASSICAL_BOUNDARY if classical else QUANTUM_BOUNDARY,
            boundary_source="docs/quantum.md",
            source=f"docs/quantum.json: {study['modes'][row['mode']]}; the device is {study['device']['name']}",
            grouped_by=_BESIDE if classical else _GROUPED_BY,
        )
