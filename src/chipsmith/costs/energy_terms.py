"""What an action costs in each block of the machine: features of the chip, times picojoules each.

An action's energy in a block is the sum over the block's rows of the table `energy_terms`. A feature of logic is a
product of sizes, as for areas (`logic_blocks`), and its number the picojoules of each unit at 130 nm and 1.2 V; a
feature of a memory is one access of its macro, and its number how many of those an action makes. The numbers are
fitted to inferences on the gates of small chips by `benchmarks/silicon.py energy`, which writes the table anew.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chipsmith.chip.description import Chip
from chipsmith.chip.macros import (
    accumulator_macro,
    instruction_macro,
    memory_macro,
    memory_word_write,
    page_word_write,
    table_macro,
)
from chipsmith.chip.sourced import Sourced, Status, derived
from chipsmith.chip.tables import read_table, sourced
from chipsmith.chip.technology import energy_scale
from chipsmith.costs.logic_blocks import feature_value

ENERGY_NODE_NM = 130
ENERGY_SUPPLY_V = 1.2
"""The node and the supply of the table's energies."""
CYCLES = "cycles"
"""The action that happens in each cycle of an inference."""

_ACCESSES: Mapping[str, Callable[[Chip], Sourced]] = {
    "memory_read": lambda chip: memory_macro(chip).sram.read_pj,
    "memory_write": lambda chip: memory_macro(chip).sram.write_pj,
    "memory_word_write": memory_word_write,
    "accumulator_read": lambda chip: accumulator_macro(chip).sram.read_pj,
    "accumulator_write": lambda chip: accumulator_macro(chip).sram.write_pj,
    "table_read": lambda chip: table_macro(chip).sram.read_pj,
    "page_word_write": page_word_write,
    "instruction_read": lambda chip: instruction_macro(chip).sram.read_pj,
}
"""Features that are an access of a memory."""


@dataclass(frozen=True, kw_only=True)
class EnergyTerm:
    """A feature of an action in a component: `each` is in pJ at 130 nm, or in accesses where the feature is one."""

    component: str
    action: str
    feature: str
    each: Sourced

    @property
    def is_access(self) -> bool:
        """Whether the feature is an access of a memory."""
        return self.feature in _ACCESSES


@functools.cache
def energy_terms() -> tuple[EnergyTerm, ...]:
    """The rows of the table, component by component and action by action."""
    return tuple(
        EnergyTerm(
            component=row["component"],
            action=row["action"],
            feature=row["feature"],
            each=sourced(row, column="each", unit="accesses" if row["feature"] in _ACCESSES else "pJ"),
        )
        for row in read_table("energy_terms")
    )


@functools.cache
def terms_by_action() -> Mapping[tuple[str, str], tuple[EnergyTerm, ...]]:
    """The terms by component and action, of those pairs that cost anything."""
    pairs = dict.fromkeys((term.component, term.action) for term in energy_terms() if term.each.value)
    return {
        pair: tuple(term for term in energy_terms() if (term.component, term.action) == pair and term.each.value)
        for pair in pairs
    }


def term_value(term: EnergyTerm, chip: Chip) -> float:
    """The picojoules of one action at the table's node and supply, for a number of 1 in the table.

    An access is taken at the chip's own node: it is the caller's to give a chip of 130 nm.
    """
    return _ACCESSES[term.feature](chip).value if term.is_access else feature_value(term.feature, chip)


def price_action(terms: tuple[EnergyTerm, ...], chip: Chip) -> Sourced:
    """Picojoules of one action in a component, at the chip's node and supply."""
    scale = energy_scale(from_nm=ENERGY_NODE_NM, from_v=ENERGY_SUPPLY_V, technology=chip.technology)
    logic = math.fsum(term.each.value * term_value(term, chip) for term in terms if not term.is_access)
    accesses = [(term, _ACCESSES[term.feature](chip)) for term in terms if term.is_access]
    value = logic * scale.value + math.fsum(term.each.value * access.value for term, access in accesses)
    formula = f"logic, {logic:.4g} pJ at {ENERGY_NODE_NM} nm x {scale.value:.4g} (node, supply)" + "".join(
        f" + {term.each.value:.4g} x {term.feature.replace('_', ' ')}" for term, _ in accesses
    )
    inputs = (*(term.each for term in terms), scale, *(access for _, access in accesses))
    at_best = Status.COMPUTED if chip.technology.node_nm == ENERGY_NODE_NM else Status.ASSUMED
    return derived(value, "pJ", formula=formula, inputs=inputs, at_best=at_best)
