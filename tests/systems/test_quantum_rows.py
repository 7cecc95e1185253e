"""Rows of quantum circuits have accuracies and no time."""

from __future__ import annotations

from chipsmith.profile.profile import Evidence
from chipsmith.systems.quantum_rows import quantum_rows, read_quantum, read_quantum_run
from chipsmith.systems.row import Generation

FIGURE = {"task": "digits", "model": "kernel", "mode": "exact", "accuracy": 0.899, "interval": [0.89, 0.908]}


def test_a_figure_is_a_row_below_the_line():
    (row,) = quantum_rows([FIGURE])
    assert (row.network, row.system) == ("digits", "kernel, exact")
    assert (row.generation, row.how) == (Generation.QUANTUM, Evidence.SIMULATED)
    assert (row.accuracy, row.accuracy_interval) == (0.899, (0.89, 0.908))
    assert (row.latency_us, row.energy_uj, row.instructions) == (None, None, None)


def test_a_classical_machine_beside_the_circuits_is_no_quantum_row():
    (row,) = quantum_rows([FIGURE | {"model": "rbf"}])
    assert (row.generation, row.how) == (Generation.ONE_CORE, Evidence.MEASURED)


def test_the_package_has_the_figures_or_says_that_it_has_none():
    collected = read_quantum()
    assert bool(collected.rows) != bool(collected.left_out)
    assert all(row.accuracy is not None and row.latency_us is None for row in collected.rows)


def test_a_run_has_its_circuit_below_the_line_and_the_machines_beside_it():
    result = {"network": "digits_quantum", "model": "quantum_kernel", "qubits": 8, "kind": "quantum"}
    result |= {"accuracy_exact": 0.9, "accuracy_exact_interval": [0.88, 0.92]}
    result |= {"accuracy_rbf": 0.91, "accuracy_rbf_interval": [0.89, 0.93]}
    result |= {"accuracy_device": None, "accuracy_device_interval": None}
    circuit, machine = read_quantum_run(result, source="runs/digits_quantum-0/result.json")
    assert (circuit.system, circuit.generation, circuit.how) == (
        "quantum_kernel, exact",
        Generation.QUANTUM,
        Evidence.SIMULATED,
    )
    assert (machine.system, machine.generation, machine.how) == ("rbf", Generation.ONE_CORE, Evidence.MEASURED)
    assert all(row.is_judged and row.latency_us is None for row in (circuit, machine))
