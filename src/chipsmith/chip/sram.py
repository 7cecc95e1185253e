"""Static memories: energy of an access, leakage, area and access time by size, width, ports and node.

CACTI 7's table holds sizes from 2 KiB to 2 MiB, 64 bits wide, at 22 to 90 nm, low-standby-power cells at CACTI's own
supply. Between its points values follow power laws of size and node. What a memory of another width, of two ports or
of fewer bytes has beside CACTI's is known from a model of a foundry's macros at 130 nm (`sram_model`). At that node a
memory is made of these macros (`sram_macros`); between it and CACTI's nearest values follow a power law to the model's,
below CACTI's nodes they scale as logic does.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from chipsmith.chip.description import Technology
from chipsmith.chip.interpolation import clamped_log_log, log_log
from chipsmith.chip.sourced import Sourced, Status, derived
from chipsmith.chip.sram_macros import build_memory
from chipsmith.chip.sram_model import MODEL_NODE_NM, MacroQuantity, MacroSize, Ports, model_macro, slice_memory
from chipsmith.chip.tables import read_table, sourced
from chipsmith.chip.technology import area_scale, energy_scale, memory_leakage_per_byte

_NOMINAL_V = 0.9
_UM2_PER_MM2 = 1e6


@dataclass(frozen=True, kw_only=True)
class Sram:
    """One memory at a node; an access reads or writes its whole width.

    A memory wider than 64 bits (32 with two ports) is several of that width side by side; at 130 nm it is what the
    foundry's macros make up in the least area, which may be several on one another too. At the points of CACTI's table
    the values are the table's; leakage and time do not depend on width and ports. Each is computed when it is first
    asked for.
    """

    size_bytes: int
    width_bits: int
    node_nm: int
    ports: Ports = Ports.SHARED

    @functools.cached_property
    def read_pj(self) -> Sourced:
        """Energy of a read."""
        return self._macro_value(MacroQuantity.READ_PJ, column="read_pj", unit="pJ", per_unit=1.0)

    @functools.cached_property
    def write_pj(self) -> Sourced:
        """Energy of a write."""
        return self._macro_value(MacroQuantity.WRITE_PJ, column="write_pj", unit="pJ", per_unit=1.0)

    @functools.cached_property
    def leakage_mw(self) -> Sourced:
        """Power without an access: CACTI's, the foundry's at 130 nm, a power law between their nodes."""
        cacti = self._entry("leakage_mw", unit="mW")
        coarsest = nearest_node(MODEL_NODE_NM)
        if self.node_nm <= coarsest:
            return cacti
        foundry = memory_leakage_per_byte()
        points = {coarsest: cacti.value, MODEL_NODE_NM: self.size_bytes * foundry.value}
        formula = f"leakage of {self.size_bytes} bytes at {self.node_nm} nm"
        known = self.node_nm == MODEL_NODE_NM
        inputs = (foundry,) if known else (cacti, foundry)
        value = clamped_log_log(points, self.node_nm)
        return derived(value, "mW", formula=formula, inputs=inputs, at_best=_status(known))

    @functools.cached_property
    def area_mm2(self) -> Sourced:
        """Area of the memory."""
        return self._macro_value(MacroQuantity.AREA_UM2, column="area_mm2", unit="mm2", per_unit=_UM2_PER_MM2)

    @functools.cached_property
    def access_ns(self) -> Sourced:
        """Time from the clock to the data."""
        return self._entry("access_ns", unit="ns")

    @property
    def lines(self) -> float:
        """Words of the width that it holds."""
        return 8 * self.size_bytes / self.width_bits

    @property
    def slices(self) -> int:
        """Macros side by side that make up its width."""
        return build_memory(self._size).wide if self._is_foundrys else slice_memory(self._size)[0]

    @property
    def _is_foundrys(self) -> bool:
        """Whether the foundry's own macros stand for it."""
        return self.node_nm >= MODEL_NODE_NM

    @property
    def _size(self) -> MacroSize:
        return MacroSize(lines=self.lines, bits=self.width_bits, ports=self.ports)

    def _macro_value(self, quantity: MacroQuantity, *, column: str, unit: str, per_unit: float) -> Sourced:
        """The macros at 130 nm; else all slices: CACTI's of as many bytes, times what the macros differ by."""
        if self._is_foundrys:
            return build_memory(self._size).total(quantity, unit=unit, per_unit=per_unit)
        count, each = slice_memory(self._size)
        foundry, like = model_macro(quantity, each), _like_cacti(each)
        shape = foundry.value / model_macro(quantity, like).value
        value = count * _between_sources(column, like, shape, foundry.value / per_unit, self.node_nm)
        known = each == like and _is_inside(like.size_bytes, self.node_nm)
        formula = (
            f"{column} at {self.node_nm} nm: {count} x {like.size_bytes:g} bytes of {like.bits:g} bits x {shape:.4g} "
            "for lines, bits and ports"
        )
        cacti = sourced(read_table("sram")[0], column=column, unit=unit)
        inputs = (cacti,) if known else (cacti, foundry)
        return derived(value, unit, formula=formula, inputs=inputs, at_best=_status(known))

    def _entry(self, column: str, *, unit: str) -> Sourced:
        value = _table_value(column, self.size_bytes, self.node_nm)
        base = sourced(read_table("sram")[0], column=column, unit=unit)
        formula = f"{column} of {self.size_bytes} bytes at {self.node_nm} nm"
        known = _is_inside(self.size_bytes, self.node_nm)
        return derived(value, unit, formula=formula, inputs=(base,), at_best=_status(known))


@functools.cache
def sram(*, size_bytes: int, width_bits: int, node_nm: int, ports: Ports = Ports.SHARED) -> Sram:
    """The memory of `size_bytes` bytes with an access of `width_bits` bits at a node (7 to 130 nm)."""
    return Sram(size_bytes=size_bytes, width_bits=width_bits, node_nm=node_nm, ports=ports)


def nearest_node(node_nm: int) -> int:
    """The node itself inside of the table, else the table's nearest: there a memory's access time is known."""
    nodes = _grid("access_ns")
    return min(max(node_nm, min(nodes)), max(nodes))


def table_width_bits() -> int:
    """Bits of an access of the table's memories; a wider one is read from several side by side."""
    return int(read_table("sram")[0]["width_bits"])


def _like_cacti(size: MacroSize) -> MacroSize:
    """The memory of CACTI's table whose bytes are the nearest from above."""
    bits, least = table_width_bits(), min(_grid("read_pj")[nearest_node(0)])
    return MacroSize(lines=8 * max(size.size_bytes, least) / bits, bits=bits)


def _between_sources(column: str, like: MacroSize, shape: float, at_model_node: float, node_nm: int) -> float:
    """A slice's value: CACTI's with the shape of the slice, or the foundry's, or between them."""
    coarsest = nearest_node(MODEL_NODE_NM)
    if node_nm <= coarsest:
        beyond = _area_beyond_table if column == "area_mm2" else _energy_beyond_table
        return shape * _table_value(column, like.size_bytes, node_nm) * beyond(node_nm)
    points = {coarsest: shape * _table_value(column, like.size_bytes, coarsest), MODEL_NODE_NM: at_model_node}
    return clamped_log_log(points, node_nm)


@functools.cache
def _grid(column: str) -> dict[int, dict[int, float]]:
    """Values by node and size."""
    grid: dict[int, dict[int, float]] = {}
    for row in read_table("sram"):
        grid.setdefault(int(row["node_nm"]), {})[int(row["size_bytes"])] = float(row[column])
    return grid


@functools.cache
def _table_value(column: str, size_bytes: float, node_nm: int) -> float:
    by_node = {node: log_log(by_size, size_bytes) for node, by_size in _grid(column).items()}
    return clamped_log_log(by_node, node_nm)


def _status(known: bool) -> Status:
    return Status.COMPUTED if known else Status.ASSUMED


def _is_inside(size_bytes: float, node_nm: int) -> bool:
    nodes = _grid("read_pj")
    sizes = nodes[min(nodes)]
    return min(nodes) <= node_nm <= max(nodes) and min(sizes) <= size_bytes <= max(sizes)


def _energy_beyond_table(node_nm: int) -> float:
    """Energy over that at the table's nearest node (1 inside the table)."""
    technology = Technology(node_nm=node_nm, voltage_v=_NOMINAL_V)
    return energy_scale(from_nm=nearest_node(node_nm), from_v=_NOMINAL_V, technology=technology).value


def _area_beyond_table(node_nm: int) -> float:
    """Area over that at the table's nearest node (1 inside the table)."""
    return area_scale(from_nm=nearest_node(node_nm), to_nm=node_nm).value
