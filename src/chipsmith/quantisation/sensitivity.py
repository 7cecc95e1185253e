"""What rounding costs at each tensor of a plan by itself: where 16 bits help most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.plan import Quantisation, QuantisationPlan
from chipsmith.quantisation.quality import LARGEST_DB, judge_outputs
from chipsmith.quantisation.ranges import Histogram, rounding_noise
from chipsmith.quantisation.rounding import rounding_changes
from chipsmith.shown import Shown
from chipsmith.tosa.floating.evaluate import evaluate_floats
from chipsmith.tosa.graph import Array


@dataclass(frozen=True, kw_only=True)
class Sensitivity(Shown):
    """A rounded tensor, the author's operator that gives it, and an SQNR in dB: 16 bits help where it is least."""

    tensor: str
    operator: str
    sqnr_db: float


def measure_tensors(
    network: FloatNetwork, plan: QuantisationPlan, inputs: Mapping[str, Array]
) -> tuple[Sensitivity, ...]:
    """The computed tensors of a plan by the SQNR of the outputs where each alone is rounded, the least first.

    `inputs` are (n, *shape) by name. The network is evaluated once for each tensor.
    """
    graph = network.graph
    exact = evaluate_floats(graph, inputs, keep=graph.outputs)
    ranked = []
    for name, change in rounding_changes(graph, plan).items():
        outputs = evaluate_floats(graph, inputs, keep=graph.outputs, changes={name: change})
        ranked.append((name, judge_outputs(exact, outputs).sqnr_db))
    return _sort(network, ranked)


def rank_tensors(
    network: FloatNetwork, plan: QuantisationPlan, histograms: Mapping[str, Histogram]
) -> tuple[Sensitivity, ...]:
    """The rounded tensors with a histogram by the SQNR of their own values, the least first."""
    return _sort(
        network,
        [
            (name, rounding_sqnr_db(histogram, plan.tensors[name]))
            for name, histogram in histograms.items()
            if name in plan.tensors
        ],
    )


def _sort(network: FloatNetwork, ratios_db: Iterable[tuple[str, float]]) -> tuple[Sensitivity, ...]:
    producers = {name: operator.name for operator in network.graph.operators for name in operator.outputs}
    ranked = [
        Sensitivity(tensor=name, operator=network.origins.get(producers.get(name, name), name), sqnr_db=ratio_db)
        for name, ratio_db in ratios_db
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
