"""Scores of pairs by formulas."""

from __future__ import annotations

from dataclasses import fields

from chipsmith.chip.sourced import Status
from chipsmith.studies.oracle import PairScore


def toy_score(*, cycles=10, latency_s, energy_j, area_mm2, cost_usd=1.0, max_clock_mhz=700.0):
    """A score of these figures; whatever else a score says is that it is assumed."""
    given = {
        "cycles": cycles,
        "latency_s": latency_s,
        "energy_j": energy_j,
        "area_mm2": area_mm2,
        "cost_usd": cost_usd,
        "max_clock_mhz": max_clock_mhz,
    }
    return PairScore(**{field.name: given.get(field.name, Status.ASSUMED) for field in fields(PairScore)})
