"""Cycles with delays: what toggles more than once is seen, and what is left is what zero delay leaves."""

from __future__ import annotations

import numpy as np
import pytest
from small_cells import circuit_of, module, random_logic, small_library

from chipsmith.hardware.gates.elaborate import power_up
from chipsmith.hardware.gates.glitches import compare_glitches
from chipsmith.hardware.gates.inference import GateMachine, prepare_delays, prepare_machine
from chipsmith.hardware.gates.pricing import TreeRule
from chipsmith.hardware.gates.simulator import drive, settle_all
from chipsmith.hardware.gates.wires import WireRule


class TimedBench:
    def __init__(self, folder, source):
        self.machine: GateMachine = prepare_machine(
            circuit_of(folder, {"top": source}),
            small_library(folder),
            (),
            wires=WireRule(pf_per_um=0.0, port_pf=0.25),
            tree=TreeRule(),
        )
        self.run = power_up(self.machine.elaborated, segments=1, fill=0)
        self.timed = prepare_delays(self.machine)
        settle_all(self.machine.elaborated.netlist, self.run)

    def drive(self, **values):
        """How many nets end unlike with and without delays."""
        for name, value in values.items():
            drive(self.run, self.machine.circuit.ports[name], value)
        return compare_glitches(self.machine.elaborated.netlist, self.run, self.timed, 0)

    @property
    def toggles(self):
        return self.timed.toggles.sum(axis=0).tolist()


def ring(buffers):
    """An input, and itself through buffers of 0.1 ns, into an XOR of 0.3 ns."""
    chain = [("BUF", {"A": 3 + i, "Y": 4 + i}) for i in range(buffers)]
    cells = [*chain, ("XOR", {"A": 3, "B": 3 + buffers, "Y": 9})]
    return module({"clock": ("input", [2]), "a": ("input", [3]), "y": ("output", [9])}, cells)


@pytest.mark.parametrize(("buffers", "pulses"), [(1, 0), (2, 0), (4, 2), (5, 2)])
def test_a_late_input_makes_a_pulse_that_is_longer_than_the_gate_is_slow(tmp_path, buffers, pulses):
    """The inputs differ for 0.1 ns a buffer; the XOR answers after 0.3 ns, or not at all."""
    bench = TimedBench(tmp_path, ring(buffers))
    assert bench.drive(a=1) == 0
    assert bench.toggles == [1 + buffers, 1 + buffers + pulses]


def test_a_pulse_costs_both_of_its_edges(tmp_path):
    """At 2 V the net of 0.25 pF: half C V^2 twice. A rises while B is low: 3; then B rises while A is high: 2."""
    bench = TimedBench(tmp_path, ring(5))
    bench.drive(a=1)
    without, within = bench.timed.energy.sum(axis=0)
    assert within - without == pytest.approx(3 + 2 + 2 * 0.5 * 0.25 * 4)


def test_random_logic_ends_in_the_same_values(tmp_path):
    source, _ = random_logic(1)
    bench = TimedBench(tmp_path, source)
    rng = np.random.default_rng(3)
    assert [bench.drive(x=int(x)) for x in rng.integers(64, size=50)] == [0] * 50
    without, within = bench.toggles
    assert within > without > 100
