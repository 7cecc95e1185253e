"""How fast a chip can be: the longest path of each block in FO4, times the FO4 of the node in its slow corner.

A block's path is a sum of features of the chip, each times a number of FO4 (the table `timing_paths`): a constant, a
logarithm of a size, the access of a memory. The table alone says what is known of the paths; synthesised chips are
fitted by writing it anew.
"""

from __future__ import annotations

import enum
import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chipsmith.chip.description import Chip
from chipsmith.chip.fo4 import fo4_delay, typical_fo4
from chipsmith.chip.macros import Macro, accumulator_macro, instruction_macro, memory_macro, table_macro
from chipsmith.chip.sourced import SourcedRange, derived
from chipsmith.chip.sram import nearest_node, sram, table_width_bits
from chipsmith.chip.tables import Row, read_table, sourced
from chipsmith.errors import BadInput

MARGINS = "setup and margins of clock and wires are in the number of FO4"


class TimingFeature(enum.StrEnum):
    """What the length of a path may depend on; each is a number that follows from the chip's description."""

    CONSTANT = "constant"
    LOG2_ROWS = "log2_rows"
    LOG2_COLUMNS = "log2_columns"
    LOG2_TILE_PIXELS = "log2_tile_pixels"
    LOG2_LANES = "log2_lanes"
    LOG2_MULTIPLIER_LANES = "log2_multiplier_lanes"
    LOG2_TABLE_LANES = "log2_table_lanes"
    LOG2_GROUPS = "log2_groups"
    LOG2_GROUP_BYTES = "log2_group_bytes"
    LOG2_PAGE_INSTRUCTIONS = "log2_page_instructions"
    LOG2_BYTES_PER_CYCLE = "log2_bytes_per_cycle"
    MEMORY_ACCESS = "memory_access"
    ACCUMULATOR_ACCESS = "accumulator_access"
    TABLE_ACCESS = "table_access"
    INSTRUCTION_ACCESS = "instruction_access"


@dataclass(frozen=True, kw_only=True)
class TimingPath:
    """The longest path of a block in FO4, from register to register."""

    block: str
    fo4: SourcedRange


@dataclass(frozen=True, kw_only=True)
class TimingEstimate:
    """What the clock of a chip can be. `fo4_ns` is that of the slow corner; `margins` says what the paths include.

    The ends of the ranges go together: the shortest paths at the fastest transistors, the longest at the slowest.
    """

    paths: tuple[TimingPath, ...]
    fo4_ns: SourcedRange
    margins: str = MARGINS

    @property
    def longest(self) -> TimingPath:
        """The path that bounds the clock."""
        return max(self.paths, key=lambda path: path.fo4.value)

    @property
    def path_ns(self) -> SourcedRange:
        """The time of the longest path; its ends are those of all paths, whichever is then the longest."""
        estimate = derived(
            self.longest.fo4.value * self.fo4_ns.value,
            "ns",
            formula=f"FO4 of the longest path, {self.longest.block}, x FO4",
            inputs=(self.longest.fo4.estimate, self.fo4_ns.estimate),
        )
        low, high = (max(ends) for ends in zip(*((path.fo4.low, path.fo4.high) for path in self.paths), strict=True))
        return SourcedRange(estimate=estimate, low=low * self.fo4_ns.low, high=high * self.fo4_ns.high)

    @property
    def max_clock_mhz(self) -> SourcedRange:
        """The fastest clock: a cycle of the longest path."""
        path = self.path_ns
        estimate = derived(1000 / path.value, "MHz", formula="1 / longest path", inputs=(path.estimate,))
        return SourcedRange(estimate=estimate, low=1000 / path.high, high=1000 / path.low)


def estimate_timing(chip: Chip) -> TimingEstimate:
    """The paths of a chip by block and the clock that they allow, at its node and supply."""
    features = timing_features(chip)
    paths = tuple(_path(block, rows, features) for block, rows in rows_by_block().items())
    return TimingEstimate(paths=paths, fo4_ns=fo4_delay(chip.technology.node_nm, chip.technology.voltage_v))


def timing_features(chip: Chip) -> Mapping[TimingFeature, float]:
    """Every feature of a chip: what a fit of the table's numbers is made over."""
    return {feature: _FEATURES[feature](chip) for feature in TimingFeature}


def check_clock(chip: Chip, *, origin: str) -> None:
    """Raises BadInput where the chip's clock is faster than the fastest that any source supports."""
    timing = estimate_timing(chip)
    if chip.clock_mhz > timing.max_clock_mhz.high:
        raise BadInput(
            f"chip {origin}: clock_mhz = {chip.clock_mhz} is faster than the chip can be: {_limit(chip, timing)}; "
            f"set clock_mhz to {math.floor(timing.max_clock_mhz.value)} or less"
        )


def doubtful_clock(chip: Chip) -> str:
    """A sentence on a clock that is faster than the estimate, though not than every source; empty where it is not."""
    timing = estimate_timing(chip)
    if chip.clock_mhz <= timing.max_clock_mhz.value:
        return ""
    return f"clock_mhz = {chip.clock_mhz} may be too fast: {_limit(chip, timing)}"


def _limit(chip: Chip, timing: TimingEstimate) -> str:
    technology, fo4_ps, clock = chip.technology, 1000 * timing.fo4_ns.value, timing.max_clock_mhz
    return (
        f"its longest path, {timing.longest.block}, has {timing.longest.fo4.value:.1f} FO4 of {fo4_ps:.1f} ps "
        f"({technology.node_nm} nm, {technology.voltage_v:g} V, slow corner), which allows {clock.value:.0f} MHz, and "
        f"{clock.high:.0f} MHz at the fast end of what sources say"
    )


def _path(block: str, rows: tuple[Row, ...], features: Mapping[TimingFeature, float]) -> TimingPath:
    sizes = [features[TimingFeature(row["feature"])] for row in rows]
    terms = tuple(sourced(row, column="fo4", unit="FO4") for row in rows)
    value, low, high = (
        math.fsum(float(row[column]) * size for row, size in zip(rows, sizes, strict=True))
        for column in ("fo4", "fo4_low", "fo4_high")
    )
    estimate = derived(value, "FO4", formula=f"longest path of {block}, from the chip's sizes", inputs=terms)
    return TimingPath(block=block, fo4=SourcedRange(estimate=estimate, low=low, high=high))


@functools.cache
def rows_by_block() -> Mapping[str, tuple[Row, ...]]:
    """The rows of the table of paths by block."""
    rows = read_table("timing_paths")
    blocks = dict.fromkeys(row["block"] for row in rows)
    return {block: tuple(row for row in rows if row["block"] == block) for block in blocks}


def _access(macro: Callable[[Chip], Macro]) -> Callable[[Chip], float]:
    return lambda chip: access_fo4(macro(chip), node_nm=chip.technology.node_nm)


def access_fo4(macro: Macro, *, node_nm: int) -> float:
    """The access time of a macro in FO4 of the memories' own transistors.

    Where it is wider than the table's memories it is several of their width side by side. Beyond the table's nodes the
    number of FO4 is that of its nearest node.
    """
    slices = max(1.0, macro.sram.width_bits / table_width_bits())
    size_bytes = max(1, round(macro.sram.size_bytes / slices))
    node = nearest_node(node_nm)
    access = sram(size_bytes=size_bytes, width_bits=table_width_bits(), node_nm=node).access_ns
    return access.value / typical_fo4(node).value


_FEATURES: Mapping[TimingFeature, Callable[[Chip], float]] = {
    TimingFeature.CONSTANT: lambda _: 1.0,
    TimingFeature.LOG2_ROWS: lambda chip: math.log2(chip.tensor.rows),
    TimingFeature.LOG2_COLUMNS: lambda chip: math.log2(chip.tensor.columns),
    TimingFeature.LOG2_TILE_PIXELS: lambda chip: math.log2(chip.tensor.tile_pixels),
    TimingFeature.LOG2_LANES: lambda chip: math.log2(chip.vector.lanes),
    TimingFeature.LOG2_MULTIPLIER_LANES: lambda chip: math.log2(chip.vector.multiplier_lanes),
    TimingFeature.LOG2_TABLE_LANES: lambda chip: math.log2(chip.vector.table_lanes),
    TimingFeature.LOG2_GROUPS: lambda chip: math.log2(chip.memory.groups),
    TimingFeature.LOG2_GROUP_BYTES: lambda chip: math.log2(chip.memory.group_bytes),
    TimingFeature.LOG2_PAGE_INSTRUCTIONS: lambda chip: math.log2(chip.instructions.page_instructions),
    TimingFeature.LOG2_BYTES_PER_CYCLE: lambda chip: math.log2(chip.external.bytes_per_cycle),
    TimingFeature.MEMORY_ACCESS: _access(memory_macro),
    TimingFeature.ACCUMULATOR_ACCESS: _access(accumulator_macro),
    TimingFeature.TABLE_ACCESS: _access(table_macro),
    TimingFeature.INSTRUCTION_ACCESS: _access(instruction_macro),
}
