"""Timing of the memories' wrappers, from a foundry's macros: a liberty library for the sizes that a netlist has."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.chip.sram_macros import count_macros
from chipsmith.chip.sram_model import MacroSize
from chipsmith.hardware.gates.liberty import LibertyGroup, read_numbers
from chipsmith.hardware.gates.library import StandardCells
from chipsmith.hardware.gates.macro_files import ORDINARY_PF, MacroFile, no_macro_at, no_macro_for, read_macro_files
from chipsmith.hardware.gates.modules import Modules
from chipsmith.hardware.gates.netlist import memory_cell
from chipsmith.hardware.memories import Wrapper

Floats = npt.NDArray[np.float64]

_SETUPS = {
    Wrapper.BANK: {"enable": "A_MEN", "address": "A_ADDR", "write_data": "A_DIN", "write_lanes": "A_WEN"},
    Wrapper.TWO_PORT: {
        "write_enable": "A_MEN",
        "write_address": "A_ADDR",
        "write_data": "A_DIN",
        "read_enable": "B_MEN",
        "read_address": "B_ADDR",
    },
}
"""The macro's pins behind the inputs of the wrappers: a lane that is set makes the access a write."""

_OUTPUTS = {Wrapper.BANK: "A_DOUT", Wrapper.TWO_PORT: "B_DOUT"}
_DELAYS = ("cell_rise", "cell_fall", "rise_transition", "fall_transition")
_CONSTRAINTS = ("rise_constraint", "fall_constraint")

THRESHOLDS = "".join(
    f"  {kind}_threshold_pct_{edge} : {percent};\n"
    for kind, percent in (("input", 50), ("output", 50), ("slew_lower", 20), ("slew_upper", 80))
    for edge in ("rise", "fall")
)
"""OpenSTA reads no library without them, not even one without delays."""


@dataclass(frozen=True, kw_only=True)
class TimingTable:
    """A table of a liberty file: `first` and `second` are its indices, `second` empty where it has one."""

    first: Floats
    second: Floats
    values: Floats


@dataclass(frozen=True, kw_only=True)
class MacroTiming:
    """A macro at a corner: of each pin its capacitance and its tables by their kinds, and the library's thresholds.

    `masked`: a write may leave bits of a line as they are.
    """

    name: str
    lines: int
    bits: int
    two_port: bool
    masked: bool
    area_um2: float
    corner: tuple[float, float]
    thresholds: Mapping[str, str]
    capacitance_pf: Mapping[str, float]
    tables: Mapping[tuple[str, str], TimingTable]


@dataclass(frozen=True, kw_only=True)
class MemoryTiming:
    """What a memory of the netlist is timed as: a macro, its corner's tables as `given` or scaled from another's.

    `access_ns` is the mean of its output's delays; None where memories have no timing.
    """

    cell: str
    lines: int
    bits: int
    macro: str
    source: str
    access_ns: float | None


def memories_of(modules: Modules, names: Sequence[str]) -> dict[str, tuple[Wrapper, Mapping[str, Any]]]:
    """The memories inside of these modules: their timing cells, the wrapper, and one of the instances."""
    wrappers = {wrapper.value: wrapper for wrapper in Wrapper}
    return {
        memory_cell(cell["type"], cell["parameters"]): (wrappers[cell["type"]], cell)
        for name in names
        for cell in modules[name]["cells"].values()
        if cell["type"] in wrappers
    }


def memory_library(
    memories: Mapping[str, tuple[Wrapper, Mapping[str, Any]]], sram: Path | None, cells: StandardCells
) -> tuple[dict[str, str], tuple[MemoryTiming, ...]]:
    """Liberty texts by file name, one for each memory, and what they are from.

    Without a folder the memories have pins and no timing. BadInput where the folder has no macro for a memory.
    """
    macros = read_macro_timings(sram, cells) if sram and memories else ()
    chosen = {name: _choose(wrapper, cell, macros) for name, (wrapper, cell) in memories.items()} if macros else {}
    texts = {
        f"{name}.lib": _library_text(name, wrapper, cell, chosen[name][0] if name in chosen else None)
        for name, (wrapper, cell) in memories.items()
    }
    return texts, tuple(_row(name, cell, chosen.get(name)) for name, (_, cell) in memories.items())


def read_macro_timings(folder: Path, cells: StandardCells) -> tuple[tuple[MacroTiming, str], ...]:
    """The macros of a folder at the cells' corner: as given there, else scaled from the corner that most are given at.

    A delay is scaled by the largest ratio, at its place of the table, of the macros given at both corners; a setup has
    the largest difference added.
    """
    read = [_macro_timing(file) for file in read_macro_files(folder)]
    corner = (cells.voltage_v, cells.temperature_c)
    given = {macro.name: macro for macro in read if macro.corner == corner}
    if not given:
        raise no_macro_at(folder, cells.corner)
    others = sorted({macro.corner for macro in read} - {corner}, key=lambda c: -sum(m.corner == c for m in read))
    base = {macro.name: macro for macro in read if others and macro.corner == others[0]}
    pairs = [(base[name], macro) for name, macro in given.items() if name in base]
    scaled = [_scale(macro, pairs) for name, macro in base.items() if name not in given and pairs]
    note = f"scaled from {others[0][0]:g} V, {others[0][1]:g} C by {len(pairs)} macros given at both" if others else ""
    return (*((macro, "given") for macro in given.values()), *((macro, note) for macro in scaled))


def _scale(macro: MacroTiming, pairs: Sequence[tuple[MacroTiming, MacroTiming]]) -> MacroTiming:
    tables = {key: _scaled_table(key, table, pairs) for key, table in macro.tables.items()}
    return replace(macro, corner=pairs[0][1].corner, tables=tables)


def _scaled_table(
    key: tuple[str, str], table: TimingTable, pairs: Sequence[tuple[MacroTiming, MacroTiming]]
) -> TimingTable:
    pin, kind = key
    known = (f"A{pin[1:]}", kind)
    both = [(before.tables[known].values, after.tables[known].values) for before, after in pairs]
    if kind in _DELAYS:
        values = table.values * np.max([after / before for before, after in both], axis=0)
    else:
        values = table.values + np.max([after - before for before, after in both], axis=0)
    return TimingTable(first=table.first, second=table.second, values=values)


def _macro_timing(file: MacroFile) -> MacroTiming:
    library, pins = file.library, file.pins
    thresholds = {name: library.word(name) for name in library.values if "threshold" in name or "slew" in name}
    return MacroTiming(
        name=file.cell.name,
        lines=file.lines,
        bits=file.bits,
        two_port=file.two_port,
        masked="A_BM" in pins,
        area_um2=file.cell.number("area"),
        corner=file.corner,
        thresholds=thresholds,
        capacitance_pf={name: pin.number("capacitance") for name, pin in pins.items()},
        tables={(name, kind): table for name, pin in pins.items() for kind, table in _tables(pin, library)},
    )


def _tables(pin: LibertyGroup, library: LibertyGroup) -> Iterator[tuple[str, TimingTable]]:
    """Setup tables of an input, delays of an output."""
    templates = {template.name: template for template in library.inside("lu_table_template")}
    inner = [group for inside in pin.inside("pin") for group in inside.inside("timing")]
    for timing in (*pin.inside("timing"), *inner):
        kinds = {"setup_rising": _CONSTRAINTS, "rising_edge": _DELAYS}.get(timing.word("timing_type"), ())
        for group in timing.groups:
            if group.kind in kinds:
                yield group.kind, _table(group, templates.get(group.name, group))


def _table(group: LibertyGroup, template: LibertyGroup) -> TimingTable:
    first, second = (
        _floats(group.values.get(name) or template.values.get(name, ())) for name in ("index_1", "index_2")
    )
    values = _floats(group.values["values"])
    return TimingTable(first=first, second=second, values=values.reshape(len(first), -1))


def _floats(words: Sequence[str]) -> Floats:
    return np.array(read_numbers(" ".join(words)), np.float64)


def _choose(
    wrapper: Wrapper, cell: Mapping[str, Any], macros: Sequence[tuple[MacroTiming, str]]
) -> tuple[MacroTiming, str]:
    """The macro of which least area holds the memory: several beside and on one another where it is larger."""
    parts = len(cell["connections"].get("write_lanes", ())) > 1
    fitting = [
        choice
        for choice in macros
        if choice[0].two_port == (wrapper is Wrapper.TWO_PORT) and (choice[0].masked or not parts)
    ]
    if not fitting:
        raise no_macro_for(wrapper)
    size = MacroSize(lines=int(cell["parameters"]["LINES"], 2), bits=len(cell["connections"]["write_data"]))

    def area_um2(choice: tuple[MacroTiming, str]) -> float:
        macro = choice[0]
        wide, deep = count_macros(size, lines=macro.lines, bits=macro.bits)
        return wide * deep * macro.area_um2

    return min(fitting, key=area_um2)


def _row(name: str, cell: Mapping[str, Any], chosen: tuple[MacroTiming, str] | None) -> MemoryTiming:
    lines, bits = int(cell["parameters"]["LINES"], 2), len(cell["connections"]["write_data"])
    if chosen is None:
        return MemoryTiming(cell=name, lines=lines, bits=bits, macro="", source="left out", access_ns=None)
    macro, source = chosen
    output = _OUTPUTS[Wrapper.TWO_PORT if macro.two_port else Wrapper.BANK]
    access = float(np.mean([macro.tables[output, kind].values.mean() for kind in _DELAYS[:2]]))
    deep = math.ceil(lines / macro.lines)
    stacked = f"; {deep} of them deep, the selection between them not counted" if deep > 1 else ""
    return MemoryTiming(
        cell=name, lines=lines, bits=bits, macro=macro.name, source=source + stacked, access_ns=round(access, 3)
    )


# --- the library's text ----------------------------------------------------------------------------------------------


def _library_text(name: str, wrapper: Wrapper, cell: Mapping[str, Any], macro: MacroTiming | None) -> str:
    widths = {port: len(bits) for port, bits in cell["connections"].items()}
    types = "".join(_type_text(width) for width in sorted(set(widths.values())))
    pins = "".join(_pin_text(port, width, wrapper, macro) for port, width in widths.items())
    thresholds = _thresholds_text(macro.thresholds) if macro else THRESHOLDS
    return (
        f"library ({name}) {{\n  delay_model : table_lookup;\n  time_unit : 1ns;\n  voltage_unit : 1V;\n"
        '  current_unit : 1uA;\n  pulling_resistance_unit : "1kohm";\n  leakage_power_unit : 1nW;\n'
        f"  capacitive_load_unit (1, pf);\n{thresholds}{_TEMPLATES}{types}"
        f"  cell ({name}) {{\n    area : 0;\n{pins}  }}\n}}\n"
    )


def _thresholds_text(thresholds: Mapping[str, str]) -> str:
    return "".join(f"  {key} : {value};\n" for key, value in thresholds.items())


_TEMPLATES = """  lu_table_template (setup) {
    variable_1 : related_pin_transition;
    variable_2 : constrained_pin_transition;
    index_1 ("0, 1"); index_2 ("0, 1");
  }
  lu_table_template (delay) {
    variable_1 : input_net_transition;
    variable_2 : total_output_net_capacitance;
    index_1 ("0, 1"); index_2 ("0, 1");
  }
  lu_table_template (load) {
    variable_1 : total_output_net_capacitance;
    index_1 ("0, 1");
  }
"""


def _type_text(width: int) -> str:
    return (
        f"  type (bits{width}) {{ base_type : array; data_type : bit; bit_width : {width}; "
        f"bit_from : {width - 1}; bit_to : 0; downto : true; }}\n"
    )


def _pin_text(port: str, width: int, wrapper: Wrapper, macro: MacroTiming | None) -> str:
    """The group of a port: a clock, an input with its setup, or the output with its delay."""
    if port == "clock":
        return f"    pin (clock) {{ direction : input; clock : true; capacitance : {ORDINARY_PF}; }}\n"
    output = port == "read_data"
    pin = _OUTPUTS[wrapper] if output else _SETUPS[wrapper][port]
    capacitance = "" if output else f"capacitance : {_capacitance_pf(pin, macro)}; "
    head = f"    bus ({port}) {{ bus_type : bits{width}; direction : {'output' if output else 'input'}; {capacitance}\n"
    return head + (_timing_text(pin, macro, output=output) if macro else "") + "    }\n"


def _capacitance_pf(pin: str, macro: MacroTiming | None) -> float:
    if macro is None:
        return ORDINARY_PF
    return macro.capacitance_pf[pin]


def _timing_text(pin: str, macro: MacroTiming, *, output: bool) -> str:
    kind = "rising_edge" if output else "setup_rising"
    tables = "".join(
        _table_text(name, macro.tables[pin, name], output=output)
        for name in (_DELAYS if output else _CONSTRAINTS)
        if (pin, name) in macro.tables
    )
    return f'      timing () {{ timing_type : {kind}; related_pin : "clock";\n{tables}      }}\n'


def _table_text(kind: str, table: TimingTable, *, output: bool) -> str:
    template = "setup" if not output else "delay" if len(table.second) else "load"
    second = f' index_2 ("{_words(table.second)}");' if len(table.second) else ""
    rows = (
        ", ".join(f'"{_words(row)}"' for row in table.values)
        if len(table.second)
        else f'"{_words(table.values[:, 0])}"'
    )
    return f'        {kind} ({template}) {{ index_1 ("{_words(table.first)}");{second} values ({rows}); }}\n'


def _words(numbers: Floats) -> str:
    return ", ".join(f"{number:.6g}" for number in numbers)
