"""The chip in a stream: an inference each so many milliseconds, its constant time, and what an hour of it takes."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.costs import estimate_energy
from chipsmith.program.actions import count_program
from chipsmith.program.program import Program
from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.sim import cycle

_HOUR_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class ChipRhythm(Shown):
    """One inference of a Program after the other: cycles simulated, energy estimated.

    The first inference is cold; all that follow are warm: the weights that the chip keeps are not loaded again.
    Energies of an inference are those of its actions alone; `leakage_mw` flows all the time, for nothing says that the
    chip is switched off between inferences.
    """

    chip: str
    clock_mhz: float
    cold_cycles: int
    warm_cycles: int
    cold_dynamic_pj: float
    warm_dynamic_pj: float
    leakage_mw: float

    @classmethod
    def of(cls, program: Program) -> ChipRhythm:
        """That of a Program on its own chip."""
        cold, warm = cycle.simulate(program).latency_cycles, cycle.simulate(program, warm=True).latency_cycles
        energy = estimate_energy(program.chip, count_program(program), cycles=cold)
        warm_energy = estimate_energy(program.chip, count_program(program, warm=True), cycles=warm)
        return cls(
            chip=program.chip.name,
            clock_mhz=program.chip.clock_mhz,
            cold_cycles=cold,
            warm_cycles=warm,
            cold_dynamic_pj=energy.dynamic_pj,
            warm_dynamic_pj=warm_energy.dynamic_pj,
            leakage_mw=energy.leakage_power_mw.value,
        )

    def latency_us(self, inference: int) -> float:
        """Microseconds of an inference by its number, the first being 0."""
        return (self.warm_cycles if inference else self.cold_cycles) / self.clock_mhz

    @property
    def warm_uj(self) -> float:
        """Microjoules of a warm inference, with the leakage of its time."""
        return (self.warm_dynamic_pj + self.leakage_mw * self.latency_us(1) * 1e3) / 1e6

    def duty(self, period_s: float) -> float:
        """The share of the time that the chip works, with a warm inference each `period_s`; over 1: too slow."""
        return self.latency_us(1) / 1e6 / period_s

    def energy_j_per_hour(self, period_s: float) -> float:
        """Joules of an hour with a warm inference each `period_s` seconds: actions, and leakage of the whole hour."""
        return _HOUR_S / period_s * self.warm_dynamic_pj * 1e-12 + self.leakage_mw * 1e-3 * _HOUR_S

    @property
    def leakage_j_per_hour(self) -> float:
        """Joules of an hour's leakage."""
        return self.leakage_mw * 1e-3 * _HOUR_S

    def to_json(self) -> Json:
        """Part of the object of `chipsmith stream --json`."""
        return {
            "cold_cycles": self.cold_cycles,
            "warm_cycles": self.warm_cycles,
            "cold_us": self.latency_us(0),
            "warm_us": self.latency_us(1),
            "warm_energy_uj": self.warm_uj,
            "leakage_mw": self.leakage_mw,
            "time_kind": "simulated",
            "energy_kind": "estimated",
        }
