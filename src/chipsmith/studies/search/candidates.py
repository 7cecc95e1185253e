"""New legal combinations of a space: drawn evenly, near another one, or a step from the best that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chipsmith.studies.search.parameters import ParameterSpace, Values

_DRAWN = 20_000
"""Drawings without a new legal combination after which a large space counts as exhausted."""
_WALKS, _LONGEST_WALK = 20, 3
"""Walks of several steps that are tried where every single step is known, and their most steps."""
_BETTER = 0.5
"""The chance that a step starts at the best combination; of what is left, that it starts at the second, and so on."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a sampler is told of a trial: its costs, of which less is better, and the excess over each budget.

    Where a network does not `fit` on the chip, both say only that this is no good place.
    """

    fits: bool
    costs: tuple[float, ...]
    excesses: tuple[float, ...]

    def rank(self, weights: Sequence[float]) -> tuple[bool, float, float]:
        """What orders trials from the best on: it fits, keeps its budgets, has the least weighted costs."""
        weighted = sum(weight * cost for weight, cost in zip(weights, self.costs, strict=True))
        return (not self.fits, max(0.0, *self.excesses, 0.0), weighted)


class Candidates:
    """Combinations that are legal and that nobody has taken yet; the same seed gives the same."""

    def __init__(self, space: ParameterSpace, generator: np.random.Generator) -> None:
        self._space, self._generator = space, generator
        self._known: set[str] = set()

    def take(self, values: Values) -> bool:
        """Take a combination; False where it is not legal, or its design was taken before."""
        if self._space.refusal(values):
            return False
        key = self._space.identify(values)
        if key in self._known:
            return False
        self._known.add(key)
        return True

    def draw(self) -> Values | None:
        """Take a new legal combination, each as likely as any other; None where there is none."""
        if self._space.legal is not None:
            return self._draw_listed(self._space.legal)
        for _ in range(_DRAWN):
            values = self._space.draw(self._generator)
            if self.take(values):
                return values
        return None

    def step(self, values: Values) -> Values | None:
        """Take a new legal combination that is a step away, or a few where each single step is taken; None without."""
        steps = [changed for _, changed in self._space.steps(values)]
        for index in self._generator.permutation(len(steps)):
            changed = steps[int(index)]
            if self.take(changed):
                return changed
        for _ in range(_WALKS):
            walked = self._walk(values)
            if self.take(walked):
                return walked
        return None

    def step_from_best(self, known: Sequence[tuple[Values, Told]]) -> Values | None:
        """The same from one of the best combinations that are known, for objectives of drawn weights."""
        weights: list[float] = self._generator.dirichlet([1.0] * len(known[0][1].costs)).tolist()
        ranked = sorted(known, key=lambda pair: pair[1].rank(weights))
        place = min(int(self._generator.geometric(_BETTER)), len(ranked)) - 1
        return self.step(ranked[place][0])

    def _walk(self, values: Values) -> Values:
        for _ in range(int(self._generator.integers(2, _LONGEST_WALK + 1))):
            steps = [changed for _, changed in self._space.steps(values)]
            values = steps[int(self._generator.integers(len(steps)))]
        return values

    def _draw_listed(self, legal: Sequence[Values]) -> Values | None:
        left = [values for values in legal if self._space.identify(values) not in self._known]
        if not left:
            return None
        values = left[int(self._generator.integers(len(left)))]
        self._known.add(self._space.identify(values))
        return values
