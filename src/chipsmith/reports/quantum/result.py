"""result.json of a run of a quantum network: what scripts read at the top, the whole record beneath."""

from __future__ import annotations

import dataclasses
from typing import Any

from chipsmith.data_report import findings_to_plain
from chipsmith.reports.quantum.record import EXACT, QuantumRunRecord
from chipsmith.reports.record import record_to_plain
from chipsmith.reports.result import metrics_by_target
from chipsmith.schema import SCHEMA_VERSION


def quantum_result_to_plain(record: QuantumRunRecord) -> dict[str, Any]:
    """The object of `run --json` and of result.json. No field of a chip is in it.

    `accuracy_TARGET` and `accuracy_TARGET_interval` are there for each target; `host` holds the wall times, and stands
    nowhere else: without it two runs with one seed give equal objects.
    """
    exact = record.primary_metric(EXACT)
    return {
        "schema_version": SCHEMA_VERSION,
        "network": record.network,
        "task": record.task,
        "kind": record.kind,
        "model": record.model,
        "seed": record.seed,
        "metric": exact.name if exact else None,
        "images": exact.count if exact else None,
        **metrics_by_target("accuracy", {target: record.metric(target, "accuracy") for target in record.targets}),
        "differences": {row.target: [row.difference, row.low, row.high] for row in record.comparisons},
        "qubits": record.circuit.qubits,
        "depth": record.circuit.depth,
        "two_qubit_gates": record.circuit.two_qubit_gates,
        "shots": record.shots,
        **_device(record),
        "qasm_fidelity": record.file_check.fidelity,
        "state_fidelity": record.state_check.fidelity,
        "data_findings": findings_to_plain(record.data),
        "versions": dict(record.versions),
        "hashes": dict(record.hashes),
        "record": record_to_plain(dataclasses.replace(record, host={})),
        "host": dict(record.host),
    }


def _device(record: QuantumRunRecord) -> dict[str, Any]:
    figures = {label: dataclasses.asdict(figure) for label, figure in record.device.figures.items()}
    return {"device": record.device.name, "device_figures": figures}
