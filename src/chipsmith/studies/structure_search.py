"""Structure search: widths, depths and kernels of a family for a budget of the target chip's own cycles and energy.

Optuna's tree-structured Parzen estimator proposes; a structure beyond the budget is never trained; the others are
trained for a few epochs and scored on the validation part. Random search gets as many trials, for comparison.
Source of the estimator: J. Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from chipsmith.errors import BadInput, CheckFailed, OperatorRefused
from chipsmith.extras import require_package
from chipsmith.frontends.pytorch.shape_graph import shape_graph
from chipsmith.learn.compression.structure import Choice, Value, apply_choices, find_choices, halve_widths
from chipsmith.learn.compression.variants import CompressionContext, distill
from chipsmith.learn.networks import Network
from chipsmith.learn.training import measure
from chipsmith.profile.cost import ChipCost, graph_cost
from chipsmith.studies.budget import Budget
from chipsmith.studies.journal import SearchJournal

Sampler = Literal["tpe", "random"]
SAMPLERS: tuple[Sampler, ...] = ("tpe", "random")
_REFUSALS = (BadInput, OperatorRefused, CheckFailed)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One structure that was looked at: its cost, and its validation score where it was within the budget."""

    sampler: Sampler
    chosen: dict[str, Value]
    cycles: int
    energy_uj: float
    score: float | None


@dataclass(kw_only=True)
class StructureSearch:
    """Searches with one context, budget and length of the short trainings; structures met twice are trained once."""

    context: CompressionContext
    network: Network
    budget: Budget
    epochs: int
    _costs: dict[str, ChipCost] = field(default_factory=dict)
    _scores: dict[str, float] = field(default_factory=dict)

    def run(
        self, sampler: Sampler, *, trials: int, journal: SearchJournal | None, on_trial: Callable[[Trial], None]
    ) -> tuple[Trial, ...]:
        """All trials of one sampler, in order; those that stand finished in the `journal` are not done again.

        Interrupted or not, the trials are the same: each draws from a seed of its own number. Raises BadInput where the
        journal is damaged.
        """
        _require_extra()
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(
            study_name=sampler,
            direction="maximize",
            storage=_storage(journal),
            load_if_exists=True,
        )
        choices = find_choices(self.network, columns=self.context.columns)
        if not study.trials:
            study.enqueue_trial(halve_widths(self.network, choices))
            study.enqueue_trial(_least(choices))

        def objective(trial: Any) -> float:
            return self._objective(trial, choices, sampler, on_trial)

        done = sum(trial.state.is_finished() for trial in study.trials)
        for number in range(done, trials):
            study.sampler = _sampler(sampler, self.context.recipe.seed, number)
            study.optimize(objective, n_trials=1)
            if journal is not None:
                journal.close_trial()
        return tuple(Trial(**trial.user_attrs["trial"]) for trial in study.trials if "trial" in trial.user_attrs)

    def _objective(
        self, trial: Any, choices: tuple[Choice, ...], sampler: Sampler, on_trial: Callable[[Trial], None]
    ) -> float:
        import optuna

        chosen = {choice.name: trial.suggest_categorical(choice.name, choice.options) for choice in choices}
        try:
            network = apply_choices(self.network, chosen)
            cost = self._cost(network)
            excess = self.budget.excess(cost)
            score = None if excess > 0 else self._score(network)
        except _REFUSALS as error:  # such as an image that is pooled away
            trial.set_constraint("budget", 1.0)
            raise optuna.TrialPruned(str(error)) from error
        looked_at = Trial(sampler=sampler, chosen=chosen, cycles=cost.cycles, energy_uj=cost.energy_uj, score=score)
        trial.set_user_attr("trial", looked_at.__dict__)
        trial.set_constraint("budget", excess)
        on_trial(looked_at)
        return 0.0 if score is None else score

    def _cost(self, network: Network) -> ChipCost:
        key = network.model_dump_json()
        if key not in self._costs:
            module = network.build(input_shape=self.context.dataset.input_shape, outputs=self.context.dataset.outputs)
            graph = shape_graph(module, self.context.calibration, name=self.context.recipe.name)
            self._costs[key] = graph_cost(graph, self.context.chip)
        return self._costs[key]

    def _score(self, network: Network) -> float:
        key = network.model_dump_json()
        if key not in self._scores:
            module = distill(self.context, network, epochs=self.epochs)
            self._scores[key] = measure(module, self.context.dataset.validation, self.context.dataset.task)[1]
        return self._scores[key]


def best_trials(trials: tuple[Trial, ...], *, count: int) -> tuple[Trial, ...]:
    """The trials within the budget with the best scores, each structure once; fewer cycles first where scores tie."""
    scored = (trial for trial in trials if trial.score is not None)
    ranked = sorted(scored, key=lambda trial: (-(trial.score or 0), trial.cycles))
    distinct = {str(sorted(trial.chosen.items())): trial for trial in reversed(ranked)}
    return tuple(sorted(distinct.values(), key=ranked.index))[:count]


def _least(choices: tuple[Choice, ...]) -> dict[str, Value]:
    """The smallest structure: it tells whether any is within the budget."""
    return {choice.name: min(choice.options) for choice in choices}


def _sampler(sampler: Sampler, seed: int, number: int) -> Any:
    """What draws the trial of this number."""
    import optuna

    own_seed = int(np.random.SeedSequence((seed, number)).generate_state(1)[0])
    if sampler == "random":
        return optuna.samplers.RandomSampler(seed=own_seed)
    return optuna.samplers.TPESampler(seed=own_seed, n_startup_trials=4)


def _storage(journal: SearchJournal | None) -> Any:
    import optuna

    if journal is None:
        return None
    journal.open()
    from optuna.storages.journal import JournalFileBackend

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.storages.JournalStorage(JournalFileBackend(str(journal.path)))


def _require_extra() -> None:
    require_package("optuna", extra="search", task="search structures")
