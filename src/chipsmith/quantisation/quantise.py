"""The quantiser: from a float network and a calibration to a plan, with what each choice brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipsmith.quantisation.bias import correct_bias
from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.plan import QuantisationPlan
from chipsmith.quantisation.planner import Observation, make_plan, observe_points
from chipsmith.quantisation.quality import mean_sqnr_db
from chipsmith.quantisation.rounding import round_weights, rounding_changes
from chipsmith.quantisation.settings import QuantisationSettings, RangeMethod
from chipsmith.tosa.floating.evaluate import evaluate_floats
from chipsmith.tosa.graph import Array, Graph

_PART = 4
"""Each fourth input judges and does not choose."""
_FEWEST_JUDGES, _MOST_JUDGES = 4, 32
_METHODS = (RangeMethod.MINMAX, RangeMethod.PERCENTILE, RangeMethod.MSE, RangeMethod.ENTROPY)
_DEFAULTS = QuantisationSettings()


@dataclass(frozen=True, kw_only=True)
class QuantisationTrial:
    """A choice that was tried: the SQNR of the outputs with it, over the inputs that judge, and whether it stayed."""

    choice: str
    sqnr_db: float
    kept: bool


@dataclass(frozen=True, kw_only=True)
class QuantisationReport:
    """How a plan came about: the method of its ranges, how many inputs chose and how many judged, and the trials."""

    method: RangeMethod
    inputs: int
    judges: int
    trials: tuple[QuantisationTrial, ...]


@dataclass(frozen=True, kw_only=True)
class QuantisationResult:
    """The plan, the network that it is for, whose constants quantisation may have moved, and how it came about."""

    network: FloatNetwork
    plan: QuantisationPlan
    report: QuantisationReport


def quantise(
    network: FloatNetwork, calibration: Mapping[str, Array], settings: QuantisationSettings = _DEFAULTS
) -> QuantisationResult:
    """The plan of a float network from a calibration: arrays (n, *shape) by the names of the graph's inputs.

    Of 16 inputs and more each fourth judges the choices; of fewer all choose, `auto` is min/max, and nothing is judged.
    Raises as evaluate_floats does. The same network, calibration and settings give the same plan.
    """
    count = len(next(iter(calibration.values())))
    judging = np.arange(count) % _PART == _PART - 1
    if np.count_nonzero(judging) < _FEWEST_JUDGES:
        return _quantise_unjudged(network, calibration, settings)
    chosen, judges = (_select(calibration, part) for part in (~judging, judging))
    trials = _Trials(network=network, seen=observe_points(network.graph, chosen), judges=judges, settings=settings)
    return trials.run()


def _select(calibration: Mapping[str, Array], part: Array) -> dict[str, Array]:
    return {name: np.asarray(array)[part] for name, array in calibration.items()}


def _quantise_unjudged(
    network: FloatNetwork, calibration: Mapping[str, Array], settings: QuantisationSettings
) -> QuantisationResult:
    method = RangeMethod.MINMAX if settings.method is RangeMethod.AUTO else settings.method
    observation = observe_points(network.graph, calibration)
    plan = make_plan(network, observation, method=method, wide=settings.wide)
    inputs = len(next(iter(calibration.values())))
    return QuantisationResult(
        network=network, plan=plan, report=QuantisationReport(method=method, inputs=inputs, judges=0, trials=())
    )


class _Trials:
    """Tries choices after one another, on inputs that judge."""

    def __init__(
        self, *, network: FloatNetwork, seen: Observation, judges: Mapping[str, Array], settings: QuantisationSettings
    ) -> None:
        self._network, self._seen, self._settings = network, seen, settings
        self._unseen = observe_points(network.graph, judges)
        self._judges = {name: array[:_MOST_JUDGES] for name, array in judges.items()}
        self._reference = {name: array[:_MOST_JUDGES] for name, array in self._unseen.outputs.items()}
        self._trials: list[QuantisationTrial] = []

    def run(self) -> QuantisationResult:
        """The result of all choices that better the outputs; its ranges are those of all inputs."""
        method = self._choose_method()
        network = self._correct_bias(method) if self._settings.corrects_bias else self._network
        plan = make_plan(network, self._seen.join(self._unseen), method=method, wide=self._settings.wide)
        report = QuantisationReport(
            method=method, inputs=self._seen.inputs, judges=self._unseen.inputs, trials=tuple(self._trials)
        )
        return QuantisationResult(network=network, plan=plan, report=report)

    def _choose_method(self) -> RangeMethod:
        """The method with the best outputs; the first of them where they are equal."""
        automatic = self._settings.method is RangeMethod.AUTO
        methods = _METHODS if automatic else (self._settings.method,)
        rounded = round_weights(self._network.graph, QuantisationPlan(tensors={}))
        scores = [self._judge(rounded, self._plan(self._network, method)) for method in methods]
        best = int(np.argmax(scores))
        for index, (method, score) in enumerate(zip(methods, scores, strict=True)):
            self._trials.append(QuantisationTrial(choice=f"ranges: {method}", sqnr_db=score, kept=index == best))
        return methods[best]

    def _correct_bias(self, method: RangeMethod) -> FloatNetwork:
        plan = self._plan(self._network, method)
        corrected = correct_bias(self._network, plan, self._seen.means)
        score = self._judge(round_weights(corrected.graph, plan), plan)
        kept = score > max(trial.sqnr_db for trial in self._trials)
        self._trials.append(QuantisationTrial(choice="bias correction", sqnr_db=score, kept=kept))
        return corrected if kept else self._network

    def _plan(self, network: FloatNetwork, method: RangeMethod) -> QuantisationPlan:
        return make_plan(network, self._seen, method=method, wide=self._settings.wide)

    def _judge(self, rounded: Graph, plan: QuantisationPlan) -> float:
        """The SQNR of the outputs of a graph with rounded weights, under the plan of its activations."""
        changes = rounding_changes(rounded, plan)
        outputs = evaluate_floats(rounded, self._judges, keep=rounded.outputs, changes=changes)
        return mean_sqnr_db(self._reference, outputs)
