"""Static memories: energy of an access, leakage, area and access time by size, width and node, from CACTI 7's table.

The table holds sizes from 2 KiB to 2 MiB, 64 bits wide, at 22 to 90 nm, low-standby-power cells at CACTI's own supply.
Between its points values follow power laws of size and node. Beyond its nodes energy and area scale as logic does.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from chipsmith.chip.description import Technology
from chipsmith.chip.interpolation import clamped_log_log, log_log
from chipsmith.chip.sourced import Sourced, Status, derived
from chipsmith.chip.tables import read_table, sourced
from chipsmith.chip.technology import area_scale, energy_scale

_NOMINAL_V = 0.9


@dataclass(frozen=True, kw_only=True)
class Sram:
    """One single-port memory macro at a node; an access reads or writes its whole width.

    Energy is proportional to the width (bit lines and sense amplifiers dominate); area, leakage and time do not depend
    on it. At the table's own points the values are the table's. Each is computed when it is first asked for.
    """

    size_bytes: int
    width_bits: int
    node_nm: int

    @functools.cached_property
    def read_pj(self) -> Sourced:
        """Energy of a read."""
        return self._access_pj("read_pj")

    @functools.cached_property
    def write_pj(self) -> Sourced:
        """Energy of a write."""
        return self._access_pj("write_pj")

    @functools.cached_property
    def leakage_mw(self) -> Sourced:
        """Power without an access."""
        return self._entry("leakage_mw", unit="mW")

    @functools.cached_property
    def area_mm2(self) -> Sourced:
        """Area of the macro."""
        return self._entry("area_mm2", unit="mm2", factor=_area_beyond_table(self.node_nm))

    @functools.cached_property
    def access_ns(self) -> Sourced:
        """Time from the clock to the data."""
        return self._entry("access_ns", unit="ns")

    def _access_pj(self, column: str) -> Sourced:
        widths = self.width_bits / table_width_bits()
        return self._entry(column, unit="pJ", factor=widths * _energy_beyond_table(self.node_nm), exact=widths == 1)

    def _entry(self, column: str, *, unit: str, factor: float = 1.0, exact: bool = True) -> Sourced:
        value = _table_value(column, self.size_bytes, self.node_nm) * factor
        base = sourced(read_table("sram")[0], column=column, unit=unit)
        formula = f"{column} of {self.size_bytes} bytes at {self.node_nm} nm, x {factor:.4g} for width and node"
        inside = exact and factor == 1 and _is_inside(self.size_bytes, self.node_nm)
        at_best = Status.COMPUTED if inside else Status.ASSUMED
        return derived(value, unit, formula=formula, inputs=(base,), at_best=at_best)


def sram(*, size_bytes: int, width_bits: int, node_nm: int) -> Sram:
    """The macro of `size_bytes` bytes with an access of `width_bits` bits at a node (7 to 130 nm)."""
    return Sram(size_bytes=size_bytes, width_bits=width_bits, node_nm=node_nm)


def nearest_node(node_nm: int) -> int:
    """The node itself inside of the table, else the table's nearest: there a memory's access time is known."""
    nodes = _grid("access_ns")
    return min(max(node_nm, min(nodes)), max(nodes))


@functools.cache
def _grid(column: str) -> dict[int, dict[int, float]]:
    """Values by node and size."""
    grid: dict[int, dict[int, float]] = {}
    for row in read_table("sram"):
        grid.setdefault(int(row["node_nm"]), {})[int(row["size_bytes"])] = float(row[column])
    return grid


@functools.cache
def _table_value(column: str, size_bytes: int, node_nm: int) -> float:
    by_node = {node: log_log(by_size, size_bytes) for node, by_size in _grid(column).items()}
    return clamped_log_log(by_node, node_nm)


def table_width_bits() -> int:
    """Bits of an access of the table's memories; a wider one is read from several side by side."""
    return int(read_table("sram")[0]["width_bits"])


def _is_inside(size_bytes: int, node_nm: int) -> bool:
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
