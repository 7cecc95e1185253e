"""Compressions with figures that are easy to tell: nothing is trained or compiled."""

from __future__ import annotations

from chipsmith.learn.validation.evaluate import Metric
from chipsmith.profile.cost import ChipCost
from chipsmith.studies.budget import Budget
from chipsmith.studies.result import INT8, NPU, SOURCE, Candidate, Compression, Start


def toy_metric(value: float, *, better: str = "more") -> Metric:
    return Metric(name="accuracy", value=value, low=value - 0.01, high=value + 0.01, count=1000, better=better)


def toy_cost(*, cycles: int, energy_uj: float = 1.0, clock_mhz: float = 100) -> ChipCost:
    return ChipCost(
        chip="paper",
        clock_mhz=clock_mhz,
        cycles=cycles,
        warm_cycles=cycles,
        energy_pj=1e6 * energy_uj,
        weight_bytes=1000,
    )


def toy_candidate(
    name: str,
    *,
    us: float,
    test: float,
    validation: float | None = None,
    int8: float | None = None,
    uj: float = 1.0,
    method: str = "channels",
) -> Candidate:
    """A candidate with these figures; what is not given of `int8` and `validation` is as on the test part."""
    return Candidate(
        name=name,
        method=method,
        how="made for a test",
        metrics={SOURCE: toy_metric(test), INT8: toy_metric(test if int8 is None else int8), NPU: toy_metric(test)},
        validation=toy_metric(test if validation is None else validation),
        cost=toy_cost(cycles=int(100 * us), energy_uj=uj),
        widths={},
        structure={},
        zero_share=0.0,
        packed_weight_bytes=900,
    )


def toy_compression(*candidates: Candidate, budget: Budget | None = None) -> Compression:
    """Of a network with an accuracy of 0.98, which takes 100 us and 5 uJ."""
    start = Start(test=toy_metric(0.98), validation=toy_metric(0.98), cost=toy_cost(cycles=10_000, energy_uj=5))
    return Compression(
        network="digits", seed=0, budget=budget or Budget(), start=start, candidates=candidates, trials=()
    )


SLOW = toy_candidate("slow", us=100, test=0.98, uj=5)
MIDDLE = toy_candidate("middle", us=40, test=0.975, uj=2)
FAST = toy_candidate("fast", us=10, test=0.93, uj=0.5)
