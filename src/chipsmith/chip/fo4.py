"""The delay of an inverter that drives four like it (FO4), by node and supply: the unit that logic is timed in.

The table has the typical corner at each node's own supply, of low-power transistors, as the memories are priced; its
ends are the fastest and the slowest that sources support for such processes. Between nodes delays follow a power law,
with the supply Sakurai and Newton's law, V / (V - Vt)^a. A chip is timed with the slow corner, as far from the typical
one as in the process where both are known.
"""

from __future__ import annotations

import functools

from chipsmith.chip.interpolation import log_log
from chipsmith.chip.sourced import Sourced, SourcedRange, Status, assumed, derived
from chipsmith.chip.tables import Row, read_table, sourced

THRESHOLD_V = assumed(0.4, "V", reason="threshold voltage of a low-power transistor in Sakurai and Newton's law")
VELOCITY_EXPONENT = assumed(1.3, "1", reason="exponent of Sakurai and Newton's law for short channels")
_TYPICAL, _SLOW = "typical", "slow"


def fo4_delay(node_nm: int, voltage_v: float) -> SourcedRange:
    """FO4 in nanoseconds in the slow corner of a node (7 to 130 nm) at a nominal supply above `THRESHOLD_V`."""
    own_v = log_log({int(row["node_nm"]): float(row["voltage_v"]) for row in _corner(_TYPICAL)}, node_nm)
    supply = _voltage_factor(voltage_v, own_v)
    slow = slow_factor(node_nm)
    typical_delay = typical_fo4(node_nm).scaled(supply, formula=f"FO4 at {node_nm} nm and {voltage_v:g} V", unit="ns")
    return typical_delay.scaled(slow, formula=f"FO4 at {node_nm} nm and {voltage_v:g} V, slow corner", unit="ns")


@functools.cache
def typical_fo4(node_nm: int) -> SourcedRange:
    """FO4 in nanoseconds in the typical corner, at the supply that the table has for the node."""
    rows = {int(row["node_nm"]): row for row in _corner(_TYPICAL)}
    value, low, high = (_between_nodes(rows, column, node_nm) for column in ("fo4_ps", "low_ps", "high_ps"))
    return SourcedRange(estimate=_sourced_delay(rows, node_nm, value), low=low, high=high)


def slow_factor(node_nm: int) -> Sourced:
    """The slow corner over the typical one: of the only process in the table that has both; assumed at other nodes."""
    (row,) = _corner(_SLOW)
    slow = sourced(row, column="fo4_ps", unit="ps")
    typical = sourced(_typical_row(int(row["node_nm"])), column="fo4_ps", unit="ps")
    at_best = Status.COMPUTED if node_nm == int(row["node_nm"]) else Status.ASSUMED
    formula = f"slow over typical corner at {row['node_nm']} nm"
    return derived(slow.value / typical.value, "1", formula=formula, inputs=(slow, typical), at_best=at_best)


def _sourced_delay(rows: dict[int, Row], node_nm: int, value: float) -> Sourced:
    nearest = rows[min(rows, key=lambda node: abs(node - node_nm))]
    base = sourced(nearest, column="fo4_ps", unit="ps")
    at_best = Status.COMPUTED if node_nm in rows else Status.ASSUMED
    return derived(value, "ns", formula=f"FO4 at {node_nm} nm", inputs=(base,), at_best=at_best)


def _between_nodes(rows: dict[int, Row], column: str, node_nm: int) -> float:
    return log_log({node: float(row[column]) for node, row in rows.items()}, node_nm) / 1000


def _voltage_factor(voltage_v: float, own_v: float) -> Sourced:
    ratio = _relative_delay(voltage_v) / _relative_delay(own_v)
    if voltage_v == own_v:
        return Sourced(value=1.0, unit="1", source="the table's own supply", status=Status.COMPUTED)
    formula = f"delay at {voltage_v:g} V over that at {own_v:.3g} V, Sakurai and Newton"
    return derived(ratio, "1", formula=formula, inputs=(THRESHOLD_V, VELOCITY_EXPONENT))


def _relative_delay(voltage_v: float) -> float:
    return float(voltage_v / (voltage_v - THRESHOLD_V.value) ** VELOCITY_EXPONENT.value)


def _corner(corner: str) -> list[Row]:
    return [row for row in read_table("fo4") if row["corner"] == corner]


def _typical_row(node_nm: int) -> Row:
    (row,) = [row for row in _corner(_TYPICAL) if int(row["node_nm"]) == node_nm]
    return row
