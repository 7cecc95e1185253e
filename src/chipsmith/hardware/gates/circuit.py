"""A mapped netlist without its hierarchy: cells by kind and their nets, memories, ports, and where each cell stood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.hardware.gates.cells import CellLibrary, GateKind
from chipsmith.hardware.gates.modules import is_black_box, read_modules
from chipsmith.hardware.memories import Wrapper

Nets = npt.NDArray[np.int32]
_CONSTANTS: dict[int | str, int] = {"0": 0, "1": 1, "x": 0, "z": 0}
_FIRST_NET = 2
"""Nets 0 and 1 are the constants; what is left undefined is 0."""

_MEMORIES = {wrapper.value for wrapper in Wrapper}


@dataclass(frozen=True, kw_only=True)
class Scope:
    """An instance of a module: its path from the top, such as tensor.array, and the scope that it stands in."""

    path: str
    parent: int


@dataclass(frozen=True, kw_only=True)
class PlacedCells:
    """All cells of a kind: `pins` [cells, inputs then outputs] are their nets, `scopes` the instances they stand in."""

    kind: GateKind
    pins: Nets
    scopes: Nets

    @property
    def inputs(self) -> Nets:
        """Nets of the inputs, in the kind's order [cells, inputs]."""
        return self.pins[:, : len(self.kind.inputs)]

    @property
    def outputs(self) -> Nets:
        """Nets of the outputs [cells, outputs]."""
        return self.pins[:, len(self.kind.inputs) :]


@dataclass(frozen=True, kw_only=True)
class PlacedMemory:
    """An instance of a memory's wrapper: the nets of its ports by their names, lowest bit first."""

    wrapper: Wrapper
    lines: int
    line_bits: int
    lane_bits: int
    ports: Mapping[str, Nets]
    scope: int


@dataclass(frozen=True, kw_only=True)
class GateCircuit:
    """A flat netlist. `nets`: how many; `ports` of the top module by name, lowest bit first; scope 0 is the top."""

    nets: int
    ports: Mapping[str, Nets]
    inputs: frozenset[str]
    cells: tuple[PlacedCells, ...]
    memories: tuple[PlacedMemory, ...]
    scopes: tuple[Scope, ...]

    @property
    def cell_count(self) -> int:
        """Standard cells."""
        return sum(len(placed.pins) for placed in self.cells)

    @property
    def area_um2(self) -> float:
        """Area of the standard cells."""
        return sum(len(placed.pins) * placed.kind.area_um2 for placed in self.cells)


def read_circuit(path: Path, library: CellLibrary, *, top: str) -> GateCircuit:
    """The circuit of a netlist that yosys wrote as JSON, mapped to the cells of a library.

    BadInput where the file is none, a cell is not the library's, or cannot be simulated.
    """
    try:
        modules = read_modules(path)
    except (OSError, ValueError, KeyError):
        raise BadInput(f"{path} is no netlist of yosys' write_json") from None
    if top not in modules:
        raise BadInput(f"{path.name} has no module {top}")
    return _Flattening(modules, library).flatten(top)


@dataclass
class _Module:
    """A module with its bits numbered from 2 on: what each of its instances has."""

    bits: int
    ports: dict[str, Nets]
    inputs: frozenset[str]
    cells: dict[str, Nets]
    memories: list[PlacedMemory]
    instances: list[tuple[str, str, dict[str, Nets]]] = field(default_factory=list)


class _Numbers:
    def __init__(self) -> None:
        self.of: dict[int | str, int] = {**_CONSTANTS}
        self.count = _FIRST_NET

    def nets(self, bits: Sequence[int | str]) -> list[int]:
        return [self._net(bit) for bit in bits]

    def _net(self, bit: int | str) -> int:
        number = self.of.get(bit)
        if number is None:
            number = self.of[bit] = self.count
            self.count += 1
        return number


class _Flattening:
    def __init__(self, modules: Mapping[str, Any], library: CellLibrary) -> None:
        self._modules, self._library = modules, library
        self._compiled: dict[str, _Module] = {}
        self._count = _FIRST_NET
        self._scopes: list[Scope] = []
        self._cells: dict[str, list[tuple[Nets, int]]] = {}
        self._memories: list[PlacedMemory] = []
        self._aliases: list[tuple[int, int]] = []

    def flatten(self, top: str) -> GateCircuit:
        module = self._compile(top)
        ports = self._place(top, {}, Scope(path="", parent=-1))
        root = _resolve(self._count, self._aliases)
        return GateCircuit(
            nets=self._count,
            ports={name: root[nets] for name, nets in ports.items()},
            inputs=module.inputs,
            cells=tuple(self._placed(name, parts, root) for name, parts in self._cells.items()),
            memories=tuple(_renamed(memory, root, memory.scope) for memory in self._memories),
            scopes=tuple(self._scopes),
        )

    def _placed(self, name: str, parts: list[tuple[Nets, int]], root: Nets) -> PlacedCells:
        scopes = [np.full(len(pins), scope, np.int32) for pins, scope in parts]
        pins = np.concatenate([pins for pins, _ in parts])
        return PlacedCells(kind=self._library.kind(name), pins=root[pins], scopes=np.concatenate(scopes))

    def _place(self, name: str, connections: Mapping[str, Nets], scope: Scope) -> dict[str, Nets]:
        """Put an instance of a module; its ports' nets."""
        module, number = self._compile(name), len(self._scopes)
        self._scopes.append(scope)
        nets = np.full(module.bits, -1, np.int32)
        nets[:_FIRST_NET] = range(_FIRST_NET)
        for port, outside in connections.items():
            self._join(nets, module.ports[port][: len(outside)], outside)
        fresh = np.flatnonzero(nets < 0)
        nets[fresh] = np.arange(self._count, self._count + len(fresh))
        self._count += len(fresh)
        for kind, pins in module.cells.items():
            self._cells.setdefault(kind, []).append((nets[pins], number))
        self._memories += [_renamed(memory, nets, number) for memory in module.memories]
        for instance, inside, bits in module.instances:
            path = f"{scope.path}.{instance}" if scope.path else instance
            outer = {port: nets[local] for port, local in bits.items()}
            self._place(inside, outer, Scope(path=path, parent=number))
        return {port: nets[local] for port, local in module.ports.items()}

    def _join(self, nets: Nets, inside: Nets, outside: Nets) -> None:
        """The nets at a port; two outside that are the same bit inside are aliases."""
        for local, net in zip(inside.tolist(), outside.tolist(), strict=True):
            if nets[local] < 0:
                nets[local] = net
            else:
                self._aliases.append((int(nets[local]), net))

    def _compile(self, name: str) -> _Module:
        if name not in self._compiled:
            self._compiled[name] = self._read_module(self._modules[name])
        return self._compiled[name]

    def _read_module(self, source: Mapping[str, Any]) -> _Module:
        numbers = _Numbers()
        ports = {port: _array(numbers.nets(row["bits"])) for port, row in source["ports"].items()}
        cells: dict[str, list[list[int]]] = {}
        memories, instances = [], []
        for instance, cell in source["cells"].items():
            connections = {port: numbers.nets(bits) for port, bits in cell["connections"].items()}
            if _wrapper(cell["type"]):
                memories.append(_memory(_wrapper(cell["type"]), cell, connections))
            elif cell["type"] not in self._modules or is_black_box(self._modules, cell["type"]):
                pins = _pins(self._library.kind(cell["type"]), connections)
                cells.setdefault(cell["type"], []).append(pins)
            else:
                instances.append((instance, cell["type"], {port: _array(nets) for port, nets in connections.items()}))
        return _Module(
            bits=numbers.count,
            ports=ports,
            inputs=frozenset(port for port, row in source["ports"].items() if row["direction"] == "input"),
            cells={kind: _array(pins) for kind, pins in cells.items()},
            memories=memories,
            instances=instances,
        )


def _array(nets: object) -> Nets:
    return np.array(nets, np.int32)


def _pins(kind: GateKind, connections: Mapping[str, list[int]]) -> list[int]:
    names = (*kind.inputs, *(output.name for output in kind.outputs))
    return [connections[name][0] if connections.get(name) else -1 for name in names]


def _wrapper(cell_type: str) -> str:
    """The memory's wrapper that a cell is of; empty where it is none."""
    return next((name for name in _MEMORIES if cell_type == name or f"\\{name}\\" in cell_type), "")


def _memory(wrapper: str, cell: Mapping[str, Any], connections: Mapping[str, list[int]]) -> PlacedMemory:
    sizes = {name: int(value, 2) for name, value in cell["parameters"].items()}
    ports = {port: _array(nets) for port, nets in connections.items()}
    bits = len(ports["write_data"])
    return PlacedMemory(
        wrapper=Wrapper(wrapper),
        lines=sizes["LINES"],
        line_bits=bits,
        lane_bits=bits // len(ports["write_lanes"]) if "write_lanes" in ports else bits,
        ports=ports,
        scope=-1,
    )


def _renamed(memory: PlacedMemory, nets: Nets, scope: int) -> PlacedMemory:
    return replace(memory, ports={port: nets[local] for port, local in memory.ports.items()}, scope=scope)


def _resolve(count: int, aliases: Sequence[tuple[int, int]]) -> Nets:
    """The net that stands for each: the lowest of those that are one; -1 stays -1 at the end of the array."""
    root = list(range(count))

    def find(net: int) -> int:
        while root[net] != net:
            root[net] = root[root[net]]
            net = root[net]
        return net

    for first, second in aliases:
        low, high = sorted((find(first), find(second)))
        root[high] = low
    return np.array([*(find(net) for net in range(count)), -1], np.int32)


def ancestors(scopes: Sequence[Scope], scope: int) -> Iterator[int]:
    """A scope and those that it stands in, up to the top."""
    while scope >= 0:
        yield scope
        scope = scopes[scope].parent
