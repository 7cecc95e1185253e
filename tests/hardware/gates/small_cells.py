"""A library of few cells with round numbers, and netlists of them as yosys writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from chipsmith.hardware.gates.cells import CellLibrary, read_cells
from chipsmith.hardware.gates.circuit import GateCircuit, read_circuit

SLEWS, LOADS = '"0.0, 1.0"', '"0.0, 1.0"'


def table(kind: str, corners: Sequence[float]) -> str:
    """A table over slew and load from its values at (0, 0), (0, 1), (1, 0), (1, 1): linear between them."""
    a, b, c, d = corners
    return f'{kind} (t) {{ index_1 ({SLEWS}); index_2 ({LOADS}); values ("{a}, {b}", "{c}, {d}"); }}'


def arc(pin: str, fall: Sequence[float], rise: Sequence[float], when: str = "") -> str:
    condition = f'when : "{when}";' if when else ""
    related = f"related_pin : {pin};" if pin else ""
    return f"internal_power () {{ {related} {condition} {table('fall_power', fall)} {table('rise_power', rise)} }}"


def timing(pin: str, delay: float) -> str:
    tables = ("cell_fall", "cell_rise", "fall_transition", "rise_transition")
    return f"timing () {{ related_pin : {pin}; {' '.join(table(kind, [delay] * 4) for kind in tables)} }}"


def flat(value: float) -> list[float]:
    return [value] * 4


LIBERTY = f"""
library (round) {{
  capacitive_load_unit (1,pf); time_unit : "1ns"; leakage_power_unit : "1nW";
  nom_voltage : 2; nom_temperature : 25;
  cell (INV) {{
    area : 1; cell_leakage_power : 3;
    leakage_power () {{ value : 1; when : "A"; }} leakage_power () {{ value : 5; when : "!A"; }}
    pin (A) {{ direction : input; capacitance : 0.01; }}
    pin (Y) {{ direction : output; function : "!A"; {timing("A", 0.1)} {arc("A", [1, 2, 3, 4], [5, 6, 7, 8])} }}
  }}
  cell (BUF) {{
    area : 1;
    pin (A) {{ direction : input; capacitance : 0.01; }}
    pin (Y) {{ direction : output; function : "A"; {timing("A", 0.1)} {arc("A", flat(0.5), flat(0.5))} }}
  }}
  cell (NAND) {{
    area : 2;
    pin (A) {{ direction : input; capacitance : 0.02; {arc("", flat(0.25), flat(0.5), "!B")} }}
    pin (B) {{ direction : input; capacitance : 0.03; }}
    pin (Y) {{ direction : output; function : "(A*B)'"; {timing("A", 0.2)} {timing("B", 0.2)}
      {arc("A", flat(1), flat(2))} {arc("B", flat(10), flat(20))} }}
  }}
  cell (XOR) {{
    area : 3;
    pin (A) {{ direction : input; capacitance : 0.02; }}
    pin (B) {{ direction : input; capacitance : 0.02; }}
    pin (Y) {{ direction : output; function : "A^B"; {timing("A", 0.3)} {timing("B", 0.3)}
      {arc("A", flat(1), flat(1), "B")} {arc("A", flat(3), flat(3), "!B")} {arc("B", flat(2), flat(2))} }}
  }}
  cell (DFF) {{
    area : 4; cell_leakage_power : 2;
    ff (IQ, IQN) {{ clocked_on : C; next_state : "D"; clear : "!R"; }}
    pin (C) {{ direction : input; capacitance : 0.1;
      {arc("", flat(0.01), flat(0), "D * R * !Q")} {arc("", flat(0.02), flat(0.1))} }}
    pin (D) {{ direction : input; capacitance : 0.01; {arc("", flat(4), flat(5), "C")} {arc("", flat(6), flat(7))} }}
    pin (R) {{ direction : input; capacitance : 0.01; }}
    pin (Q) {{ direction : output; function : IQ; {timing("C", 0.4)} {arc("C", flat(100), flat(200))} }}
  }}
  cell (GATE) {{
    area : 5; clock_gating_integrated_cell : "latch_posedge";
    statetable ("C E", "I") {{ table : "L L : - : L"; }}
    pin (I) {{ direction : internal; internal_node : I; }}
    pin (C) {{ direction : input; clock_gate_clock_pin : true; capacitance : 0.05; {arc("", flat(0.3), flat(0.4))} }}
    pin (E) {{ direction : input; clock_gate_enable_pin : true; capacitance : 0.01; }}
    pin (G) {{ direction : output; clock_gate_out_pin : true; state_function : "C * I"; {timing("C", 0.1)}
      {arc("C", flat(0.6), flat(0.7))} }}
  }}
  cell (LATCH) {{
    area : 4;
    latch (IQ, IQN) {{ data_in : D; enable : E; }}
    pin (D) {{ direction : input; }} pin (E) {{ direction : input; }}
    pin (Q) {{ direction : output; function : IQ; }}
  }}
}}
"""


def small_library(folder: Path) -> CellLibrary:
    path = folder / "round.lib"
    path.write_text(LIBERTY, encoding="ascii")
    return read_cells(path)


def module(
    ports: Mapping[str, tuple[str, list[int | str]]],
    cells: Sequence[tuple[str, Mapping[str, object]]],
    parameters: Mapping[int, Mapping[str, str]] | None = None,
) -> dict[str, object]:
    """A module of yosys: ports as (direction, bits), cells as (type, pin to bit or bits)."""
    rows = {}
    for index, (kind, pins) in enumerate(cells):
        bits = {pin: net if isinstance(net, list) else [net] for pin, net in pins.items()}
        rows[f"u{index}"] = {"type": kind, "connections": bits, "parameters": (parameters or {}).get(index, {})}
    return {
        "attributes": {},
        "ports": {name: {"direction": direction, "bits": bits} for name, (direction, bits) in ports.items()},
        "cells": rows,
    }


def circuit_of(folder: Path, modules: Mapping[str, object], top: str = "top") -> GateCircuit:
    path = folder / "netlist.json"
    path.write_text(json.dumps({"modules": modules}), encoding="ascii")
    return read_circuit(path, small_library(folder), top=top)


def random_logic(seed, inputs=6, gates=60):
    """A module of random gates over its inputs, and a function that evaluates it."""
    rng = np.random.default_rng(seed)
    rows, cells = [], []
    for gate in range(gates):
        kind = str(rng.choice(["NAND", "XOR", "INV"]))
        first, second = (int(rng.integers(2, 3 + inputs + gate)) for _ in range(2))
        rows.append((kind, max(first, 3), max(second, 3)))
        pins = {"A": rows[-1][1], "Y": 3 + inputs + gate} | ({} if kind == "INV" else {"B": rows[-1][2]})
        cells.append((kind, pins))
    ports = {
        "clock": ("input", [2]),
        "x": ("input", list(range(3, 3 + inputs))),
        "y": ("output", list(range(3 + inputs, 3 + inputs + gates))),
    }

    def evaluate(x):
        values = {3 + bit: x >> bit & 1 for bit in range(inputs)}
        for gate, (kind, a, b) in enumerate(rows):
            both = {"NAND": 1 - (values[a] & values[b]), "XOR": values[a] ^ values[b], "INV": 1 - values[a]}
            values[3 + inputs + gate] = both[kind]
        return sum(values[3 + inputs + gate] << gate for gate in range(gates))

    return module(ports, cells), evaluate
