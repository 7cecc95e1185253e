"""Dollars of a design and of a test: engineer-weeks, tools, licensed blocks; seconds on a tester."""

from __future__ import annotations

from chipsmith.chip import Chip
from chipsmith.chip.manufacturing import Process
from chipsmith.chip.sourced import Sourced, SourcedRange, Status, derived
from chipsmith.chip.tables import read_table, sourced
from chipsmith.costs.area import logic_area_um2
from chipsmith.costs.logic_blocks import nand_area_um2

_WEEKS_PER_YEAR = 52
_SECONDS_PER_HOUR = 3600


def estimate_design(chip: Chip, constants: Process) -> SourcedRange:
    """Dollars of a chip's design, masks apart, paid once.

    The estimate is of engineer-weeks, their tools, licensed blocks and the package. Its low end has half of the weeks
    of the front end and no licensed block; its high end is what analysts say of a whole system on a chip of the node.
    """
    front, back, package = _front_end(), _back_end(chip, constants), _engineering("package_design")
    blocks, system = constants.licensed_blocks_usd, constants.soc_design_usd
    value = front.value + back.value + package.value + blocks.value
    formula = "front end + back end + licensed blocks + design of the package"
    estimate = derived(value, "USD", formula=formula, inputs=(front, back, package, blocks.estimate))
    low, high = front.value / 2 + back.value, max(value, system.high)
    return SourcedRange(estimate=estimate, low=low, high=high, others=(system.estimate.source, *system.others))


def estimate_test() -> SourcedRange:
    """Dollars of testing a chip: seconds on a tester; its ends are what others say of a whole test."""
    insertions, seconds, rate = map(_engineering, ("test_insertions", "test_seconds", "tester_usd_per_hour"))
    value = insertions.value * seconds.value * rate.value / _SECONDS_PER_HOUR
    formula = f"{insertions.value:g} insertions x {seconds.value:g} s x {rate.value:g} USD an hour"
    estimate = derived(value, "USD", formula=formula, inputs=(insertions, seconds, rate))
    low, high = _engineering("test_lowest_usd"), _engineering("test_highest_usd")
    return SourcedRange(estimate=estimate, low=low.value, high=high.value, others=(low.source, high.source))


def gate_count(chip: Chip) -> Sourced:
    """Gates of a chip's logic: its area over that of a two-input NAND of the node."""
    logic, gate = logic_area_um2(chip), nand_area_um2(chip)
    return derived(
        logic.value / gate.value, "gates", formula="area of the logic / area of a NAND", inputs=(logic, gate)
    )


def _front_end() -> Sourced:
    weeks, year, tools = map(
        _engineering, ("front_end_weeks", "front_end_usd_per_year", "front_end_tools_usd_per_week")
    )
    value = weeks.value * (year.value / _WEEKS_PER_YEAR + tools.value)
    return derived(value, "USD", formula=f"front end: {weeks.value:g} engineer-weeks", inputs=(weeks, year, tools))


def _back_end(chip: Chip, constants: Process) -> Sourced:
    gates, per_gate = gate_count(chip), constants.back_end_usd_per_gate.estimate
    year, tools = map(_engineering, ("back_end_usd_per_year", "back_end_tools_usd_per_week"))
    labour = gates.value * per_gate.value
    weeks = labour / (year.value / _WEEKS_PER_YEAR)
    formula = f"back end: {gates.value:.0f} gates in {weeks:.0f} engineer-weeks"
    inputs = (gates, per_gate, year, tools)
    return derived(labour + weeks * tools.value, "USD", formula=formula, inputs=inputs, at_best=Status.COMPUTED)


def _engineering(item: str) -> Sourced:
    row = {row["item"]: row for row in read_table("engineering")}[item]
    return sourced(row, column="value", unit=row["unit"])
