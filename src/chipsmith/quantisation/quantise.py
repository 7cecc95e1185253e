"""The quantiser: from a float network and a calibration to a plan, with what each choice brought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from chipsmith.quantisation.bias import correct_bias
from chipsmith.quantisation.equalise import equalise
from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.plan import INT8_WIDTH, QuantisationPlan
from chipsmith.quantisation.planner import Observation, make_plan, observe_points, observe_scaled
from chipsmith.quantisation.quality import LARGEST_DB, OutputVerdict, explain_refusal, judge_outputs
from chipsmith.quantisation.rounding import round_weights, rounding_changes
from chipsmith.quantisation.sensitivity import Sensitivity, measure_tensors, rank_tensors
from chipsmith.quantisation.settings import QuantisationSettings, RangeMethod
from chipsmith.quantisation.wide import find_wide
from chipsmith.shown import Shown
from chipsmith.tosa.floating.evaluate import evaluate_floats
from chipsmith.tosa.graph import Array, Graph

_PART = 4
"""Each fourth input judges and does not choose."""
_FEWEST_JUDGES, _MOST_JUDGES = 4, 32
_METHODS = (RangeMethod.MINMAX, RangeMethod.PERCENTILE, RangeMethod.MSE, RangeMethod.ENTROPY)
_DEFAULTS = QuantisationSettings()


@dataclass(frozen=True, kw_only=True)
class QuantisationTrial(Shown):
    """A choice that was tried: the SQNR of the outputs with it, over the inputs that judge, and whether it stayed.

    `reason` says why it did not where its SQNR is above that of what stayed; else it is empty.
    """

    choice: str
    sqnr_db: float
    kept: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class QuantisationReport(Shown):
    """How a plan came about: the method of its ranges, how many inputs chose and how many judged, and the trials.

    `wide` are the tensors with 16 bits; `sensitivities` has all rounded tensors, the most sensitive first.
    """

    method: RangeMethod
    inputs: int
    judges: int
    trials: tuple[QuantisationTrial, ...]
    wide: tuple[str, ...]
    sensitivities: tuple[Sensitivity, ...]


@dataclass(frozen=True, kw_only=True)
class QuantisationResult(Shown):
    """The plan, the network that it is for, whose constants quantisation may have moved, and how it came about.

    `report` is None where the scales are the author's own.
    """

    network: FloatNetwork
    plan: QuantisationPlan
    report: QuantisationReport | None = None


def quantise(
    network: FloatNetwork, calibration: Mapping[str, Array], settings: QuantisationSettings = _DEFAULTS
) -> QuantisationResult:
    """The plan of a float network from a calibration: arrays (n, *shape) by the names of the graph's inputs.

    Of 16 inputs and more each fourth judges the choices. Of fewer all choose, and `auto` is min/max: they judge nothing
    but whether the outputs reach the settings' `target_db`. Raises as evaluate_floats and find_wide do. The same
    network, calibration and settings give the same plan.
    """
    count = len(next(iter(calibration.values())))
    judging = np.arange(count) % _PART == _PART - 1
    if np.count_nonzero(judging) < _FEWEST_JUDGES:
        method = RangeMethod.MINMAX if settings.method is RangeMethod.AUTO else settings.method
        plain = replace(settings, method=method, corrects_bias=False, equalises=False)
        return _Trials(network=network, chosen=calibration, judges=None, settings=plain).run()
    chosen, judges = ({name: array[part] for name, array in calibration.items()} for part in (~judging, judging))
    return _Trials(network=network, chosen=chosen, judges=judges, settings=settings).run()


@dataclass(frozen=True, kw_only=True)
class _PlanChoice:
    """A network, what was seen of it over the inputs that choose, and what was chosen for it."""

    network: FloatNetwork
    seen: Observation
    method: RangeMethod
    wide: frozenset[str] = frozenset()

    def plan(self, observation: Observation) -> QuantisationPlan:
        """The plan with the ranges of an observation."""
        return make_plan(self.network, observation, method=self.method, wide=self.wide)


def _find_wide(choice: _PlanChoice, names: Iterable[str]) -> frozenset[str]:
    return find_wide(choice.network, names, choice.seen.histograms)


def _finish(
    choice: _PlanChoice, observation: Observation, *, judges: int, trials: tuple[QuantisationTrial, ...]
) -> QuantisationResult:
    """The result of a choice, with the ranges of all inputs."""
    plan = choice.plan(observation)
    report = QuantisationReport(
        method=choice.method,
        inputs=observation.inputs - judges,
        judges=judges,
        trials=trials,
        wide=tuple(name for name, quantisation in plan.tensors.items() if quantisation.width > INT8_WIDTH),
        sensitivities=rank_tensors(choice.network, plan, observation.histograms),
    )
    return QuantisationResult(network=choice.network, plan=plan, report=report)


class _Trials:
    """Tries choices after one another, on inputs that judge."""

    def __init__(
        self,
        *,
        network: FloatNetwork,
        chosen: Mapping[str, Array],
        judges: Mapping[str, Array] | None,
        settings: QuantisationSettings,
    ) -> None:
        self._network, self._chosen, self._judges, self._settings = network, chosen, judges, settings
        self._seen = observe_points(network.graph, chosen)
        self._unseen = None if judges is None else observe_points(network.graph, judges)
        outputs = (self._unseen or self._seen).outputs
        self._few = {name: array[:_MOST_JUDGES] for name, array in (judges or chosen).items()}
        self._reference = {name: array[:_MOST_JUDGES] for name, array in outputs.items()}
        self._trials: list[QuantisationTrial] = []
        self._best = OutputVerdict(
            sqnr_db=-LARGEST_DB, by_input=np.full(len(next(iter(self._few.values()))), -LARGEST_DB)
        )

    def run(self) -> QuantisationResult:
        """The result of all choices that better the outputs."""
        choice = self._choose_method()
        if self._settings.equalises:
            choice = self._equalise(choice)
        if self._settings.corrects_bias:
            choice = self._correct_bias(choice)
        choice = self._widen(choice, self._settings.target_db)
        if self._unseen is None:
            return _finish(choice, choice.seen, judges=0, trials=tuple(self._trials))
        everything = choice.seen.join(self._unseen)
        return _finish(choice, everything, judges=self._unseen.inputs, trials=tuple(self._trials))

    def _choose_method(self) -> _PlanChoice:
        """The method that betters those before it, min/max the first."""
        automatic = self._settings.method is RangeMethod.AUTO
        choices = [
            _PlanChoice(network=self._network, seen=self._seen, method=method)
            for method in (_METHODS if automatic else (self._settings.method,))
        ]
        wide = _find_wide(choices[0], self._settings.wide)
        choices = [replace(choice, wide=wide) for choice in choices]
        rounded = round_weights(self._network.graph, QuantisationPlan(tensors={}))
        verdicts = [self._judge(choice, rounded) for choice in choices]
        best = 0
        for index, verdict in enumerate(verdicts):
            best = index if verdict.betters(verdicts[best]) else best
        self._best = verdicts[best]
        for index, (choice, verdict) in enumerate(zip(choices, verdicts, strict=True)):
            self._trials.append(
                QuantisationTrial(
                    choice=f"ranges: {choice.method}",
                    sqnr_db=verdict.sqnr_db,
                    kept=index == best,
                    reason="" if index == best else explain_refusal(verdict, verdicts[best]),
                )
            )
        return choices[best]

    def _equalise(self, choice: _PlanChoice) -> _PlanChoice:
        equal = equalise(choice.network, choice.seen.channels)
        if not equal.scaled:
            return choice
        graph, scaled = equal.network.graph, equal.scaled
        seen = observe_scaled(choice.seen, graph, self._chosen, scaled=scaled)
        result = self._keep_better("equalised channels", choice, replace(choice, network=equal.network, seen=seen))
        if result is not choice and self._judges is not None and self._unseen is not None:
            self._unseen = observe_scaled(self._unseen, graph, self._judges, scaled=scaled)
        return result

    def _correct_bias(self, choice: _PlanChoice) -> _PlanChoice:
        corrected = correct_bias(choice.network, choice.plan(choice.seen), choice.seen.channels)
        return self._keep_better("bias correction", choice, replace(choice, network=corrected))

    def _widen(self, choice: _PlanChoice, target_db: float) -> _PlanChoice:
        """More and more of the most sensitive tensors in 16 bits, twice as many each time."""
        if self._best.sqnr_db >= target_db:
            return choice
        single = {name: array[:1] for name, array in self._few.items()}
        ranking = measure_tensors(choice.network, choice.plan(choice.seen), single)
        narrow = [sensitivity.tensor for sensitivity in ranking if sensitivity.tensor not in choice.wide]
        count = 1
        while self._best.sqnr_db < target_db and count < 2 * len(narrow):
            more = replace(choice, wide=choice.wide | set(narrow[:count]))
            verdict = self._judge(more, round_weights(more.network.graph, more.plan(more.seen)))
            kept = verdict.sqnr_db > self._best.sqnr_db
            choice = self._record(f"16 bits: {min(count, len(narrow))} tensors", choice, more, verdict, kept=kept)
            count *= 2
        return choice

    def _keep_better(self, text: str, choice: _PlanChoice, other: _PlanChoice) -> _PlanChoice:
        verdict = self._judge(other, round_weights(other.network.graph, other.plan(other.seen)))
        return self._record(text, choice, other, verdict, kept=verdict.betters(self._best))

    def _record(
        self, text: str, choice: _PlanChoice, other: _PlanChoice, verdict: OutputVerdict, *, kept: bool
    ) -> _PlanChoice:
        reason = "" if kept else explain_refusal(verdict, self._best)
        self._trials.append(QuantisationTrial(choice=text, sqnr_db=verdict.sqnr_db, kept=kept, reason=reason))
        self._best = verdict if kept else self._best
        return other if kept else choice

    def _judge(self, choice: _PlanChoice, rounded: Graph) -> OutputVerdict:
        """The verdict on the outputs of a choice, whose graph has rounded weights."""
        changes = rounding_changes(rounded, choice.plan(choice.seen))
        outputs = evaluate_floats(rounded, self._few, keep=rounded.outputs, changes=changes)
        return judge_outputs(self._reference, outputs)
