"""What the cells of a liberty file do, and what they use: functions, capacitances, energies, delays, leakage."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.hardware.gates.liberty import (
    LibertyGroup,
    LibertyTable,
    leakage_unit_mw,
    read_liberty,
    read_table,
    truth_of,
)

MOST_INPUTS = 6
"""Inputs of a cell whose truth table is a word of 64 bits."""

_GATES = {"latch_posedge", "latch_posedge_precontrol"}
Floats = npt.NDArray[np.float64]


class CellRole(enum.Enum):
    """What a cell is to the simulation."""

    LOGIC = "logic"
    FLIP_FLOP = "flip-flop"
    CLOCK_GATE = "clock gate"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Arc:
    """Energy of a transition: of pin `pin` of the inputs, in the states of the inputs whose bits are set in `states`.

    `tables` are those of a falling and of a rising edge: of the output for an arc to it, else of the pin itself, in pJ
    over slew and load. None: no energy.
    """

    pin: int
    states: int
    tables: tuple[LibertyTable | None, LibertyTable | None]


@dataclass(frozen=True, kw_only=True)
class PinTiming:
    """Delay and slew of an output from a pin, each for a falling and a rising output, in ns over slew and load."""

    pin: int
    delays: tuple[LibertyTable, LibertyTable]
    slews: tuple[LibertyTable, LibertyTable]


@dataclass(frozen=True, kw_only=True)
class CellOutput:
    """An output: its truth over the inputs (of a flip-flop: whether it is the state or its inverse), arcs, timing."""

    name: str
    truth: int
    inverted: bool
    arcs: tuple[Arc, ...]
    timings: tuple[PinTiming, ...]


@dataclass(frozen=True, kw_only=True)
class GateKind:
    """A cell of the library.

    `inputs` in the order of the bits of a state. `passive`: arcs of pins, without the output's. `capacitances_pf` of
    the inputs. `leakage_mw` by the state of the inputs, and of the output above them for what keeps a state. Of a
    flip-flop: `clock`, `data`, and `inactive`, the value at which each other input does nothing; of a clock gate: its
    enable is `data`.
    """

    name: str
    role: CellRole
    area_um2: float
    inputs: tuple[str, ...]
    outputs: tuple[CellOutput, ...]
    passive: tuple[Arc, ...]
    capacitances_pf: tuple[float, ...]
    leakage_mw: tuple[float, ...]
    clock: str
    data: str
    inactive: Mapping[str, int]

    def state(self, values: Mapping[str, int], output: int) -> int:
        """The state of a flip-flop with these values of its pins, 0 where none is given, that keeps `output`."""
        state = sum(values.get(name, 0) << index for index, name in enumerate(self.inputs))
        for index, row in enumerate(self.outputs):
            state |= (output ^ int(row.inverted)) << (len(self.inputs) + index)
        return state

    @property
    def is_buffer(self) -> bool:
        """Whether its output is its only input."""
        return self.role is CellRole.LOGIC and len(self.inputs) == len(self.outputs) == 1 and self.outputs[0].truth == 2


@dataclass(frozen=True, kw_only=True)
class CellLibrary:
    """The cells of a liberty file by their names, at its voltage and temperature."""

    name: str
    voltage_v: float
    temperature_c: float
    kinds: Mapping[str, GateKind]

    def kind(self, name: str) -> GateKind:
        """A cell; BadInput where the library has none of that name or it cannot be simulated."""
        if name not in self.kinds:
            raise BadInput(f"the netlist has cells {name}, which {self.name} does not describe: map it to that file")
        kind = self.kinds[name]
        if kind.role is CellRole.OTHER:
            raise BadInput(f"{name} is neither logic, flip-flop nor clock gate: map without it")
        return kind


def read_cells(path: Path) -> CellLibrary:
    """The cells of a liberty file. BadInput where it is none, or its units are others than ns, pF and V."""
    library = read_liberty(path)
    _check_units(library, path)
    kinds = (_kind(cell, leakage_unit_mw(library)) for cell in library.inside("cell"))
    return CellLibrary(
        name=path.name,
        voltage_v=library.number("nom_voltage"),
        temperature_c=library.number("nom_temperature"),
        kinds={kind.name: kind for kind in kinds},
    )


def _check_units(library: LibertyGroup, path: Path) -> None:
    load = tuple(word.lower() for word in library.values.get("capacitive_load_unit", ()))
    if library.word("time_unit") != "1ns" or len(load) != 2 or float(load[0]) != 1 or load[1] != "pf":
        raise BadInput(f"{path.name} counts in {library.word('time_unit')} and {' '.join(load)}; ns and pF are read")


def _kind(cell: LibertyGroup, unit_mw: float) -> GateKind:
    inputs = tuple(name for name, pin in cell.pins.items() if pin.word("direction") == "input")
    role = _role(cell, inputs)
    clock, data, inactive = _clocking(cell, inputs, role)
    outputs = tuple(_output(cell, pin, inputs, role) for pin in cell.pins.values() if pin.word("direction") == "output")
    return GateKind(
        name=cell.name,
        role=role,
        area_um2=cell.number("area"),
        inputs=inputs,
        outputs=outputs,
        passive=tuple(_passive(cell, inputs)) if role is not CellRole.OTHER else (),
        capacitances_pf=tuple(cell.pins[name].number("capacitance") for name in inputs),
        leakage_mw=_leakage(cell, inputs, unit_mw) if role is not CellRole.OTHER else (),
        clock=clock,
        data=data,
        inactive=inactive,
    )


def _role(cell: LibertyGroup, inputs: Sequence[str]) -> CellRole:
    flip_flop = next(cell.inside("ff"), None)
    outputs = [pin for pin in cell.pins.values() if pin.word("direction") == "output"]
    if len(inputs) > MOST_INPUTS or not outputs or any(pin.word("three_state") for pin in outputs):
        return CellRole.OTHER
    if flip_flop:
        plain = flip_flop.word("next_state") in inputs and flip_flop.word("clocked_on") in inputs
        return CellRole.FLIP_FLOP if plain else CellRole.OTHER
    if cell.word("clock_gating_integrated_cell") in _GATES:
        return CellRole.CLOCK_GATE
    return CellRole.LOGIC if all(pin.word("function") for pin in outputs) and not _keeps(cell) else CellRole.OTHER


def _keeps(cell: LibertyGroup) -> bool:
    return any(group.kind in ("latch", "statetable", "ff_bank", "latch_bank") for group in cell.groups)


def _clocking(cell: LibertyGroup, inputs: Sequence[str], role: CellRole) -> tuple[str, str, dict[str, int]]:
    """Clock, data, and the values at which other inputs do nothing."""
    if role is CellRole.FLIP_FLOP:
        flip_flop = next(cell.inside("ff"))
        clock, data = flip_flop.word("clocked_on"), flip_flop.word("next_state")
        return clock, data, _inactive(flip_flop, inputs, (clock, data))
    if role is CellRole.CLOCK_GATE:
        clock = next(name for name in inputs if cell.pins[name].word("clock_gate_clock_pin"))
        return clock, next(name for name in inputs if cell.pins[name].word("clock_gate_enable_pin")), {}
    return "", "", {}


def _inactive(flip_flop: LibertyGroup, inputs: Sequence[str], driven: tuple[str, str]) -> dict[str, int]:
    """The value at which a clear or preset pin does nothing."""
    terms = [flip_flop.word(name, "0") for name in ("clear", "preset")]
    others = [name for name in inputs if name not in driven]
    return {name: int(any(truth_of(term, inputs) & 1 for term in terms if name in term)) for name in others}


def _output(cell: LibertyGroup, pin: LibertyGroup, inputs: tuple[str, ...], role: CellRole) -> CellOutput:
    function = pin.word("function")
    known = role is not CellRole.OTHER
    return CellOutput(
        name=pin.name,
        truth=truth_of(function, inputs) if role is CellRole.LOGIC else 0,
        inverted=role is CellRole.FLIP_FLOP and function == next(cell.inside("ff")).names[1],
        arcs=tuple(_arcs(pin, inputs, ())) if known else (),
        timings=tuple(_timings(pin, inputs)) if known else (),
    )


def _arcs(pin: LibertyGroup, inputs: tuple[str, ...], kept: tuple[str, ...]) -> Iterator[Arc]:
    """Arcs to an output by its related pins: those with a condition, then the one for all other states."""
    groups = [group for group in pin.inside("internal_power") if group.word("related_pin") in inputs]
    for name in dict.fromkeys(group.word("related_pin") for group in groups):
        yield from _by_state([g for g in groups if g.word("related_pin") == name], inputs.index(name), inputs, kept)


def _passive(cell: LibertyGroup, inputs: tuple[str, ...]) -> Iterator[Arc]:
    kept = tuple(name for name, pin in cell.pins.items() if pin.word("direction") == "output")
    for index, name in enumerate(inputs):
        yield from _by_state(list(cell.pins[name].inside("internal_power")), index, inputs, kept)


def _by_state(
    groups: Sequence[LibertyGroup], pin: int, inputs: tuple[str, ...], kept: tuple[str, ...]
) -> Iterator[Arc]:
    """Each state has one arc: the first whose condition it meets, else the one without a condition."""
    pins = (*inputs, *kept)
    left = (1 << (1 << len(pins))) - 1
    for group in sorted(groups, key=lambda group: not group.word("when")):
        states = left & (truth_of(group.word("when"), pins) if group.word("when") else left)
        left &= ~states
        if states:
            yield Arc(pin=pin, states=states, tables=(_edge(group, "fall_power"), _edge(group, "rise_power")))


def _edge(group: LibertyGroup, kind: str) -> LibertyTable | None:
    tables = [*group.inside(kind), *group.inside("power")]
    return read_table(tables[0]) if tables else None


def _timings(pin: LibertyGroup, inputs: tuple[str, ...]) -> Iterator[PinTiming]:
    """Of each related pin the timing without a condition, or the only one."""
    by_pin: dict[str, LibertyGroup] = {}
    for group in pin.inside("timing"):
        pin_name = group.word("related_pin")
        complete = pin_name in inputs and all(any(group.inside(kind)) for kind in _TABLES)
        if complete and (not group.word("when") or pin_name not in by_pin):
            by_pin[pin_name] = group
    for name, group in by_pin.items():
        fall, fall_slew, rise, rise_slew = (read_table(next(group.inside(kind))) for kind in _TABLES)
        yield PinTiming(pin=inputs.index(name), delays=(fall, rise), slews=(fall_slew, rise_slew))


_TABLES = ("cell_fall", "fall_transition", "cell_rise", "rise_transition")


def _leakage(cell: LibertyGroup, inputs: tuple[str, ...], unit_mw: float) -> tuple[float, ...]:
    """Milliwatts by the state of the inputs, and of the outputs above them; the cell's own where none is said."""
    kept = tuple(name for name, pin in cell.pins.items() if pin.word("direction") == "output")
    pins = (*inputs, *kept)
    leakage = [cell.number("cell_leakage_power") * unit_mw] * (1 << len(pins))
    for group in cell.inside("leakage_power"):
        if not group.word("when"):
            continue
        states = truth_of(group.word("when"), pins)
        for state in range(len(leakage)):
            if states >> state & 1:
                leakage[state] = group.number("value") * unit_mw
    return tuple(leakage)
