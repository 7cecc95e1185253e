"""The standard cells of a liberty file, as mapping and timing need them: areas, corner, clock gate, what stays out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.hardware.gates.liberty import LibertyGroup, read_liberty

_GATE_KIND = "latch_posedge_precontrol"
"""How liberty calls a clock gate whose latch is open while the clock is low, its test input in front of the latch."""


@dataclass(frozen=True, kw_only=True)
class ClockGateCell:
    """A cell that gates a clock: its pins; `test` must be low, and is empty where it has none."""

    name: str
    enable: str
    clock: str
    gated: str
    test: str
    area_um2: float


@dataclass(frozen=True, kw_only=True)
class StandardCells:
    """The cells of a liberty file at its corner.

    `unused` are those that mapping leaves out: the library says so, or they only delay. `outputs`: the first output pin
    of each. `inverter` is the smallest one, `inverter_pins` its input and output, `buffer` drives inputs.
    """

    path: Path
    name: str
    voltage_v: float
    temperature_c: float
    areas_um2: Mapping[str, float]
    unused: tuple[str, ...]
    outputs: Mapping[str, str]
    registers: frozenset[str]
    clock_gate: ClockGateCell | None
    inverter: str
    inverter_pins: tuple[str, str]
    buffer: str

    @property
    def corner(self) -> str:
        """The corner in words."""
        return f"{self.voltage_v:g} V, {self.temperature_c:g} C"


def read_cells(path: Path) -> StandardCells:
    """The cells of a liberty file. BadInput where it is missing, damaged, or has no flip-flop, inverter or buffer."""
    library = read_liberty(path)
    try:
        cells = {cell.name: cell for cell in library.inside("cell")}
        return _standard_cells(path, library, cells)
    except (ValueError, KeyError, StopIteration):
        raise BadInput(f"{path.name} is damaged: a cell's area or pins cannot be read; take the file anew") from None


def _standard_cells(path: Path, library: LibertyGroup, cells: Mapping[str, LibertyGroup]) -> StandardCells:
    registers = frozenset(name for name, cell in cells.items() if any(cell.inside("ff")))
    inverters, buffers = _smallest_first(cells, "!"), _smallest_first(cells, "")
    missing = [
        what for what, there in (("flip-flop", registers), ("inverter", inverters), ("buffer", buffers)) if not there
    ]
    if missing:
        raise BadInput(
            f"{path.name} has no {missing[0]}: logic cannot be mapped to it; name a library of standard cells"
        )
    return StandardCells(
        path=path,
        name=library.name,
        voltage_v=library.number("nom_voltage"),
        temperature_c=library.number("nom_temperature"),
        areas_um2={name: cell.number("area") for name, cell in cells.items()},
        unused=tuple(name for name, cell in cells.items() if _stays_out(name, cell, buffers)),
        outputs={name: pin for name, cell in cells.items() if (pin := _first_output(cell))},
        registers=registers,
        clock_gate=_clock_gate(cells),
        inverter=inverters[0],
        inverter_pins=_through(cells[inverters[0]]),
        buffer=buffers[min(1, len(buffers) - 1)],
    )


def _through(cell: LibertyGroup) -> tuple[str, str]:
    """The only input and the only output of a cell."""
    (enter,) = (pin.name for pin in cell.pins.values() if pin.word("direction") == "input")
    return enter, _first_output(cell)


def _first_output(cell: LibertyGroup) -> str:
    return next((pin.name for pin in cell.pins.values() if pin.word("direction") == "output"), "")


def _stays_out(name: str, cell: LibertyGroup, buffers: list[str]) -> bool:
    """Whether the library forbids a cell, or it is a buffer that is there for its delay: larger than it is strong."""
    delays = "dly" in name and name in buffers
    return cell.word("dont_use") == "true" or delays


def _smallest_first(cells: Mapping[str, LibertyGroup], before: str) -> list[str]:
    """Cells of one input whose output is that input, with `before` in front of it."""
    fitting = []
    for name, cell in cells.items():
        inputs = [pin for pin in cell.pins.values() if pin.word("direction") == "input"]
        outputs = [pin for pin in cell.pins.values() if pin.word("direction") == "output"]
        if len(inputs) == len(outputs) == 1 and not any(cell.inside("ff")) and cell.word("dont_use") != "true":
            function = outputs[0].word("function").replace("(", "").replace(")", "").replace(" ", "")
            if function == before + inputs[0].name and not outputs[0].word("three_state"):
                fitting.append(name)
    return sorted(fitting, key=lambda name: cells[name].number("area"))


def _clock_gate(cells: Mapping[str, LibertyGroup]) -> ClockGateCell | None:
    """The smallest clock gate for rising edges, with a test input if there is one; None where the library has none."""
    gates = [
        _gate(name, cell)
        for name, cell in cells.items()
        if cell.word("clock_gating_integrated_cell").startswith(_GATE_KIND.removesuffix("_precontrol"))
    ]
    return min(gates, key=lambda gate: (not gate.test, gate.area_um2), default=None)


def _gate(name: str, cell: LibertyGroup) -> ClockGateCell:
    marked = {
        mark: next((pin.name for pin in cell.pins.values() if pin.word(f"clock_gate_{mark}_pin") == "true"), "")
        for mark in ("enable", "clock", "out", "test")
    }
    return ClockGateCell(
        name=name,
        enable=marked["enable"],
        clock=marked["clock"],
        gated=marked["out"],
        test=marked["test"],
        area_um2=cell.number("area"),
    )
