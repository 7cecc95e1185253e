"""From a circuit to the gates and the wiring of a device, by Qiskit's transpiler.

A compiler joins neighbouring gates of a single qubit into one, whatever their angles: so a circuit is transpiled once,
with a barrier in the place of each rotation, and examples fill their angles in. Angles that are special (a rotation
that happens to be none) may need fewer gates than are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.quantum.circuit import LayeredCircuit
from chipsmith.quantum.device import DeviceSnapshot

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

_LEVEL = 3
"""Of the transpiler's optimisation, its highest."""
_SEEDS = range(8)
"""Routing is a search: the result with the fewest gates of two qubits is taken."""
_MIDDLE = "middle"
"""The label of the barrier between the halves of an inversion test; rotations are labelled by their number."""


@dataclass(frozen=True, kw_only=True)
class DeviceCircuit:
    """A circuit in the gates of a device, on as many of its qubits as it needs.

    `template` is Qiskit's circuit over `places`, the device's own numbers of those qubits: a barrier labelled by a
    number stands for the rotation of that number, layer times qubits plus qubit. In an inversion test the rotations of
    the second example, undone, are numbered after those of the first.
    """

    circuit: LayeredCircuit
    device: DeviceSnapshot
    places: tuple[int, ...]
    template: QuantumCircuit


def transpile_circuit(circuit: LayeredCircuit, device: DeviceSnapshot) -> DeviceCircuit:
    """The circuit, measured at its end, on the device. Raises BadInput for more qubits than the device has."""
    return _place(circuit, device, _mark_rotations(circuit))


def transpile_inversion_test(circuit: LayeredCircuit, device: DeviceSnapshot) -> DeviceCircuit:
    """The circuit of one example and then that of another undone: how often it reads all zeros is their kernel.

    Raises BadInput for more qubits than the device has.
    """
    from qiskit.circuit.library import Barrier

    test = _mark_rotations(circuit)
    test.append(Barrier(circuit.qubits, label=_MIDDLE), range(circuit.qubits))
    for layer in reversed(range(circuit.layers)):
        _mark_layer(test, circuit, layer, first=circuit.layers * circuit.qubits)
        for pair in circuit.pairs if layer else ():
            test.cz(*pair)
    return _place(circuit, device, test)


def bind_angles(compiled: DeviceCircuit, angles: NDArray[Any]) -> QuantumCircuit:
    """Qiskit's circuit of the device's own gates and qubit numbers for the angles of its rotations, measured.

    `angles` (layers, qubits, 3) in radians; for an inversion test (2, layers, qubits, 3), those of both examples.
    A rotation has two forms in turns about Z and SX; as a matrix it is brought into the one with theta from 0 to pi,
    which `simulate_noise` takes too.
    """
    from qiskit import QuantumCircuit, transpile
    from qiskit.circuit.library import UGate

    flat = _rotation_angles(compiled.circuit, angles)
    bound = QuantumCircuit(len(compiled.places), compiled.circuit.qubits)
    for step in compiled.template.data:
        if rotation_number(step) is None:
            bound.append(step)
        else:
            bound.unitary(UGate(*flat[rotation_number(step)]).to_matrix(), step.qubits[0])
    merged = transpile(bound, basis_gates=list(compiled.device.basis), optimization_level=1)
    placed = QuantumCircuit(compiled.device.qubits, compiled.circuit.qubits)
    return placed.compose(merged, qubits=compiled.places, clbits=range(compiled.circuit.qubits))


def rotation_number(step: Any) -> int | None:
    """The number of the rotation that a step of a template stands for; None for gates and other steps."""
    label = step.operation.label if step.operation.name == "barrier" else None
    return int(label) if label and label.isdigit() else None


def is_middle(step: Any) -> bool:
    """Whether a step of a template is the boundary between the halves of an inversion test."""
    return bool(step.operation.name == "barrier" and step.operation.label == _MIDDLE)


def invert_angles(angles: NDArray[Any]) -> NDArray[Any]:
    """The angles (..., 3) of the rotations that undo those of angles (..., 3)."""
    theta, phi, lam = np.moveaxis(angles, -1, 0)
    return np.stack([-theta, -lam, -phi], axis=-1)


def _rotation_angles(circuit: LayeredCircuit, angles: NDArray[Any]) -> NDArray[Any]:
    if angles.ndim == len(circuit.angles_shape):
        return np.reshape(angles, (-1, angles.shape[-1]))
    return np.reshape(np.stack([angles[0], invert_angles(angles[1])]), (-1, angles.shape[-1]))


def _mark_rotations(circuit: LayeredCircuit) -> QuantumCircuit:
    from qiskit import QuantumCircuit

    marked = QuantumCircuit(circuit.qubits, circuit.qubits)
    for layer in range(circuit.layers):
        _mark_layer(marked, circuit, layer, first=0)
        for pair in circuit.pairs_after(layer):
            marked.cz(*pair)
    return marked


def _mark_layer(marked: QuantumCircuit, circuit: LayeredCircuit, layer: int, *, first: int) -> None:
    from qiskit.circuit.library import Barrier

    for qubit in range(circuit.qubits):
        marked.append(Barrier(1, label=str(first + layer * circuit.qubits + qubit)), [qubit])


def _place(circuit: LayeredCircuit, device: DeviceSnapshot, marked: QuantumCircuit) -> DeviceCircuit:
    from qiskit import transpile

    places = _choose_qubits(circuit, device)
    marked.measure(range(circuit.qubits), range(circuit.qubits))
    coupling = device.target.build_coupling_map().reduce(list(places), check_if_connected=False)
    candidates = [
        transpile(
            marked,
            basis_gates=list(device.basis),
            coupling_map=None if circuit.qubits == 1 else coupling,
            optimization_level=_LEVEL,
            seed_transpiler=seed,
        )
        for seed in _SEEDS
    ]
    template = min(candidates, key=lambda candidate: (candidate.num_nonlocal_gates(), candidate.depth()))
    return DeviceCircuit(circuit=circuit, device=device, places=places, template=template)


def _choose_qubits(circuit: LayeredCircuit, device: DeviceSnapshot) -> tuple[int, ...]:
    """Qubits with small errors that are coupled as the circuit is; where the device has no such ring, a line."""
    require_package("qiskit", extra="quantum", task="transpile a circuit")
    if circuit.qubits > device.qubits:
        raise BadInput(f"{device.name} has {device.qubits} qubits, and the circuit needs {circuit.qubits}")
    places, gates = _place_pairs(circuit.pairs, circuit.qubits, device)
    if gates == len(circuit.pairs):
        return places
    line = tuple((qubit, qubit + 1) for qubit in range(circuit.qubits - 1))
    return _place_pairs(line, circuit.qubits, device)[0]


def _place_pairs(
    pairs: tuple[tuple[int, int], ...], qubits: int, device: DeviceSnapshot
) -> tuple[tuple[int, ...], int]:
    """Where the transpiler places CZ of these pairs, and how many gates of two qubits it needs for them."""
    from qiskit import QuantumCircuit, transpile

    drawn = QuantumCircuit(qubits, qubits)
    for pair in pairs:
        drawn.cz(*pair)
    drawn.barrier()
    drawn.measure(range(qubits), range(qubits))
    placed = transpile(drawn, target=device.target, optimization_level=_LEVEL, seed_transpiler=0)
    return tuple(placed.layout.initial_index_layout(filter_ancillas=True)), placed.num_nonlocal_gates()
