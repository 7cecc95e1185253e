"""The one form of circuit here: rotations of every qubit, entangled in a ring between them, measured in Z."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chipsmith.errors import BadInput

MOST_QUBITS = 14
"""2^14 amplitudes an example; more is out of reach of the simulators here."""
MOST_LAYERS = 64
ANGLES_PER_ROTATION = 3
"""A rotation is U(theta, phi, lambda) of OpenQASM 3: any gate of a single qubit, up to its phase."""


class Entanglement(StrEnum):
    """What stands between two layers of rotations."""

    RING = "ring"
    """CZ of every qubit and the next, and of the last and the first."""
    NONE = "none"
    """Nothing: the qubits stay independent, and a classical computer needs 2 numbers a qubit for their state."""


@dataclass(frozen=True, kw_only=True)
class LayeredCircuit:
    """`layers` layers of rotations of all `qubits`, with the entanglement between each two layers.

    The angles of its rotations are given apart, as an array (..., layers, qubits, 3) of theta, phi and lambda in
    radians: a circuit for each example. No entanglement follows the last layer, for CZ changes no measurement of Z.
    Raises BadInput for sizes that cannot be simulated.
    """

    qubits: int
    layers: int
    entanglement: Entanglement = Entanglement.RING

    def __post_init__(self) -> None:
        _check_size("qubits", self.qubits, MOST_QUBITS)
        _check_size("layers", self.layers, MOST_LAYERS)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The pairs of qubits that CZ entangles between each two layers."""
        if self.entanglement is Entanglement.NONE or self.qubits == 1:
            return ()
        chain = tuple((qubit, qubit + 1) for qubit in range(self.qubits - 1))
        return chain if self.qubits == 2 else (*chain, (self.qubits - 1, 0))

    def pairs_after(self, layer: int) -> tuple[tuple[int, int], ...]:
        """The pairs that CZ entangles between this layer, from 0, and the next; none after the last."""
        return self.pairs if layer < self.layers - 1 else ()

    @property
    def angles_shape(self) -> tuple[int, int, int]:
        """(layers, qubits, 3): the shape of the angles of an example."""
        return self.layers, self.qubits, ANGLES_PER_ROTATION


def _check_size(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise BadInput(f"a circuit of {value} {name} cannot be simulated here; take 1 to {most}")
