"""Who proposes chips: samplers of Optuna, asked and told, over the legal combinations of a space.

Sources: J. Bergstra et al., NeurIPS 2011, and Y. Ozaki et al., JAIR 2022 (tpe); K. Deb et al., IEEE Trans. Evol. Comp.
6 (2002) (nsga2); Optuna's Gaussian processes with expected (hypervolume) improvement (gp); I. M. Sobol (quasi-random).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from chipsmith.extras import require_package
from chipsmith.studies.search.pairs import pair_key
from chipsmith.studies.search.space import ChipParameter, ChipSpace, Value, Values
from chipsmith.studies.search.study_file import SamplerKind

_ASKED = 10
"""Proposals that a sampler may make for a trial before one is drawn: illegal and known ones are no trials."""
_DRAWN = 20_000
"""Drawings without a new legal combination after which a space counts as exhausted."""
_POPULATION = 20
"""Of nsga2: ten generations of 200 trials."""
_STARTUP = 16
"""Trials that tpe draws before it models."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a sampler is told of a trial: its costs, of which less is better, and the excess over each budget.

    Where a network does not `fit` on the chip, both say only that this is no good place.
    """

    fits: bool
    costs: tuple[float, ...]
    excesses: tuple[float, ...]


class Proposer:
    """Proposes legal combinations of a space that it has not proposed before, and learns from what it is told.

    The same seed, told the same, proposes the same.
    """

    def __init__(self, kind: SamplerKind, space: ChipSpace, *, objectives: int, seed: int) -> None:
        require_package("optuna", extra="compression", task="search designs")
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space = space
        own_seed, drawn_seed = np.random.SeedSequence(seed).generate_state(2)
        self._generator = np.random.default_rng(drawn_seed)
        self._study = optuna.create_study(directions=["minimize"] * objectives, sampler=_sampler(kind, int(own_seed)))
        self._distributions = {parameter.name: _distribution(parameter) for parameter in space.varied}
        self._known: set[str] = set()
        self._open: list[Any] = []

    def ask(self, count: int) -> tuple[Values, ...]:
        """So many combinations, or fewer where no more are new and legal; each must be told of in order."""
        asked = []
        for _ in range(count):
            values = self._ask_once()
            if values is None:
                break
            asked.append(values)
        return tuple(asked)

    def tell(self, told: Sequence[Told]) -> None:
        """What was found out about the combinations that were asked for last, in their order."""
        with _quiet():
            for trial, each in zip(self._open, told, strict=True):
                trial.set_constraint("fit", -1.0 if each.fits else 1.0)
                for index, excess in enumerate(each.excesses):
                    trial.set_constraint(f"budget {index}", excess)
                self._study.tell(trial, list(each.costs))
        self._open.clear()

    def _ask_once(self) -> Values | None:
        import optuna

        for _ in range(_ASKED):
            with _quiet():
                trial = self._study.ask(self._distributions)
            values = self._values(trial)
            if self._take(values):
                self._open.append(trial)
                return values
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return self._draw()

    def _draw(self) -> Values | None:
        """A new combination that is drawn among the legal ones; None where there is no more."""
        if self._space.legal is not None:
            return self._draw_listed(self._space.legal)
        for _ in range(_DRAWN):
            values = self._space.draw(self._generator)
            if self._take(values):
                self._enqueue(values)
                return values
        return None

    def _draw_listed(self, legal: Sequence[Values]) -> Values | None:
        left = [values for values in legal if pair_key(values) not in self._known]
        if not left:
            return None
        values = left[int(self._generator.integers(len(left)))]
        self._known.add(pair_key(values))
        self._enqueue(values)
        return values

    def _enqueue(self, values: Values) -> None:
        indices = {parameter.name: _index(parameter, values[parameter.name]) for parameter in self._space.varied}
        self._study.enqueue_trial(indices)
        with _quiet():
            self._open.append(self._study.ask(self._distributions))

    def _take(self, values: Values) -> bool:
        """Whether the combination is new and legal; then it is known from now on."""
        key = pair_key(values)
        if key in self._known or self._space.refusal(values):
            return False
        self._known.add(key)
        return True

    def _values(self, trial: Any) -> Values:
        return {
            parameter.name: _value(parameter, trial.params[parameter.name])
            if len(parameter.values) > 1
            else parameter.values[0]
            for parameter in self._space.parameters
        }


def _sampler(kind: SamplerKind, seed: int) -> Any:
    from optuna import samplers

    with _quiet():
        match kind:
            case SamplerKind.RANDOM:
                return samplers.RandomSampler(seed=seed)
            case SamplerKind.QUASI_RANDOM:
                return samplers.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False)
            case SamplerKind.TPE:
                return samplers.TPESampler(seed=seed, n_startup_trials=_STARTUP, multivariate=True)
            case SamplerKind.NSGA2:
                return samplers.NSGAIISampler(seed=seed, population_size=_POPULATION)
            case SamplerKind.GP:
                require_package("torch", extra="torch", task="search with Gaussian processes")
                return samplers.GPSampler(seed=seed, n_startup_trials=_STARTUP, deterministic_objective=True)


def _distribution(parameter: ChipParameter) -> Any:
    """Numbers are places in their order, for a value's neighbours are much like it."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    if parameter.ordered:
        return IntDistribution(0, len(parameter.values) - 1)
    return CategoricalDistribution(parameter.values)


def _value(parameter: ChipParameter, suggested: Any) -> Value:
    value: Value = parameter.values[suggested] if parameter.ordered else suggested
    return value


def _index(parameter: ChipParameter, value: Value) -> Value:
    return parameter.values.index(value) if parameter.ordered else value


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna says of parts of itself that they may change; its version is fixed here."""
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield
