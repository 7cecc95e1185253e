"""Energies of every gate, flip-flop, clock gate and memory of a circuit, at its own loads and slews."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.hardware.gates.cells import MOST_INPUTS, Arc, CellLibrary, GateKind
from chipsmith.hardware.gates.circuit import PlacedCells
from chipsmith.hardware.gates.wires import Loads, WireRule

STATES = 1 << MOST_INPUTS
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class KindPrices:
    """Places of energies in the prices of a gate of a kind: `arcs`, `passive` [pins, edges, states]; `count` prices."""

    arcs: npt.NDArray[np.int16]
    passive: npt.NDArray[np.int16]
    count: int


def price_places(kind: GateKind) -> KindPrices:
    """Two places an arc, falling and rising, those of the output first; then that of the output's net alone, for
    edges that no arc describes, and that of no energy."""
    output = kind.outputs[0]
    count = 2 * (len(output.arcs) + len(kind.passive)) + 2
    arcs = np.full((MOST_INPUTS, 2, STATES), count - 2, np.int16)
    passive = np.full_like(arcs, count - 1)
    _place(arcs, output.arcs, 0)
    _place(passive, kind.passive, 2 * len(output.arcs))
    return KindPrices(arcs=arcs, passive=passive, count=count)


def _place(places: npt.NDArray[np.int16], arcs: Sequence[Arc], first: int) -> None:
    for index, arc in enumerate(arcs):
        states = [state for state in range(STATES) if arc.states >> state & 1]
        for edge in range(2):
            places[arc.pin, edge, states] = first + 2 * index + edge


@dataclass(frozen=True, kw_only=True)
class Pricing:
    """What the prices depend on beside the cells."""

    library: CellLibrary
    loads: Loads
    rule: WireRule

    def switching_pj(self, nets: npt.NDArray[np.int32]) -> Floats:
        """Half of C V^2 of each net: a toggle charges it or discharges it."""
        return 0.5 * np.append(self.loads.load_pf, 0.0)[nets] * self.library.voltage_v**2

    def gate_prices(self, placed: PlacedCells) -> Floats:
        """Picojoules [gates, places] of gates of a kind, in the order of price_places: toggles of the output include
        that of its net."""
        kind, nets = placed.kind, placed.outputs[:, 0]
        switching = self.switching_pj(nets)
        columns = [
            self._energy(arc, edge, placed, nets) + switching for arc in kind.outputs[0].arcs for edge in range(2)
        ]
        columns += [self._energy(arc, edge, placed, nets) for arc in kind.passive for edge in range(2)]
        return np.stack([*columns, switching, np.zeros(len(nets))], axis=1)

    def register_prices(self, placed: PlacedCells) -> tuple[Floats, Floats, Floats]:
        """Of flip-flops: of the clock [cells, edges, states of data and output], of outputs [cells, edges of the state]
        with their nets, of data [cells, edges, clock low or high]."""
        kind = placed.kind
        clock = np.stack([[self._in_state(placed, kind.clock, e, d, q) for d, q in _DATA_OUTPUT] for e in range(2)])
        outputs = np.stack([self._output_price(placed, value) for value in range(2)], axis=1)
        data = np.stack(
            [[self._data_price(placed, edge, clock_value) for clock_value in range(2)] for edge in range(2)]
        )
        return clock.transpose(2, 0, 1), outputs, data.transpose(2, 0, 1)

    def gate_clock_prices(self, placed: PlacedCells) -> tuple[Floats, Floats]:
        """Of clock gates: [cells, 2] of a cycle of the clock in front and of one behind; of a toggle of the enables
        [cells, enables, edges]."""
        kind = placed.kind
        front = [self._passive(placed, kind.clock, edge, None) for edge in range(2)]
        arcs = kind.outputs[0].arcs
        behind = [self._energy(arc, edge, placed, placed.outputs[:, 0]) for arc in arcs for edge in range(2)]
        enables = [[self._passive(placed, name, e, 0) for e in range(2)] for name in _enables(kind)]
        cycle = np.stack([np.sum(front, axis=0), np.sum(behind, axis=0)], axis=1)
        return cycle, np.array(enables).transpose(2, 0, 1)

    def delays_ns(self, placed: PlacedCells, output: int) -> Floats:
        """Delay to an output [cells, edges], falling and rising: the mean over the pins that it depends on."""
        nets = placed.outputs[:, output]
        loads, slews = np.append(self.loads.load_pf, 0.0)[nets], np.append(self.loads.slew_ns, 0.0)
        timings = placed.kind.outputs[output].timings
        edges = [
            [timing.delays[edge].interpolate(slews[placed.inputs[:, timing.pin]], loads) for timing in timings]
            for edge in range(2)
        ]
        return np.stack([np.mean(part, axis=0) if part else np.zeros(len(nets)) for part in edges], axis=1)

    def _energy(self, arc: Arc, edge: int, placed: PlacedCells, nets: npt.NDArray[np.int32]) -> Floats:
        table = arc.tables[edge]
        if table is None:
            return np.zeros(len(nets))
        slews = np.append(self.loads.slew_ns, self.rule.source_slew_ns)[placed.inputs[:, arc.pin]]
        return table.interpolate(slews, np.append(self.loads.load_pf, 0.0)[nets])

    def _in_state(self, placed: PlacedCells, pin: str, edge: int, data: int, output: int) -> Floats:
        """Energy of an edge of a flip-flop's clock where data and output are as said."""
        return self._state_energy(placed, pin, edge, {placed.kind.data: data}, output)

    def _data_price(self, placed: PlacedCells, edge: int, clock: int) -> Floats:
        """Of a toggle of the data to `edge`, the mean over the values of the output."""
        known = {placed.kind.clock: clock, placed.kind.data: edge}
        energies = [self._state_energy(placed, placed.kind.data, edge, known, q) for q in range(2)]
        return np.asarray(np.mean(energies, axis=0))

    def _state_energy(self, placed: PlacedCells, pin: str, edge: int, known: dict[str, int], output: int) -> Floats:
        kind = placed.kind
        state = kind.state({**kind.inactive, kind.clock: edge, **known}, output)
        return self._passive(placed, pin, edge, state)

    def _passive(self, placed: PlacedCells, pin: str, edge: int, state: int | None) -> Floats:
        """Of a toggle of a pin in a state; None: in the first that has an energy."""
        index = placed.kind.inputs.index(pin)
        for arc in placed.kind.passive:
            if arc.pin == index and (state is None or arc.states >> state & 1):
                return self._energy(arc, edge, placed, placed.outputs[:, 0])
        return np.zeros(len(placed.pins))

    def _output_price(self, placed: PlacedCells, value: int) -> Floats:
        """Of a change of a flip-flop's state to `value`: outputs and their nets."""
        clock = placed.kind.inputs.index(placed.kind.clock)
        energy = np.zeros(len(placed.pins))
        for index, row in enumerate(placed.kind.outputs):
            nets = placed.outputs[:, index]
            connected = nets >= 0
            arcs = [arc for arc in row.arcs if arc.pin == clock]
            internal = sum((self._energy(arc, value ^ row.inverted, placed, nets) for arc in arcs), np.zeros(len(nets)))
            energy += internal + np.where(connected, self.switching_pj(nets), 0.0)
        return energy


_DATA_OUTPUT = ((0, 0), (1, 0), (0, 1), (1, 1))


def _enables(kind: GateKind) -> list[str]:
    """The pins that let the clock through: the enable, and that of a test."""
    return [name for name in kind.inputs if name != kind.clock]


@dataclass(frozen=True, kw_only=True)
class TreeRule:
    """How a clock reaches its pins, before layout: levels of buffers, each of which drives `buffer_load_pf` at most.

    A pin is as far from its buffer as neighbouring pins are from one another, and so is a buffer from the one that
    drives it, in the area of the cells and of the logic between them. The buffer is the second largest of the library.
    """

    buffer_load_pf: float = 0.15


@dataclass(frozen=True, kw_only=True)
class ClockTree:
    """The buffers of a clock and the energy of a cycle in them, in its wires and in the capacitance of its pins."""

    buffers: int
    cycle_pj: float


def price_tree(pins_pf: Floats, area_um2: float, pricing: Pricing, rule: TreeRule) -> ClockTree:
    """The tree in front of clock pins of these capacitances. BadInput where the library has no such buffer."""
    kind = _clock_buffer(pricing.library)
    buffers, cycle_pj, sinks, pins = 0, 0.0, len(pins_pf), math.fsum(pins_pf)
    while sinks:
        wires = sinks * math.sqrt(area_um2 / pricing.rule.utilisation / sinks) * pricing.rule.pf_per_um
        load_pf = pins + wires
        cycle_pj += load_pf * pricing.library.voltage_v**2
        needed = math.ceil(load_pf / rule.buffer_load_pf)
        if needed <= 1 or needed >= sinks:
            break
        cycle_pj += needed * _buffer_cycle(kind, load_pf / needed, pricing.rule.source_slew_ns)
        buffers += needed
        sinks, pins = needed, needed * kind.capacitances_pf[0]
    return ClockTree(buffers=buffers, cycle_pj=cycle_pj)


def _clock_buffer(library: CellLibrary) -> GateKind:
    kinds = [kind for kind in library.kinds.values() if kind.is_buffer]
    if not kinds:
        raise BadInput(f"{library.name} has no buffer for the clock: name a library of standard cells")
    by_area = sorted(kinds, key=lambda kind: kind.area_um2)
    return by_area[max(0, len(by_area) - 2)]


def _buffer_cycle(kind: GateKind, load_pf: float, slew_ns: float) -> float:
    tables = [table for arc in kind.outputs[0].arcs for table in arc.tables if table]
    return sum(float(table.interpolate(np.array(slew_ns), np.array(load_pf))) for table in tables)
