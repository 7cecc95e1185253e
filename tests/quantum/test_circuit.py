"""The form of circuits: which qubits are entangled, and which sizes are refused."""

from __future__ import annotations

import pytest

from chipsmith.errors import BadInput
from chipsmith.quantum.circuit import Entanglement, LayeredCircuit


@pytest.mark.parametrize(
    ("qubits", "pairs"),
    [(1, ()), (2, ((0, 1),)), (3, ((0, 1), (1, 2), (2, 0))), (4, ((0, 1), (1, 2), (2, 3), (3, 0)))],
)
def test_a_ring_entangles_each_neighbour_once(qubits, pairs):
    circuit = LayeredCircuit(qubits=qubits, layers=2)
    assert circuit.pairs == pairs
    assert (circuit.pairs_after(0), circuit.pairs_after(1)) == (pairs, ())


def test_without_entanglement_there_are_no_pairs():
    assert LayeredCircuit(qubits=4, layers=2, entanglement=Entanglement.NONE).pairs == ()


@pytest.mark.parametrize(("qubits", "layers"), [(0, 1), (1, 0), (15, 1), (1, 65)])
def test_sizes_out_of_reach_are_refused(qubits, layers):
    with pytest.raises(BadInput, match="cannot be simulated here"):
        LayeredCircuit(qubits=qubits, layers=layers)
