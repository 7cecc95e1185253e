"""Energy of every gate of a foundry's library, against OpenSTA's power of the same gate."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest
from small_cells import module

from chipsmith.hardware.gates.cells import MOST_INPUTS, CellRole, read_cells
from chipsmith.hardware.gates.circuit import read_circuit
from chipsmith.hardware.gates.elaborate import elaborate, power_up
from chipsmith.hardware.gates.pricing import Pricing, TreeRule
from chipsmith.hardware.gates.simulator import LOGIC, drive, release, settle_all, spread
from chipsmith.hardware.gates.sta import run_sta
from chipsmith.hardware.gates.wires import WireRule, compute_loads

FIRST = 3 + MOST_INPUTS
PORT_PF, SLEW_NS = 0.02, 0.1
ACTIVITY = 1e6
"""Toggles of each input in a second."""


@pytest.fixture(scope="module")
def liberty(typical_cells):
    if shutil.which("sta") is None:
        pytest.skip("OpenSTA is not installed: apt-get install opensta")
    return typical_cells


def plain_gates(library):
    """A gate of each kind of up to two inputs but XOR, all from the same inputs, each with an output of its own."""
    kinds = [
        kind
        for kind in library.kinds.values()
        if kind.role is CellRole.LOGIC
        and 1 <= len(kind.inputs) <= 2
        and not kind.passive
        and kind.outputs[0].truth not in (0b0110, 0b1001)
    ]
    return [
        (kind.name, {pin: 3 + i for i, pin in enumerate(kind.inputs)} | {kind.outputs[0].name: FIRST + gate})
        for gate, kind in enumerate(kinds)
    ]


def simulate(liberty, folder, cell):
    """Picojoules of a gate and of its net: the sum over all states and inputs of the toggle of that input."""
    name, pins = cell
    ports = {
        "clock": ("input", [2]),
        "x": ("input", list(range(3, FIRST))),
        "y": ("output", [net for net in pins.values() if net >= FIRST]),
    }
    path = folder / "netlist.json"
    path.write_text(json.dumps({"modules": {"top": module(ports, [(name, pins)])}}), encoding="ascii")
    library, wires = read_cells(liberty), WireRule(pf_per_um=0.0, port_pf=PORT_PF, source_slew_ns=SLEW_NS)
    circuit = read_circuit(path, library, top="top")
    pricing = Pricing(library=library, loads=compute_loads(circuit, wires, []), rule=wires)
    elaborated = elaborate(circuit, pricing, [], TreeRule())
    run = power_up(elaborated, segments=1, fill=0)
    settle_all(elaborated.netlist, run)

    def apply(state):
        drive(run, circuit.ports["x"], state)
        release(elaborated.netlist, run, 0)
        spread(elaborated.netlist, run, 0)

    toggles, energy = 0, 0.0
    for state in range(1 << MOST_INPUTS):
        for pin in range(MOST_INPUTS):
            apply(state)
            before = int(run.toggles[circuit.ports["y"][0]]), float(run.energy[0, :, LOGIC].sum())
            apply(state ^ 1 << pin)
            toggles += int(run.toggles[circuit.ports["y"][0]]) - before[0]
            energy += float(run.energy[0, :, LOGIC].sum()) - before[1]
    return energy, toggles * float(pricing.switching_pj(circuit.ports["y"])[0])


def ask_opensta(liberty, cells):
    """Watts of each gate, internal and switching."""
    inputs = ", ".join(f"n{net}" for net in range(3, FIRST))
    outputs = ", ".join(f"n{FIRST + gate}" for gate in range(len(cells)))
    rows = [
        f"{kind} u{i}({', '.join(f'.{pin}(n{net})' for pin, net in pins.items())});"
        for i, (kind, pins) in enumerate(cells)
    ]
    text = f"module top({inputs}, {outputs});\ninput {inputs};\noutput {outputs};\n" + "\n".join(rows) + "\nendmodule\n"
    script = [
        f"read_liberty {{{liberty}}}",
        "read_verilog top.v",
        "link_design top",
        "create_clock -name c -period 10",
        f"set_load {PORT_PF} [all_outputs]",
        f"set_input_transition {SLEW_NS} [all_inputs]",
        f"sta::set_power_input_activity {ACTIVITY} 0.5",
        *(f"report_power -digits 6 -instances [get_cells u{i}]" for i in range(len(cells))),
        "",
    ]
    said = run_sta("\n".join(script), {"top.v": text})
    said_rows = re.findall(r"^\s*(\S+)\s+(\S+)\s+\S+\s+\S+\s+u\d+$", said, re.MULTILINE)
    return [(float(internal), float(switching)) for internal, switching in said_rows]


def test_a_gate_uses_what_opensta_says(liberty, tmp_path):
    """Where OpenSTA knows how often an output toggles: of up to two inputs, but for XOR.

    It takes all inputs to be high half of the time and to toggle one by one. OpenSTA 2.0 charges a rise and a fall of
    internal energy to each toggle, later versions the half of it: the factor is the same for every gate.
    """
    cells = plain_gates(read_cells(liberty))
    watts = ask_opensta(liberty, cells)
    assert len(watts) == len(cells) > 15
    per_state = ACTIVITY / (1 << MOST_INPUTS) * 1e-12
    factors = []
    for cell, (internal_w, switching_w) in zip(cells, watts, strict=True):
        energy_pj, switching_pj = simulate(liberty, tmp_path, cell)
        assert switching_pj * per_state == pytest.approx(switching_w, rel=1e-4), cell[0]
        factors.append((energy_pj - switching_pj) * per_state / internal_w)
    assert np.ptp(factors) < 1e-4
    assert min(abs(factors[0] - 0.5), abs(factors[0] - 1)) < 1e-4
