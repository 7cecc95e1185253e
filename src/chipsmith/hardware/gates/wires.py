"""Loads and slews of nets before there is a layout: pins of the library, wires by a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipsmith.hardware.gates.cells import CellRole
from chipsmith.hardware.gates.circuit import GateCircuit, Nets, ancestors
from chipsmith.loops import compiled_loop

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class WireRule:
    """What the wire of a net is taken for, before layout.

    A net that lies in an instance of N cells has for each pin that it drives a wire of Donath's mean length for N cells
    in a square (IEEE Trans. Circuits and Systems 26, 1979) with this Rent exponent; a cell's pitch is the square root
    of the mean area over `utilisation`. `pf_per_um`: width of 0.2 um times area capacitance plus twice that of an edge,
    of Metal3 in the technology's LEF; `kohm_per_um`: resistance of that width. `port_pf`: what an output of the
    machine drives. `source_slew_ns`: the slew of inputs, and of clocks behind their buffers.
    """

    rent_exponent: float = 0.6
    utilisation: float = 0.7
    pf_per_um: float = 0.2 * 1.20e-5 + 2 * 4.48e-5
    kohm_per_um: float = 0.103e-3 / 0.2
    port_pf: float = 0.01
    source_slew_ns: float = 0.1

    def length_um(self, cells: Floats, cell_area_um2: float) -> Floats:
        """Length of the wire to a pin in an instance of so many cells."""
        return donath_length(np.maximum(cells, 4.0), self.rent_exponent) * self.pitch_um(cell_area_um2)

    def pitch_um(self, cell_area_um2: float) -> float:
        """Distance of neighbouring cells."""
        return float(np.sqrt(cell_area_um2 / self.utilisation))


def donath_length(cells: Floats, rent_exponent: float) -> Floats:
    """Mean length of a connection of two pins in a square of so many cells, in pitches (Donath 1979)."""
    p, n = rent_exponent, np.asarray(cells, np.float64)
    spread = 7 * (n ** (p - 0.5) - 1) / (4 ** (p - 0.5) - 1) - (1 - n ** (p - 1.5)) / (1 - 4 ** (p - 1.5))
    return np.asarray(2 / 9 * spread * (1 - 4 ** (p - 1)) / (1 - n ** (p - 1)))


@dataclass(frozen=True, kw_only=True)
class Loads:
    """Of each net: `load_pf`, of pins and wire; `wire_pf` of it; `slew_ns` of its edges, the mean of both."""

    load_pf: Floats
    wire_pf: Floats
    slew_ns: Floats


def compute_loads(circuit: GateCircuit, rule: WireRule, memory_pins_pf: Sequence[dict[str, float]]) -> Loads:
    """Loads and slews of all nets. `memory_pins_pf`: of each memory the capacitance of a bit of each input port."""
    pins_pf, fanout = np.zeros(circuit.nets + 1), np.zeros(circuit.nets + 1)
    for placed in circuit.cells:
        for pin, capacitance in enumerate(placed.kind.capacitances_pf):
            np.add.at(pins_pf, placed.inputs[:, pin], capacitance)
            np.add.at(fanout, placed.inputs[:, pin], 1)
    for memory, capacitances in zip(circuit.memories, memory_pins_pf, strict=True):
        for port, capacitance in capacitances.items():
            np.add.at(pins_pf, memory.ports[port], capacitance)
            np.add.at(fanout, memory.ports[port], 1)
    for port, nets in circuit.ports.items():
        if port not in circuit.inputs:
            np.add.at(pins_pf, nets, rule.port_pf)
    wire_pf = fanout * _wire_pf(circuit, rule)
    load = (pins_pf + wire_pf)[: circuit.nets]
    return Loads(load_pf=load, wire_pf=wire_pf[: circuit.nets], slew_ns=_slews(circuit, load, rule))


def _wire_pf(circuit: GateCircuit, rule: WireRule) -> Floats:
    """Capacitance of a connection of each net, by the smallest instance that has all of its pins."""
    own = np.zeros(len(circuit.scopes))
    for placed in circuit.cells:
        np.add.at(own, placed.scopes, 1)
    cells = np.zeros(len(circuit.scopes))
    for scope, count in enumerate(own):
        for outer in ancestors(circuit.scopes, scope):
            cells[outer] += count
    mean_area = circuit.area_um2 / max(1, circuit.cell_count)
    per_scope = rule.length_um(cells, mean_area) * rule.pf_per_um
    return np.asarray(per_scope[_homes(circuit)])


def _homes(circuit: GateCircuit) -> Nets:
    """The smallest scope that has all pins of each net."""
    parents = np.array([scope.parent for scope in circuit.scopes], np.int32)
    depths = np.array([sum(1 for _ in ancestors(circuit.scopes, s)) for s in range(len(parents))], np.int32)
    homes = np.full(circuit.nets + 1, -1, np.int32)
    for placed in circuit.cells:
        join_scopes(homes, placed.pins, placed.scopes, parents, depths)
    for memory in circuit.memories:
        for nets in memory.ports.values():
            join_scopes(homes, nets.reshape(-1, 1), np.full(len(nets), memory.scope, np.int32), parents, depths)
    for nets in circuit.ports.values():
        homes[nets] = 0
    return np.maximum(homes, 0)


@compiled_loop()
def join_scopes(homes: Nets, pins: Nets, scopes: Nets, parents: Nets, depths: Nets) -> None:
    """Widen the home of each net to the instances of cells with pins on it."""
    for cell in range(pins.shape[0]):
        for pin in range(pins.shape[1]):
            first, second = homes[pins[cell, pin]], scopes[cell]
            if first < 0:
                homes[pins[cell, pin]] = second
                continue
            while first != second:
                if depths[first] >= depths[second]:
                    first = parents[first]
                else:
                    second = parents[second]
            homes[pins[cell, pin]] = first


_PASSES = 4
"""An output's slew depends little on its input's: a few passes over all cells settle it."""


def _slews(circuit: GateCircuit, load_pf: Floats, rule: WireRule) -> Floats:
    slews = np.full(circuit.nets + 1, rule.source_slew_ns)
    loads = np.append(load_pf, 0.0)
    for _ in range(_PASSES):
        for placed in circuit.cells:
            if placed.kind.role is CellRole.CLOCK_GATE:
                continue
            for index, output in enumerate(placed.kind.outputs):
                nets = placed.outputs[:, index]
                tables = [(timing.pin, table) for timing in output.timings for table in timing.slews]
                if tables:
                    means = [table.interpolate(slews[placed.inputs[:, pin]], loads[nets]) for pin, table in tables]
                    slews[nets] = np.mean(means, axis=0)
        slews[:2] = slews[-1] = rule.source_slew_ns
    return slews[: circuit.nets]
