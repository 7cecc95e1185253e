"""A netlist of yosys in Verilog that OpenSTA reads: no concatenation is assigned, and registers bear their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chipsmith.hardware.gates.modules import Modules, count_instances, is_black_box
from chipsmith.hardware.memories import Wrapper

_PLAIN = re.compile(r"[A-Za-z_]\w*")
DRIVER = "."
"""Ends the name of a cell that bears that of its net."""

_CONSTANTS = {"0": "1'b0", "1": "1'b1", "x": "1'b0", "z": "1'b0"}
_WRAPPERS = {wrapper.value for wrapper in Wrapper}


def timing_netlist(modules: Modules, top: str, outputs: Mapping[str, str]) -> str:
    """The Verilog of all modules below `top`: every port and net is a single bit.

    `outputs`: the output pin of each kind of cell. A cell is named after the net that it drives, with a point behind it
    where the RTL names that net; a memory is of the cell that `memory_cell` names.
    """
    return "\n".join(_module_text(name, modules, outputs) for name in count_instances(modules, top))


def memory_cell(kind: str, parameters: Mapping[str, str]) -> str:
    """The cell of a memory of these sizes, such as sram_bank_LINES512_LINE_BYTES16."""
    sizes = sorted(parameters.items())
    return "_".join([kind, *(f"{name}{int(value, 2)}" for name, value in sizes)])


def _module_text(name: str, modules: Modules, outputs: Mapping[str, str]) -> str:
    module = modules[name]
    nets = _net_names(module)
    ports = [(row["direction"], _bits(port, row["bits"])) for port, row in module["ports"].items()]
    listed = ", ".join(_escaped(bit) for _, bits in ports for bit in bits)
    lines = [f"module {_escaped(name)}({listed});"]
    lines += [f"  {way} {_escaped(bit)};" for way, bits in ports for bit in bits]
    declared = {bit for _, bits in ports for bit in bits}
    lines += [f"  wire {_escaped(net)};" for net in nets.values() if net not in declared]
    lines += _aliases(module, nets)
    lines += _instances(module, modules, nets, outputs)
    return "\n".join([*lines, "endmodule\n"])


def _net_names(module: Mapping[str, Any]) -> dict[int, str]:
    """A name for each net: that of a port, else of the shortest public wire, else a number."""
    names: dict[int, str] = {}
    for port, row in module["ports"].items():
        for bit, name in zip(row["bits"], _bits(port, row["bits"]), strict=True):
            names.setdefault(bit, name)
    wires = sorted(module["netnames"].items(), key=lambda wire: (wire[1]["hide_name"], len(wire[0]), wire[0]))
    used = set(names.values())
    for wire, row in wires:
        first = row.get("offset", 0)
        for index, bit in enumerate(row["bits"]):
            name = f"n{bit}" if row["hide_name"] else wire if len(row["bits"]) == 1 else f"{wire}[{first + index}]"
            if isinstance(bit, int) and bit not in names and name not in used:
                names[bit] = name
                used.add(name)
    for cell in module["cells"].values():
        for bits in cell["connections"].values():
            for bit in bits:
                if isinstance(bit, int):
                    names.setdefault(bit, f"n{bit}")
    return names


def _bits(port: str, bits: list[Any]) -> list[str]:
    return [port] if len(bits) == 1 else [f"{port}[{index}]" for index in range(len(bits))]


def _aliases(module: Mapping[str, Any], nets: Mapping[int, str]) -> Iterator[str]:
    """Output ports that are constant, or the same net as another port."""
    for port, row in module["ports"].items():
        for bit, name in zip(row["bits"], _bits(port, row["bits"]), strict=True):
            source = nets.get(bit, "") or _CONSTANTS[bit]
            if row["direction"] == "output" and source != name:
                yield f"  assign {_escaped(name)} = {source if bit in _CONSTANTS else _escaped(source)};"


def _instances(
    module: Mapping[str, Any], modules: Modules, nets: Mapping[int, str], outputs: Mapping[str, str]
) -> Iterator[str]:
    for instance, cell in module["cells"].items():
        kind = cell["type"]
        pins = [(port, bits) for port, bits in cell["connections"].items() if bits]
        if kind in _WRAPPERS:
            kind, text = memory_cell(kind, cell["parameters"]), _bus_pins(pins, nets)
        elif kind in modules and not is_black_box(modules, kind):
            text = _bit_pins(pins, nets)
        else:
            text = ", ".join(f".{port}({_net(bits[0], nets)})" for port, bits in pins)
            instance = _driver_name(instance, cell["connections"].get(outputs.get(kind, ""), []), nets)
        yield f"  {_escaped(kind)} {_escaped(instance)} ({text});"


def _driver_name(instance: str, output: Sequence[Any], nets: Mapping[int, str]) -> str:
    """The name of a cell: nets have a single driver, so that no other bears it."""
    return f"{nets[output[0]]}{DRIVER}" if output else instance


def _bit_pins(pins: list[tuple[str, list[Any]]], nets: Mapping[int, str]) -> str:
    return ", ".join(
        f".{_escaped(name)}({_net(bit, nets)})"
        for port, bits in pins
        for name, bit in zip(_bits(port, bits), bits, strict=True)
    )


def _bus_pins(pins: list[tuple[str, list[Any]]], nets: Mapping[int, str]) -> str:
    """Buses with their highest bit first."""
    return ", ".join(f".{port}({{{', '.join(_net(bit, nets) for bit in reversed(bits))}}})" for port, bits in pins)


def _net(bit: int | str, nets: Mapping[int, str]) -> str:
    return _CONSTANTS[bit] if isinstance(bit, str) else _escaped(nets[bit])


def _escaped(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else f"\\{name} "
