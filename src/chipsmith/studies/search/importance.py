"""How much each parameter decides whether a design is among the best, by Optuna's PED-ANOVA.

Source: S. Watanabe et al., "PED-ANOVA", IJCAI 2023.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

from chipsmith.studies.search.parameters import ParameterSpace
from chipsmith.studies.search.trials import DesignTrial, Goal

LEAST_TRIALS = 40
"""Of fewer nothing is said: the best tenth would be three designs."""
_BROKEN = 1e6
"""Above every score: a design that breaks a budget is behind all that keep them."""


def rate_parameters(trials: Sequence[DesignTrial], space: ParameterSpace, goal: Goal) -> Mapping[str, float]:
    """The share of each varied parameter in a design's being among the best tenth; empty for few trials.

    Take trials of random search: those of other samplers crowd where they found something.
    """
    if len(trials) < LEAST_TRIALS or len(space.varied) < 2:
        return {}
    import optuna
    from optuna.distributions import CategoricalDistribution

    distributions = {parameter.name: CategoricalDistribution(parameter.values) for parameter in space.varied}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study = optuna.create_study()
        study.add_trials(
            [
                optuna.trial.create_trial(
                    params={name: trial.values[name] for name in distributions},
                    distributions=distributions,
                    value=_rank_value(trial, goal),
                )
                for trial in trials
            ]
        )
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        shares: dict[str, float] = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return shares


def _rank_value(trial: DesignTrial, goal: Goal) -> float:
    if trial.figures is None:
        return 2 * _BROKEN
    return goal.score(trial.figures) + (0 if goal.meets(trial.figures) else _BROKEN)
