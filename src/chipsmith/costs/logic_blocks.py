"""Area of a machine's logic by block, as its synthesis has it: features of the chip, times square micrometres each.

A block's area is the sum over its parts, a part's the sum over its features (the table `logic_blocks`). A feature is a
product of sizes, such as `rows * columns` or `rows * log2 groups`: what the RTL of the part repeats. The numbers are
those of 130 nm, fitted to chips of random parameters by `benchmarks/silicon.py fit`, which writes the table anew, and
the table `logic_sizes` with the least and the greatest that these chips have of each size.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chipsmith.chip.description import BANKS_PER_GROUP, Chip
from chipsmith.chip.sourced import Sourced, Status, derived
from chipsmith.chip.tables import read_table, sourced
from chipsmith.chip.technology import area_scale
from chipsmith.program.cycles import waiting_loads

LOGIC_NODE_NM = 130
"""The node of the table's areas."""


_NAND = Sourced(
    value=7.2576, unit="um2", source="IHP SG13G2, open liberty file: sg13g2_nand2_1", status=Status.VERBATIM
)


@dataclass(frozen=True, kw_only=True)
class LogicTerm:
    """A feature of a part of a block, and its area: square micrometres at 130 nm for each unit of the feature."""

    block: str
    part: str
    feature: str
    um2: Sourced


@dataclass(frozen=True, kw_only=True)
class LogicPart:
    """A part of a block and the area of its cells at a chip's node, before placement."""

    block: str
    part: str
    um2: Sourced


@functools.cache
def logic_terms() -> tuple[LogicTerm, ...]:
    """The rows of the table, block by block."""
    return tuple(
        LogicTerm(
            block=row["block"],
            part=row["part"],
            feature=row["feature"],
            um2=sourced(row, column="um2", unit="um2"),
        )
        for row in read_table("logic_blocks")
    )


def estimate_logic_parts(chip: Chip) -> tuple[LogicPart, ...]:
    """The parts of all blocks; ASSUMED where a size of the chip is beyond those of the chips that were fitted."""
    scale = area_scale(from_nm=LOGIC_NODE_NM, to_nm=chip.technology.node_nm)
    at_best = Status.ASSUMED if sizes_beyond_fit(chip) else Status.COMPUTED
    parts = itertools.groupby(logic_terms(), key=lambda term: (term.block, term.part))
    return tuple(_estimate_part(list(terms), chip, scale, at_best) for _, terms in parts)


def estimate_logic_blocks(chip: Chip) -> Mapping[str, float]:
    """Square micrometres of logic cells by block at the chip's node, before placement."""
    areas: dict[str, float] = {}
    for part in estimate_logic_parts(chip):
        areas[part.block] = areas.get(part.block, 0.0) + part.um2.value
    return areas


def nand_area_um2(chip: Chip) -> Sourced:
    """Square micrometres of a two-input NAND of the library that the table is of, at the chip's node."""
    scale = area_scale(from_nm=LOGIC_NODE_NM, to_nm=chip.technology.node_nm)
    return derived(_NAND.value * scale.value, "um2", formula="area of a NAND x node", inputs=(_NAND, scale))


def sizes_beyond_fit(chip: Chip) -> tuple[str, ...]:
    """The sizes of a chip that are smaller or greater than those of all chips that the table was fitted to."""
    rows = read_table("logic_sizes")
    return tuple(
        row["size"] for row in rows if not float(row["least"]) <= SIZES[row["size"]](chip) <= float(row["most"])
    )


def feature_value(feature: str, chip: Chip) -> float:
    """The value of a feature: a product of sizes (SIZES) and of logarithms of them. Raises KeyError where unknown."""
    return math.prod(_factor(factor, chip) for factor in feature.split(" * "))


def _estimate_part(own: Sequence[LogicTerm], chip: Chip, scale: Sourced, at_best: Status) -> LogicPart:
    at_130_nm = math.fsum(feature_value(term.feature, chip) * term.um2.value for term in own)
    used = [term for term in own if term.um2.value]
    features = " + ".join(f"{term.um2.value:.4g} x {term.feature}" for term in used)
    formula = f"{features}: {at_130_nm:.4g} um2 at {LOGIC_NODE_NM} nm x {scale.value:.4g} (node)"
    inputs = (*(term.um2 for term in own), scale)
    area = derived(at_130_nm * scale.value, "um2", formula=formula, inputs=inputs, at_best=at_best)
    return LogicPart(block=own[0].block, part=own[0].part, um2=area)


def _factor(factor: str, chip: Chip) -> float:
    name = factor.removeprefix("log2 ")
    size = SIZES[name](chip)
    return size if name == factor else math.log2(size)


def _drain_lanes(chip: Chip) -> int:
    return min(chip.vector.multiplier_lanes, chip.tensor.rows, chip.tensor.columns)


SIZES: Mapping[str, Callable[[Chip], float]] = {
    "constant": lambda _: 1,
    "rows": lambda chip: chip.tensor.rows,
    "columns": lambda chip: chip.tensor.columns,
    "tile_pixels": lambda chip: chip.tensor.tile_pixels,
    "lanes": lambda chip: chip.vector.lanes,
    "multiplier_lanes": lambda chip: chip.vector.multiplier_lanes,
    "table_lanes": lambda chip: chip.vector.table_lanes,
    "drain_lanes": _drain_lanes,
    "drain_groups": lambda chip: chip.tensor.columns / _drain_lanes(chip),
    "groups": lambda chip: chip.memory.groups,
    "bank_lines": lambda chip: chip.memory.group_bytes / (BANKS_PER_GROUP * chip.line_bytes),
    "page_instructions": lambda chip: chip.instructions.page_instructions,
    "word_bytes": lambda chip: chip.external.bytes_per_cycle,
    "atom_bytes": lambda chip: chip.external.atom_bytes,
    "waiting_loads": waiting_loads,
}
"""What a feature may be made of, by name: a number that follows from the chip's description."""
