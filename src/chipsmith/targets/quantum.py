"""The target `quantum`: circuits on a quantum processor, which is simulated here: exactly, by shots, or with noise."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import ClassVar, Protocol

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.profile.profile import Evidence
from chipsmith.quantum.device import DEFAULT_DEVICE
from chipsmith.targets.target import Missing, PreparedNetwork, QuantumMode, TargetOptions
from chipsmith.tosa.graph import Array

QUANTUM = "quantum"
_PACKAGES = {"pennylane": "pennylane", "qiskit": "qiskit", "qiskit_aer": "qiskit-aer"} | {
    "qiskit_ibm_runtime": "qiskit-ibm-runtime",
    "qiskit_qasm3_import": "qiskit-qasm3-import",
}
"""Names to import, and under which they are installed."""
_MEND = "pip install 'chipsmith[quantum]'"


class QuantumModel(Protocol):
    """A trained model whose answers come from measuring circuits: what this target takes in a network's place."""

    def answer_exactly(self, features: Array) -> Array:
        """Logits (n, classes) of features (n, f), from the states themselves."""

    def answer_with_shots(self, features: Array, *, shots: int, seed: int) -> Array:
        """Logits (n, classes) of features (n, f), from so many measurements of each circuit without errors."""

    def answer_with_noise(self, features: Array, *, device: str, shots: int, seed: int) -> Array:
        """Logits (n, classes) of features (n, f), from so many measurements of each circuit on a device with noise.

        Raises BadInput for an unknown device, or where the packages that simulate it are missing.
        """


@dataclass(frozen=True, kw_only=True)
class QuantumCircuits:
    """A model on the target, ready for features."""

    model: QuantumModel
    target: QuantumTarget

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """As PreparedNetwork.run: the logits (n, classes) of features float32 (n, f)."""
        (features,) = inputs
        shots, seed = self.target.shots, self.target.seed
        match self.target.mode:
            case QuantumMode.EXACT:
                return (self.model.answer_exactly(features),)
            case QuantumMode.SHOTS:
                return (self.model.answer_with_shots(features, shots=shots, seed=seed),)
            case QuantumMode.DEVICE:
                device = self.target.device
                return (self.model.answer_with_noise(features, device=device, shots=shots, seed=seed),)


@dataclass(frozen=True, kw_only=True)
class QuantumTarget:
    """A quantum processor in one of its modes; it runs circuits, and no graph of integers.

    `shots` are those of each circuit, `device` the device whose stored calibration says the noise; `seed` draws both.
    """

    name: ClassVar[str] = QUANTUM
    kind: ClassVar[Evidence] = Evidence.SIMULATED
    chip: ClassVar[Chip | None] = None

    mode: QuantumMode = QuantumMode.EXACT
    shots: int = 1000
    device: str = DEFAULT_DEVICE
    seed: int = 0

    @property
    def obtained(self) -> str:
        """As Target.obtained."""
        match self.mode:
            case QuantumMode.EXACT:
                return "the state of the qubits, exactly"
            case QuantumMode.SHOTS:
                return f"{self.shots:,} shots of each circuit, without errors"
            case QuantumMode.DEVICE:
                return f"{self.shots:,} shots of each circuit, with the noise of {self.device}"

    def missing(self) -> tuple[Missing, ...]:
        """As Target.missing: the packages of the extra `quantum` that are not installed."""
        absent = [name for package, name in _PACKAGES.items() if find_spec(package) is None]
        return tuple(Missing(name=name, mend=_MEND) for name in absent)

    def refuses(self, network: QuantizedNetwork) -> tuple[str, ...]:
        """As Target.refuses: always, for a network's integers are no circuit."""
        return (
            f"'{network.graph.name}' is a graph of integers; a quantum processor runs circuits: "
            "`chipsmith run digits_quantum` trains one",
        )

    def prepare(self, network: QuantizedNetwork) -> PreparedNetwork:
        """As Target.prepare: refused."""
        raise BadInput(*self.refuses(network))

    def prepare_model(self, model: QuantumModel) -> QuantumCircuits:
        """A trained model of circuits on the target."""
        return QuantumCircuits(model=model, target=self)


def open_target(_chip: Chip, options: TargetOptions) -> QuantumTarget:
    """The target in the mode of the options, exact where none is given; no chip changes its answers.

    BadInput for another option.
    """
    options.refuse_all_but(QUANTUM, "mode")
    return QuantumTarget(mode=options.mode or QuantumMode.EXACT)
