"""Families that run on a quantum processor: a variational classifier, and machines with a quantum kernel."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field

from chipsmith.learn.networks.base import Network, Shape, require_features, require_outputs
from chipsmith.learn.networks.machines import Choices, KernelFamily
from chipsmith.quantum.circuit import MOST_LAYERS, MOST_QUBITS, Entanglement, LayeredCircuit
from chipsmith.quantum.classifier import ClassifierSettings, build_classifier

if TYPE_CHECKING:
    from torch import nn

    from chipsmith.learn.networks.modules.machines import PairwiseMachine

Qubits = Annotated[int, Field(ge=1, le=MOST_QUBITS)]
Layers = Annotated[int, Field(ge=1, le=MOST_LAYERS)]


class QuantumNetwork(Network):
    """A family whose features become angles of a circuit; it compiles for no AI chip."""

    qubits: Qubits = 8
    layers: Layers
    entanglement: Entanglement = Entanglement.RING

    @property
    def circuit(self) -> LayeredCircuit:
        """The circuit that its features are given to."""
        return LayeredCircuit(qubits=self.qubits, layers=self.layers, entanglement=self.entanglement)

    def without_entanglement(self, *, features: int) -> Self:  # noqa: ARG002 asked by families that override it
        """The same family with nothing between the rotations: what a classical computer follows qubit by qubit."""
        return self.model_copy(update={"entanglement": Entanglement.NONE})

    @abstractmethod
    def count_parameters(self, *, features: int, outputs: int) -> int:
        """Numbers that are trained, in the circuit and after it; 0 where nothing of the circuit is."""


class QuantumClassifier(QuantumNetwork):
    """A variational circuit and a linear head, trained together: features -> (n, outputs).

    Every angle of every layer is scale x feature + shift, both trained; the expectations of Z of all qubits go through
    a linear layer, whose numbers count as parameters. `entanglement` "ring" puts CZ between neighbours, "none" nothing.
    """

    kind: Literal["quantum_classifier"] = "quantum_classifier"
    layers: Layers = 6
    spread: float = Field(default=0.15, gt=0, le=10, description="standard deviation of the scales before training")

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build."""
        return build_classifier(self.settings(input_shape=input_shape, outputs=outputs))

    def has_known_layers(self) -> bool:
        """See Network.has_known_layers."""
        return False

    def count_parameters(self, *, features: int, outputs: int) -> int:
        """See QuantumNetwork.count_parameters."""
        settings = self.settings(input_shape=(features,), outputs=outputs)
        return settings.circuit_parameters + settings.head_parameters

    def settings(self, *, input_shape: Shape, outputs: int) -> ClassifierSettings:
        """The classifier for examples of this shape. Raises BadInput where it cannot take them."""
        require_features(self.kind, input_shape)
        require_outputs(self.kind, outputs)
        return ClassifierSettings(circuit=self.circuit, features=input_shape[0], classes=outputs, spread=self.spread)


class QuantumKernel(QuantumNetwork, KernelFamily):
    """Support vector machines whose kernel is the fidelity of two states: features -> (n, outputs).

    In every layer each qubit is turned about Y by bandwidth x feature; `entanglement` stands between layers. Nothing of
    the circuit is trained; bandwidth and penalty are chosen as of every KernelFamily.
    """

    kind: Literal["quantum_kernel"] = "quantum_kernel"
    layers: Layers = 3
    bandwidths: Choices = (0.25, 0.35, 0.5, 0.7, 1.0)

    def build(self, *, input_shape: Shape, outputs: int) -> PairwiseMachine:
        """See Network.build."""
        from chipsmith.learn.networks.modules.machines import QuantumMachine

        require_features(self.kind, input_shape)
        require_outputs(self.kind, outputs)
        return QuantumMachine(circuit=self.circuit, features=input_shape[0], classes=outputs)

    def without_entanglement(self, *, features: int) -> Self:
        """See QuantumNetwork.without_entanglement.

        Turns about one axis with nothing between them are a single turn by the sum: more layers than bring every
        feature to a qubit would hide features in sums, and are left out.
        """
        layers = min(self.layers, math.ceil(features / self.qubits))
        return self.model_copy(update={"entanglement": Entanglement.NONE, "layers": layers})

    def count_parameters(self, *, features: int, outputs: int) -> int:  # noqa: ARG002 nothing is trained
        """See QuantumNetwork.count_parameters."""
        return 0
