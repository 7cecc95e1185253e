"""Who proposes chips: samplers of Optuna, asked and told, over the legal combinations of a space.

Sources: J. Bergstra et al., NeurIPS 2011, and Y. Ozaki et al., JAIR 2022 (tpe); K. Deb et al., IEEE Trans. Evol. Comp.
6 (2002) (nsga2); Optuna's Gaussian processes with expected (hypervolume) improvement (gp); I. M. Sobol (quasi-random).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from chipsmith.extras import require_package
from chipsmith.studies.search.candidates import Candidates, Told
from chipsmith.studies.search.parameters import ParameterSpace, SearchParameter, Value, Values
from chipsmith.studies.search.study_file import SamplerKind

_POPULATION = 20
"""Of nsga2: ten generations of 200 trials."""
_STARTUP = 30
"""Trials that are drawn before a sampler models, where no other number is asked for."""
_REFINED = frozenset({SamplerKind.TPE, SamplerKind.NSGA2, SamplerKind.GP})
"""Samplers of which every second trial after the first is a step from one of the best designs that are known."""


class Proposer:
    """Proposes legal combinations of a space that it has not proposed before, and learns from what it is told.

    Where a sampler proposes what is illegal or known, a new neighbour of that is taken: neither is a trial. The same
    seed, told the same, proposes the same. `first` are proposed before all others, as far as they are legal; `startup`
    counts them.
    """

    def __init__(
        self,
        kind: SamplerKind,
        space: ParameterSpace,
        *,
        objectives: int,
        seed: int,
        startup: int = _STARTUP,
        first: Sequence[Values] = (),
    ) -> None:
        require_package("optuna", extra="search", task="search designs")
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._kind, self._space, self._startup, self._first = kind, space, startup, list(first)
        own_seed, drawn_seed = np.random.SeedSequence(seed).generate_state(2)
        self._candidates = Candidates(space, np.random.default_rng(drawn_seed))
        sampler = _sampler(kind, seed=int(own_seed), startup=startup)
        self._study = optuna.create_study(directions=["minimize"] * objectives, sampler=sampler)
        self._distributions = {parameter.name: _distribution(parameter) for parameter in space.varied}
        self._open: list[tuple[Values, Any]] = []
        self._told: list[tuple[Values, Told]] = []

    def ask(self, count: int) -> tuple[Values, ...]:
        """So many combinations, or fewer where no more are new and legal; each must be told of in order."""
        for _ in range(count):
            if not self._ask_once(len(self._told) + len(self._open)):
                break
        return tuple(values for values, _ in self._open)

    def tell(self, told: Sequence[Told]) -> None:
        """What was found out about the combinations that were asked for last, in their order."""
        for (values, trial), each in zip(self._open, told, strict=True):
            self._told.append((values, each))
            if trial is not None:
                self._tell(trial, each)
        self._open.clear()

    def _tell(self, trial: Any, told: Told) -> None:
        with quiet_optuna():
            trial.set_constraint("fit", -1.0 if told.fits else 1.0)
            for index, excess in enumerate(told.excesses):
                trial.set_constraint(f"budget {index}", excess)
            self._study.tell(trial, list(told.costs))

    def _ask_once(self, number: int) -> bool:
        """Ask for the trial of this number; False where there is no new combination left."""
        while self._first:
            given = self._first.pop(0)
            if self._candidates.take(given):
                return self._open_known(given)
        if self._kind is SamplerKind.RANDOM:
            return self._open_known(self._candidates.draw())
        if self._kind in _REFINED and self._told and number >= self._startup and number % 2:
            stepped = self._candidates.step_from_best(self._told)
            if stepped is not None:
                return self._open_known(stepped)
        return self._ask_sampler()

    def _ask_sampler(self) -> bool:
        import optuna

        with quiet_optuna():
            trial = self._study.ask(self._distributions)
        values = self._values(trial)
        if self._candidates.take(values):
            self._open.append((values, trial))
            return True
        self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return self._open_known(self._candidates.step(values) or self._candidates.draw())

    def _open_known(self, values: Values | None) -> bool:
        """Open a trial of this combination, of which the sampler is told too where it models; False for none."""
        if values is None:
            return False
        self._open.append((values, None if self._kind is SamplerKind.RANDOM else self._enqueue(values)))
        return True

    def _enqueue(self, values: Values) -> Any:
        indices = {parameter.name: _index(parameter, values[parameter.name]) for parameter in self._space.varied}
        self._study.enqueue_trial(indices)
        with quiet_optuna():
            return self._study.ask(self._distributions)

    def _values(self, trial: Any) -> Values:
        return {
            parameter.name: _value(parameter, trial.params[parameter.name])
            if len(parameter.values) > 1
            else parameter.values[0]
            for parameter in self._space.parameters
        }


def _sampler(kind: SamplerKind, *, seed: int, startup: int) -> Any:
    from optuna import samplers

    with quiet_optuna():
        match kind:
            case SamplerKind.RANDOM:
                return samplers.RandomSampler(seed=seed)
            case SamplerKind.QUASI_RANDOM:
                return samplers.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False)
            case SamplerKind.TPE:
                return samplers.TPESampler(seed=seed, n_startup_trials=startup, multivariate=True)
            case SamplerKind.NSGA2:
                return samplers.NSGAIISampler(seed=seed, population_size=_POPULATION)
            case SamplerKind.GP:
                require_package("torch", extra="torch", task="search with Gaussian processes")
                return samplers.GPSampler(seed=seed, n_startup_trials=startup, deterministic_objective=True)


def _distribution(parameter: SearchParameter) -> Any:
    """Numbers are places in their order, for a value's neighbours are much like it."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    if parameter.ordered:
        return IntDistribution(0, len(parameter.values) - 1)
    return CategoricalDistribution(parameter.values)


def _value(parameter: SearchParameter, suggested: Any) -> Value:
    value: Value = parameter.values[suggested] if parameter.ordered else suggested
    return value


def _index(parameter: SearchParameter, value: Value) -> Value:
    return parameter.values.index(value) if parameter.ordered else value


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Optuna says of parts of itself that they may change; its version is fixed here."""
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield
