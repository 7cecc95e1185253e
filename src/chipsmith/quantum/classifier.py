"""Variational classifiers: their settings, and the module that they build."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.quantum.circuit import ANGLES_PER_ROTATION, LayeredCircuit

if TYPE_CHECKING:
    from chipsmith.quantum.modules.classifier import CircuitClassifier


@dataclass(frozen=True, kw_only=True)
class ClassifierSettings:
    """A circuit that classifies examples of `features` numbers into `classes`.

    Every angle of every layer takes a feature: data re-uploading (A. Perez-Salinas and others, Quantum 4 (2020), 226).
    The three angles of a rotation take features in a row, and each layer begins with another, so that a qubit sees all
    of them even where nothing entangles it. `spread` is the standard deviation of the scales before training. Raises
    BadInput for fewer than 2 classes or 1 feature.
    """

    circuit: LayeredCircuit
    features: int
    classes: int
    spread: float = 0.3

    def __post_init__(self) -> None:
        if self.features < 1 or self.classes < 2:
            raise BadInput(
                f"a circuit classifies examples of 1 or more features into 2 or more classes, "
                f"not {self.features} into {self.classes}"
            )

    @property
    def circuit_parameters(self) -> int:
        """Trained numbers in the circuit: a scale and a shift for each angle."""
        layers, qubits, angles = self.circuit.angles_shape
        return 2 * layers * qubits * angles

    @property
    def head_parameters(self) -> int:
        """Trained numbers in the linear head, which runs on a classical computer."""
        return (self.circuit.qubits + 1) * self.classes


def build_classifier(settings: ClassifierSettings) -> CircuitClassifier:
    """The module with fresh weights: features float32 (n, features) -> logits (n, classes).

    Equal settings and state of torch's global generator give the same weights. Raises BadInput without torch.
    """
    require_package("torch", extra="torch", task="build a quantum classifier")
    from chipsmith.quantum.modules.classifier import CircuitClassifier

    return CircuitClassifier(
        circuit=settings.circuit,
        places=feature_places(settings),
        classes=settings.classes,
        spread=settings.spread,
    )


def feature_places(settings: ClassifierSettings) -> NDArray[np.int64]:
    """Which feature each angle takes, int64 (layers, qubits, 3)."""
    layers, qubits, _ = settings.circuit.angles_shape
    layer = np.arange(layers)[:, None, None]
    qubit = np.arange(qubits)[:, None]
    return np.asarray((ANGLES_PER_ROTATION * layer + qubit + np.arange(ANGLES_PER_ROTATION)) % settings.features)
