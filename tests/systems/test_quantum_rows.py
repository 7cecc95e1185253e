"""Rows of quantum circuits have accuracies and no time."""

from __future__ import annotations

from chipsmith.profile.profile import Evidence
from chipsmith.systems.quantum_rows import quantum_rows, read_quantum
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
