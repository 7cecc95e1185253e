"""Energy of an inference: actions counted, times joules an action in each block; leakage as power times time, apart."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from chipsmith.chip import Chip
from chipsmith.chip.macros import macros
from chipsmith.chip.sourced import Sourced, Status, derived, weakest
from chipsmith.chip.technology import external_energy_per_byte, logic_leakage_per_area
from chipsmith.costs.area import logic_area_um2
from chipsmith.costs.energy_terms import CYCLES, price_action, terms_by_action
from chipsmith.program.actions import ActionCounts

EXTERNAL_MEMORY = "external memory"
"""The component that is not on the chip."""
_EXTERNAL_ACTIONS = ("external_read_bytes", "external_write_bytes")


@dataclass(frozen=True, kw_only=True)
class EnergyLine:
    """One kind of action: how often it happens and the energy of each in pJ."""

    component: str
    action: str
    count: int
    each_pj: Sourced

    @property
    def energy_pj(self) -> float:
        """Energy of all of them in picojoules."""
        return self.count * self.each_pj.value


@dataclass(frozen=True, kw_only=True)
class EnergyEstimate:
    """The energy of one inference; lines and leakage sum to the total. Estimated, never measured.

    Left out: what the external memory uses while it is idle, and everything outside of the chip and that memory.
    """

    lines: tuple[EnergyLine, ...]
    leakage_power_mw: Sourced
    latency_s: float

    @property
    def dynamic_pj(self) -> float:
        """Energy of all actions in picojoules."""
        return math.fsum(line.energy_pj for line in self.lines)

    @property
    def leakage_pj(self) -> float:
        """Leakage power times the time of the inference, in picojoules."""
        return self.leakage_power_mw.value * self.latency_s * 1e9

    @property
    def total_pj(self) -> float:
        """Energy of the inference in picojoules: actions and leakage."""
        return self.dynamic_pj + self.leakage_pj

    @property
    def total_uj(self) -> float:
        """Energy of the inference in microjoules."""
        return self.total_pj / 1e6

    @property
    def average_power_mw(self) -> float:
        """Energy over time while inferring, in milliwatts (0 for no time)."""
        return self.total_pj / self.latency_s / 1e9 if self.latency_s else 0.0

    @property
    def status(self) -> Status:
        """How far the total can be trusted: the weakest status of its parts."""
        return weakest(self.leakage_power_mw.status, *(line.each_pj.status for line in self.lines))

    @property
    def references(self) -> tuple[str, ...]:
        """The sources behind all parts."""
        parts = (*(line.each_pj for line in self.lines), self.leakage_power_mw)
        return tuple(dict.fromkeys(text for part in parts for text in part.references))

    def by_component(self) -> dict[str, float]:
        """Picojoules of each component, leakage last; they sum to the total."""
        names = dict.fromkeys(line.component for line in self.lines)
        parts = {name: math.fsum(line.energy_pj for line in self.lines if line.component == name) for name in names}
        return {**parts, "leakage": self.leakage_pj}


def estimate_energy(chip: Chip, counts: ActionCounts, *, cycles: int) -> EnergyEstimate:
    """The energy of one inference of `cycles` clock cycles with these counts on a chip."""
    lines = tuple(
        EnergyLine(
            component=component,
            action=action,
            count=cycles if action == CYCLES else getattr(counts, action),
            each_pj=each_pj,
        )
        for component, action, each_pj in _prices(chip)
    )
    return EnergyEstimate(lines=lines, leakage_power_mw=leakage_power(chip), latency_s=cycles / chip.clock_hz)


def _prices(chip: Chip) -> Iterator[tuple[str, str, Sourced]]:
    """Component, action, and picojoules of one of it there."""
    for (component, action), terms in terms_by_action().items():
        yield component, action, price_action(terms, chip)
    for action in _EXTERNAL_ACTIONS:
        yield EXTERNAL_MEMORY, action, external_energy_per_byte(chip.external.kind)


def leakage_power(chip: Chip) -> Sourced:
    """Leakage of all memory macros and of the logic, in mW."""
    area, per_area = logic_area_um2(chip), logic_leakage_per_area(node_nm=chip.technology.node_nm)
    memories = [macro.count * macro.sram.leakage_mw.value for macro in macros(chip)]
    inputs = (area, per_area, *(macro.sram.leakage_mw for macro in macros(chip)))
    value = math.fsum([area.value * per_area.value, *memories])
    return derived(value, "mW", formula="leakage of memories and of logic by area", inputs=inputs)


def action_energies(chip: Chip) -> dict[str, Sourced]:
    """Picojoules of one action in all components, by its name in ActionCounts, and of a cycle."""
    prices: dict[str, list[Sourced]] = {}
    for _, action, each_pj in _prices(chip):
        prices.setdefault(action, []).append(each_pj)
    return {
        action: derived(math.fsum(each.value for each in parts), "pJ", formula="sum of blocks", inputs=tuple(parts))
        for action, parts in prices.items()
    }
