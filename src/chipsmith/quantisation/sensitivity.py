"""What rounding costs at each tensor of a plan by itself: where 16 bits help most."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.plan import Quantisation, QuantisationPlan
from chipsmith.quantisation.quality import LARGEST_DB
from chipsmith.quantisation.ranges import Histogram, rounding_noise


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """A rounded tensor, the author's operator that gives it, and the SQNR of its values after rounding in dB."""

    tensor: str
    operator: str
    sqnr_db: float


def rank_tensors(
    network: FloatNetwork, plan: QuantisationPlan, histograms: Mapping[str, Histogram]
) -> tuple[Sensitivity, ...]:
    """The rounded tensors with a histogram, the most sensitive first."""
    producers = {name: operator.name for operator in network.graph.operators for name in operator.outputs}
    ranked = [
        Sensitivity(
            tensor=name,
            operator=network.origins.get(producers.get(name, name), name),
            sqnr_db=rounding_sqnr_db(histogram, plan.tensors[name]),
        )
        for name, histogram in histograms.items()
        if name in plan.tensors
    ]
    return tuple(sorted(ranked, key=lambda sensitivity: sensitivity.sqnr_db))


def rounding_sqnr_db(histogram: Histogram, quantisation: Quantisation) -> float:
    """The power of the counted values over that of what rounding and limits change in them."""
    centres, counts = histogram.centres, histogram.counts.astype(np.float64)
    step = quantisation.scale[:1]
    low, high = ((limit - int(quantisation.zero_point[0])) * float(step[0]) for limit in quantisation.limits)
    beyond = centres - np.clip(centres, low, high)
    noise = float((counts * beyond**2).sum() + rounding_noise(histogram, counts[beyond == 0].sum()[None], step)[0])
    signal = float((counts * centres**2).sum())
    return 10 * math.log10(signal / noise) if signal > 0 and noise > 0 else LARGEST_DB
