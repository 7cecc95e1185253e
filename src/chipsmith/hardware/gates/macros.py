"""Memories as a foundry's macros: which of them stand for a wrapper, and what they use, from their liberty files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.hardware.gates.circuit import PlacedMemory
from chipsmith.hardware.gates.liberty import LibertyGroup, leakage_unit_mw, read_table
from chipsmith.hardware.gates.macro_files import ORDINARY_PF, MacroFile, no_macro_at, no_macro_for, read_macro_files
from chipsmith.hardware.memories import Wrapper

_PORTS = {
    "address": "A_ADDR",
    "read_address": "A_ADDR",
    "write_address": "A_ADDR",
    "write_data": "A_DIN",
    "write_lanes": "A_BM",
    "enable": "A_MEN",
    "read_enable": "A_MEN",
    "write_enable": "A_MEN",
}
"""The macro's pins behind the ports of the wrappers."""

_WHOLE_BUSES = ("A_DIN", "A_BM")
"""Buses whose energy of a bit is given in proportion to their width, from 8 to 64 bits: it is taken for that of all."""


@dataclass(frozen=True, kw_only=True)
class SramMacro:
    """A macro of a foundry at a corner.

    `read_pj`, `write_pj`: of a rising clock edge with an access. `toggle_pj` of a falling and of a rising bit of each
    pin or bus, the mean of its conditions; `pins_pf` of a bit; `access_ns`: clock to data.
    """

    name: str
    lines: int
    bits: int
    two_port: bool
    area_um2: float
    leakage_mw: float
    read_pj: float
    write_pj: float
    clock_pf: float
    access_ns: float
    toggle_pj: Mapping[str, tuple[float, float]]
    pins_pf: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class MacroChoice:
    """The macros that stand for a memory: `wide` beside one another, `deep` on one another.

    A read accesses all of a line, a write those with a lane that is set: each has an enable of its own.
    """

    macro: SramMacro
    wide: int
    deep: int

    @property
    def count(self) -> int:
        """All of them."""
        return self.wide * self.deep


def read_macros(folder: Path, *, voltage_v: float, temperature_c: float) -> tuple[SramMacro, ...]:
    """The macros of a folder of liberty files at a corner. BadInput where there is none."""
    given = [file for file in read_macro_files(folder) if _is_at(file.corner, voltage_v, temperature_c)]
    if not given:
        raise no_macro_at(folder, f"{voltage_v:g} V, {temperature_c:g} C")
    return tuple(_macro(file) for file in given)


def _is_at(corner: tuple[float, float], voltage_v: float, temperature_c: float) -> bool:
    volts, celsius = corner
    return math.isclose(volts, voltage_v, abs_tol=0.005) and math.isclose(celsius, temperature_c, abs_tol=0.5)


def choose_macro(memory: PlacedMemory, macros: Sequence[SramMacro]) -> MacroChoice:
    """The macros of least area that hold a memory. BadInput where none has its ports."""
    fitting = [
        macro
        for macro in macros
        if macro.two_port == (memory.wrapper is Wrapper.TWO_PORT)
        and ("A_BM" in macro.pins_pf or memory.lane_bits == memory.line_bits)
    ]
    if not fitting:
        raise no_macro_for(memory.wrapper)
    choices = [
        MacroChoice(macro=macro, wide=-(-memory.line_bits // macro.bits), deep=-(-memory.lines // macro.lines))
        for macro in fitting
    ]
    return min(choices, key=lambda choice: choice.count * choice.macro.area_um2)


def port_capacitances(memory: PlacedMemory, choice: MacroChoice | None) -> dict[str, float]:
    """Capacitance in pF of a bit of each input port of a memory; without a macro, of an ordinary pin."""
    ports = [port for port in memory.ports if port in _PORTS]
    if choice is None:
        return dict.fromkeys(ports, ORDINARY_PF)
    return {port: choice.macro.pins_pf[_pin(memory, port)] * _pins_of_bit(memory, port, choice) for port in ports}


def port_toggles(memory: PlacedMemory, port: str, choice: MacroChoice) -> tuple[float, float]:
    """Picojoules of a falling and of a rising bit of an input port."""
    fall, rise = choice.macro.toggle_pj[_pin(memory, port)]
    pins = _pins_of_bit(memory, port, choice)
    return fall * pins, rise * pins


def _pin(memory: PlacedMemory, port: str) -> str:
    """The pin of the macro that a port drives; a memory that is written by the line needs no mask."""
    return "A_WEN" if port == "write_lanes" and memory.lane_bits == memory.line_bits else _PORTS[port]


def _pins_of_bit(memory: PlacedMemory, port: str, choice: MacroChoice) -> int:
    """How many pins of the macros a bit of a port drives: all macros have an address, a lane many bits of the mask."""
    pin = _pin(memory, port)
    if pin == "A_DIN":
        return choice.deep
    return choice.deep * memory.lane_bits if pin == "A_BM" else choice.count


def _macro(file: MacroFile) -> SramMacro:
    pins = file.pins
    return SramMacro(
        name=file.cell.name,
        lines=file.lines,
        bits=file.bits,
        two_port=file.two_port,
        area_um2=file.cell.number("area"),
        leakage_mw=file.cell.number("cell_leakage_power") * leakage_unit_mw(file.library),
        read_pj=_clock_energy(pins["A_CLK"], ("A_MEN", "!A_WEN", "A_REN")),
        write_pj=_clock_energy(pins["A_CLK"], ("A_MEN", "A_WEN", "!A_REN")),
        clock_pf=pins["A_CLK"].number("capacitance"),
        access_ns=_access_ns(pins["A_DOUT"]),
        toggle_pj={name: _toggles(pins[name], file.bits) for name in pins if name.startswith("A_")},
        pins_pf={name: pin.number("capacitance") for name, pin in pins.items()},
    )


def _clock_energy(clock: LibertyGroup, terms: tuple[str, ...]) -> float:
    for group in clock.inside("internal_power"):
        if sorted(group.word("when").replace("&", " ").split()) == sorted(terms):
            return _scalar(group, "rise_power") + _scalar(group, "fall_power")
    raise BadInput(f"a memory's liberty file has no energy of its clock where {' & '.join(terms)}")


def _toggles(pin: LibertyGroup, width: int) -> tuple[float, float]:
    """Of a falling and of a rising bit, the mean over the conditions that are given."""
    groups = [
        *pin.inside("internal_power"),
        *(g for inside in pin.inside("pin") for g in inside.inside("internal_power")),
    ]
    if not groups:
        return 0.0, 0.0
    fall, rise = (math.fsum(_scalar(group, kind) for group in groups) for kind in ("fall_power", "rise_power"))
    bits = len(groups) * (width if pin.name in _WHOLE_BUSES else 1)
    return fall / bits, rise / bits


def _scalar(group: LibertyGroup, kind: str) -> float:
    return max((float(read_table(table).values[0, 0]) for table in group.inside(kind)), default=0.0)


def _access_ns(output: LibertyGroup) -> float:
    timings = [group for group in output.inside("timing") if any(group.inside("cell_rise"))]
    return max(float(read_table(next(group.inside("cell_rise"))).values.mean()) for group in timings)
