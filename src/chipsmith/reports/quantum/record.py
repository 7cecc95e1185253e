"""The record of a run of a quantum network, as plain data that goes to JSON and back: no chip stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from chipsmith.profile.profile import Figure
from chipsmith.reports.record import LearnedRecord, validate_record
from chipsmith.reports.upgrade import upgrade_quantum
from chipsmith.shown import Shown

KIND: Literal["quantum"] = "quantum"
EXACT = "exact"
"""The target that stands for the circuit without any error: what the curves and the confusion are of."""


@dataclass(frozen=True, kw_only=True)
class CircuitColumn(Shown):
    """Gates side by side in a circuit: `label` on every qubit, or CZ of each pair of qubits."""

    label: str = ""
    pairs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class CircuitRecord(Shown):
    """A circuit as it is written, before any device: what is in it, and how it is drawn.

    `parameters` are its trained numbers, `head_parameters` those of what a classical computer does after it.
    """

    qubits: int
    layers: int
    features: int
    entanglement: str
    parameters: int
    head_parameters: int
    depth: int
    two_qubit_gates: int
    columns: tuple[CircuitColumn, ...]
    measured: str


@dataclass(frozen=True, kw_only=True)
class FidelityCheck(Shown):
    """The lowest fidelity between the states of examples that were simulated here and those of another program."""

    witness: str
    examples: int
    fidelity: float

    @property
    def equal(self) -> bool:
        """Whether the states are the same but for the rounding of single precision."""
        return abs(self.fidelity - 1) < 1e-6


@dataclass(frozen=True, kw_only=True)
class DeviceRecord(Shown):
    """What running the circuit on a device would take: `figures` by what they are, and what was simplified."""

    name: str
    calibration: str
    figures: dict[str, Figure]
    approximation: str


@dataclass(frozen=True, kw_only=True)
class ComparisonRecord(Shown):
    """Another model on the same features and test examples: `difference` is the circuit's accuracy minus its own.

    `low` and `high` are the 95 % interval of the difference, by a bootstrap of the examples that both answered.
    """

    target: str
    what: str
    parameters: int | None
    difference: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class CandidateRecord(Shown):
    """Hyper-parameters of a kernel machine that were tried, and the validation accuracy that they reached."""

    bandwidth: float
    penalty: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class KernelRecord(Shown):
    """The kernel of a machine: what was chosen, from what, and how far its geometry is from a classical kernel's."""

    bandwidth: float
    penalty: float
    candidates: tuple[CandidateRecord, ...]
    geometric_difference: float
    geometric_examples: int
    support_vectors: int


@dataclass(frozen=True, kw_only=True)
class QuantumRunRecord(LearnedRecord):
    """Everything that the report of a run of a quantum network shows.

    Metrics are of the targets `exact`, `shots` and `device`, then of the models beside them. `file_check` is of
    circuit.qasm, `state_check` of the states that the exact answers come from.
    """

    ANSWERS: ClassVar[str] = "the circuit"

    model: str
    circuit: CircuitRecord
    shots: int
    comparisons: tuple[ComparisonRecord, ...]
    file_check: FidelityCheck
    state_check: FidelityCheck
    device: DeviceRecord
    kernel: KernelRecord | None = None
    kind: Literal["quantum"] = KIND

    def _brief(self) -> str:
        metric = next((self.primary_metric(target) for target in self.targets), None)
        return f"{self.network}, {self.model}{'' if metric is None else f': {metric._brief()}'}; {self.shots:,} shots"


def is_quantum(fields: Mapping[str, Any]) -> bool:
    """Whether the plain fields are of a run of a quantum network."""
    return fields.get("kind") == KIND


def quantum_record_from_plain(fields: Mapping[str, Any], *, name: str) -> QuantumRunRecord:
    """The record of what `record_to_plain` gave; BadInput, with `name`, for anything else."""
    return validate_record(QuantumRunRecord, upgrade_quantum(fields), name=name)
