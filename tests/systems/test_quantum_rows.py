"""Rows of quantum circuits have accuracies and no time."""

from __future__ import annotations

from chipsmith.profile.profile import Evidence
from chipsmith.systems.quantum_rows import quantum_rows, read_quantum, read_quantum_run
from chipsmith.systems.row import Generation

STUDY = {
    "modes": {"exact": "whole test part, exact", "noise_part": "200 test examples with the noise of the device"},
    "device": {"name": "a device"},
    "rows": [
        {"task": "digits", "model": "kernel", "mode": "noise_part", "accuracy": 0.81, "interval": [0.8, 0.82]},
        {"task": "digits", "model": "rbf", "mode": "exact", "accuracy": 0.909, "interval": [0.9, 0.918]},
    ],
}


def test_circuits_are_simulated_and_the_machines_beside_them_measured():
    circuit, machine = quantum_rows(STUDY)
    assert (circuit.network, circuit.system) == ("digits", "kernel, noise_part")
    assert (circuit.generation, circuit.how) == (Generation.QUANTUM, Evidence.SIMULATED)
    assert (circuit.accuracy, circuit.accuracy_interval) == (0.81, (0.8, 0.82))
    assert (circuit.latency_us, circuit.energy_uj, circuit.instructions) == (None, None, None)
    assert circuit.source == "docs/quantum.json: 200 test examples with the noise of the device; the device is a device"
    assert (machine.generation, machine.how) == (Generation.ONE_CORE, Evidence.MEASURED)


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
