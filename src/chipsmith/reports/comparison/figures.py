"""The figures of several runs side by side: time, energy, area, cost, bytes, parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chipsmith.profile.profile import Evidence, Profile
from chipsmith.reports.comparison.result import ComparedRun, FigureComparison
from chipsmith.reports.headline import ACTIONS, INVENTORY, PRICES, SIMULATION
from chipsmith.reports.quantum.record import QuantumRunRecord
from chipsmith.reports.record import RunRecord


@dataclass(frozen=True, kw_only=True)
class _FigureReader:
    """A figure of an inference: what it is, how it is obtained, and what reads it."""

    label: str
    unit: str
    kind: Evidence
    source: str
    read: Callable[[Profile], float]


_INFERENCE = (
    _FigureReader(
        label="latency",
        unit="cycles",
        kind=Evidence.SIMULATED,
        source=SIMULATION,
        read=lambda profile: profile.latency.cold_cycles,
    ),
    _FigureReader(
        label="latency, warm",
        unit="cycles",
        kind=Evidence.SIMULATED,
        source=SIMULATION,
        read=lambda profile: profile.latency.warm_cycles,
    ),
    _FigureReader(
        label="latency in time",
        unit="µs",
        kind=Evidence.SIMULATED,
        source=f"{SIMULATION} at the chip's clock",
        read=lambda profile: profile.latency.cold_us,
    ),
    _FigureReader(
        label="energy an inference",
        unit="µJ",
        kind=Evidence.ESTIMATED,
        source=ACTIONS,
        read=lambda profile: profile.energy_uj,
    ),
    _FigureReader(
        label="average power",
        unit="mW",
        kind=Evidence.ESTIMATED,
        source=ACTIONS,
        read=lambda profile: profile.average_power_mw,
    ),
    _FigureReader(
        label="core area",
        unit="mm²",
        kind=Evidence.ESTIMATED,
        source=INVENTORY,
        read=lambda profile: profile.area.total,
    ),
    _FigureReader(
        label="cost a chip",
        unit="USD",
        kind=Evidence.ESTIMATED,
        source=PRICES,
        read=lambda profile: profile.cost.chip_usd.value,
    ),
    _FigureReader(
        label="weight bytes",
        unit="bytes",
        kind=Evidence.MEASURED,
        source="counted in the Program",
        read=lambda profile: profile.weight_bytes,
    ),
    _FigureReader(
        label="external bytes",
        unit="bytes",
        kind=Evidence.SIMULATED,
        source="words of all transfers, cold",
        read=lambda profile: profile.external_bytes,
    ),
    _FigureReader(
        label="on-chip memory, peak",
        unit="bytes",
        kind=Evidence.SIMULATED,
        source=SIMULATION,
        read=lambda profile: profile.memory_peak_bytes,
    ),
)


def compare_figures(runs: Sequence[ComparedRun]) -> tuple[FigureComparison, ...]:
    """Every figure that a run has; a quantum network has those of its circuit, and none of a chip."""
    rows = [
        *(_inference(reader, runs) for reader in _INFERENCE),
        _counted("parameters", runs, _parameters, "counted in the network before it is quantised"),
        _counted("qubits", runs, _qubits, "counted in the circuit as it is written"),
        _counted("depth", runs, _depth, "counted in the circuit as it is written"),
    ]
    return tuple(row for row in rows if any(value is not None for value in row.values))


def _inference(reader: _FigureReader, runs: Sequence[ComparedRun]) -> FigureComparison:
    values = tuple(reader.read(run.record.inference) if isinstance(run.record, RunRecord) else None for run in runs)
    return FigureComparison(label=reader.label, unit=reader.unit, kind=reader.kind, source=reader.source, values=values)


def _counted(
    label: str, runs: Sequence[ComparedRun], read: Callable[[ComparedRun], float | None], source: str
) -> FigureComparison:
    values = tuple(read(run) for run in runs)
    return FigureComparison(label=label, unit="1", kind=Evidence.MEASURED, source=source, values=values)


def _parameters(run: ComparedRun) -> float | None:
    return None if run.record.parameters is None else run.record.parameters.total


def _qubits(run: ComparedRun) -> float | None:
    return run.record.circuit.qubits if isinstance(run.record, QuantumRunRecord) else None


def _depth(run: ComparedRun) -> float | None:
    return run.record.circuit.depth if isinstance(run.record, QuantumRunRecord) else None
