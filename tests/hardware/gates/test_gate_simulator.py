"""Gates of few cells, against what can be worked out by hand or by another evaluation."""

from __future__ import annotations

import numpy as np
import pytest
from small_cells import circuit_of, module, random_logic, small_library

from chipsmith.errors import BadInput
from chipsmith.hardware.gates.elaborate import Elaborated, elaborate, power_up
from chipsmith.hardware.gates.macros import MacroChoice, SramMacro
from chipsmith.hardware.gates.pricing import Pricing, TreeRule
from chipsmith.hardware.gates.simulator import (
    CLOCK,
    LOGIC,
    MEMORY,
    REGISTERS,
    GateState,
    clock_edge,
    drive,
    read_number,
    release,
    settle_all,
    spread,
)
from chipsmith.hardware.gates.wires import WireRule, compute_loads

NO_WIRES = WireRule(pf_per_um=0.0, port_pf=0.25, source_slew_ns=0.5)
NO_TREE = TreeRule(buffer_load_pf=100.0)


class Bench:
    """A circuit of the small library, ready to be driven."""

    def __init__(self, folder, modules, wires=NO_WIRES, macro=None):
        self.circuit = circuit_of(folder, modules)
        pins = [{} for _ in self.circuit.memories]
        loads = compute_loads(self.circuit, wires, pins)
        pricing = Pricing(library=small_library(folder), loads=loads, rule=wires)
        self.loads = loads
        self.elaborated: Elaborated = elaborate(self.circuit, pricing, [macro] * len(pins), NO_TREE)
        self.netlist = self.elaborated.netlist
        self.run: GateState = power_up(self.elaborated, segments=1, fill=0)
        settle_all(self.netlist, self.run)

    def drive(self, **values):
        for name, value in values.items():
            drive(self.run, self.circuit.ports[name], value)
        release(self.netlist, self.run, 0)
        spread(self.netlist, self.run, 0)

    def tick(self):
        clock_edge(self.netlist, self.run, 0)
        release(self.netlist, self.run, 0)
        spread(self.netlist, self.run, 0)

    def read(self, name):
        return read_number(self.run, self.circuit.ports[name])

    def energy(self, column):
        return self.run.energy[0, :, column].sum()


def test_two_cells_use_what_the_tables_say(tmp_path):
    """NAND into INV: loads 0.01 pF (the INV's pin) and 0.25 pF (the port), half C V^2 at 2 V, slews from the tables."""
    gates = [("NAND", {"A": 2, "B": 3, "Y": 4}), ("INV", {"A": 4, "Y": 5})]
    ports = {"clock": ("input", [6]), "a": ("input", [2]), "b": ("input", [3]), "y": ("output", [5])}
    bench = Bench(tmp_path, {"top": module(ports, gates)})
    assert bench.loads.load_pf[bench.circuit.ports["y"][0]] == pytest.approx(0.25)
    bench.drive(a=1)  # the NAND stays high: the passive energy of A rising while B is low
    assert bench.energy(LOGIC) == pytest.approx(0.5)
    bench.drive(b=1)  # the NAND falls by B: 10; the INV rises at slew 0.2 and load 0.25: 5 + 2 * 0.2 + 0.25
    switching = 0.5 * 0.01 * 4 + 0.5 * 0.25 * 4
    assert bench.energy(LOGIC) == pytest.approx(0.5 + 10 + 5 + 2 * 0.2 + 0.25 + switching, rel=1e-6)
    assert bench.read("y") == 1
    before = bench.energy(LOGIC)
    bench.drive(a=0, b=0)  # both fall in a cycle: the mean of A's 2 and B's 20; the INV falls: 1 + 2 * 0.2 + 0.25
    assert bench.energy(LOGIC) - before == pytest.approx(11 + 1 + 2 * 0.2 + 0.25 + switching, rel=1e-6)


def test_the_state_of_the_other_pins_chooses_the_table(tmp_path):
    ports = {"clock": ("input", [6]), "a": ("input", [2]), "b": ("input", [3]), "y": ("output", [5])}
    bench = Bench(tmp_path, {"top": module(ports, [("XOR", {"A": 2, "B": 3, "Y": 5})])})
    switching = 0.5 * 0.25 * 4
    bench.drive(a=1)
    assert bench.energy(LOGIC) == pytest.approx(3 + switching)
    bench.drive(b=1)
    assert bench.energy(LOGIC) == pytest.approx(3 + 2 + 2 * switching)
    bench.drive(a=0)
    assert bench.energy(LOGIC) == pytest.approx(3 + 2 + 1 + 3 * switching)


def test_a_divider_by_two_uses_its_clock_in_every_cycle(tmp_path):
    """A flip-flop whose inverted output is its data: it toggles at every edge."""
    cells = [("DFF", {"C": 2, "D": 4, "R": "1", "Q": 3}), ("INV", {"A": 3, "Y": 4})]
    ports = {"clock": ("input", [2]), "q": ("output", [3])}
    bench = Bench(tmp_path, {"top": module(ports, cells)})
    seen = []
    for _ in range(4):
        seen.append(bench.read("q"))
        bench.tick()
    assert seen == [0, 1, 0, 1]
    half_cv2 = 0.5 * (0.25 + 0.01) * 4  # the port and the INV's pin
    assert bench.energy(REGISTERS) == pytest.approx(2 * (100 + half_cv2) + 2 * (200 + half_cv2))
    # Before the first edge D is high and Q low: rising 0, falling 0.01; with Q high and D low 0.1 and 0.02. The clock
    # also charges and discharges the pin of 0.1 pF in each of 4 cycles.
    assert bench.energy(CLOCK) == pytest.approx(4 * 0.1 * 4 + 2 * (0 + 0.01) + 2 * (0.1 + 0.02), rel=1e-6)


def test_a_gated_clock_stands_still(tmp_path):
    """Behind a clock gate nothing changes and nothing is used until its enable is high."""
    cells = [("GATE", {"C": 2, "E": 3, "G": 5}), ("DFF", {"C": 5, "D": 4, "R": "1", "Q": 6})]
    ports = {"clock": ("input", [2]), "e": ("input", [3]), "d": ("input", [4]), "q": ("output", [6])}
    bench = Bench(tmp_path, {"top": module(ports, cells)})
    assert bench.elaborated.gated_registers == 1
    bench.drive(d=1)
    bench.tick()
    idle = bench.energy(CLOCK)
    bench.tick()
    assert bench.read("q") == 0
    # The gate's own pin: 0.3 + 0.4 and C V^2 of 0.05 pF.
    assert bench.energy(CLOCK) - idle == pytest.approx(0.7 + 0.05 * 4)
    bench.drive(e=1)
    bench.tick()
    assert bench.read("q") == 1


def memory_bench(folder, macro=None):
    names = {"enable": 1, "address": 2, "write_lanes": 2, "write_data": 16, "read_data": 16}
    bits, ports, first = {"clock": [2]}, {"clock": ("input", [2])}, 3
    for name, width in names.items():
        bits[name] = list(range(first, first + width))
        ports[name] = ("output" if name == "read_data" else "input", bits[name])
        first += width
    sizes = {0: {"LINES": f"{4:032b}", "LINE_BYTES": f"{2:032b}", "LANE_BYTES": f"{1:032b}"}}
    return Bench(folder, {"top": module(ports, [("sram_bank", bits)], sizes)}, macro=macro)


def test_a_memory_writes_lanes_and_keeps_its_output(tmp_path):
    bench = memory_bench(tmp_path)
    contents, read = [0] * 4, 0
    rng = np.random.default_rng(5)
    for _ in range(200):
        enable, address, lanes, data = (int(rng.integers(limit)) for limit in (2, 4, 4, 1 << 16))
        bench.drive(enable=enable, address=address, write_lanes=lanes, write_data=data)
        bench.tick()
        if enable and lanes:
            mask = (0xFF if lanes & 1 else 0) | (0xFF00 if lanes & 2 else 0)
            contents[address] = contents[address] & ~mask | data & mask
        elif enable:
            read = contents[address]
        assert bench.read("read_data") == read


def test_a_write_uses_the_macros_whose_lanes_are_set(tmp_path):
    """Two macros of a byte beside one another: a read uses both, a write of one lane one of them."""
    pins = ("A_ADDR", "A_DIN", "A_MEN", "A_BM", "A_WEN")
    byte = SramMacro(
        name="byte",
        lines=4,
        bits=8,
        two_port=False,
        area_um2=1.0,
        leakage_mw=0.0,
        read_pj=3.0,
        write_pj=5.0,
        clock_pf=0.0,
        access_ns=0.1,
        toggle_pj=dict.fromkeys(pins, (0.0, 0.0)),
        pins_pf=dict.fromkeys(pins, 0.0),
    )
    bench = memory_bench(tmp_path, MacroChoice(macro=byte, wide=2, deep=1))
    used = [0.0]
    for enable, lanes in ((1, 0b01), (1, 0b11), (1, 0b00), (0, 0b11), (1, 0b10)):
        bench.drive(enable=enable, write_lanes=lanes)
        bench.tick()
        used.append(bench.energy(MEMORY))
    assert np.diff(used).tolist() == [5, 10, 6, 0, 5]


@pytest.mark.parametrize("seed", range(3))
def test_random_logic_is_what_its_gates_say(tmp_path, seed):
    source, evaluate = random_logic(seed)
    bench = Bench(tmp_path, {"top": source})
    for x in np.random.default_rng(seed).integers(64, size=40).tolist():
        bench.drive(x=x)
        assert bench.read("y") == evaluate(x)


def test_ports_that_are_the_same_bit_inside_are_the_same_net(tmp_path):
    """A module that hands an input through: what reads its output reads its input."""
    through = module({"i": ("input", [2]), "o": ("output", [2])}, [])
    top = module(
        {"clock": ("input", [2]), "a": ("input", [3]), "y": ("output", [5])},
        [("through", {"i": 3, "o": 4}), ("INV", {"A": 4, "Y": 5})],
    )
    bench = Bench(tmp_path, {"top": top, "through": through})
    bench.drive(a=1)
    assert bench.read("y") == 0


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([("INV", {"A": 3, "Y": 3})], "the netlist's logic has a loop"),
        ([("LATCH", {"D": 3, "E": 3, "Q": 4})], "LATCH is neither logic, flip-flop nor clock gate"),
        ([("MYSTERY", {"A": 3, "Y": 4})], "cells MYSTERY, which round.lib does not describe"),
        ([("DFF", {"C": 2, "D": 3, "R": 3, "Q": 4})], "the pin R of a DFF is used; only synchronous resets"),
        (
            [("DFF", {"C": 3, "D": 3, "R": "1", "Q": 4})],
            "a clock that is neither the machine's nor behind a clock gate",
        ),
    ],
)
def test_what_cannot_be_simulated_is_told(tmp_path, cells, message):
    with pytest.raises(BadInput, match=message):
        Bench(tmp_path, {"top": module({"clock": ("input", [2]), "y": ("output", [4])}, cells)})
