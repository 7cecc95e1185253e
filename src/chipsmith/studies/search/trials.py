"""The trials of one sampler with one seed, and how good they are together: costs, budgets, hypervolume."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chipsmith.shown import Shown
from chipsmith.studies.search.candidates import Told
from chipsmith.studies.search.figures import Constraint, Figures, PairFigure
from chipsmith.studies.search.pairs import PairBook, PairOutcome
from chipsmith.studies.search.parameters import ParameterSpace, Values
from chipsmith.studies.search.rounds import run_rounds
from chipsmith.studies.search.samplers import Proposer
from chipsmith.studies.search.study_file import Direction, SamplerKind

LEAST_ERROR = 1e-6
"""The smallest share of errors that counts where no examples say it."""


@dataclass(frozen=True, kw_only=True)
class Goal(Shown):
    """What is wanted of a pair: objectives, measured against a reference point, and budgets.

    `weights` are those of the objectives in the choice of the winner. `least_error` is the smallest share of errors
    that counts: an accuracy of 1 on few examples is no infinite gain.
    """

    directions: Mapping[PairFigure, Direction]
    reference: Mapping[PairFigure, float]
    constraints: tuple[Constraint, ...]
    weights: Mapping[PairFigure, float]
    least_error: float = LEAST_ERROR

    def costs(self, figures: Figures) -> tuple[float, ...]:
        """Decades above the reference point, an objective each: less is better, below 0 is better than the point.

        Of an accuracy the decades are those of the error, 1 - accuracy.
        """
        return tuple(
            self._decades(figure, figures[figure], self.reference[figure]) * (1 if way is Direction.MINIMISE else -1)
            for figure, way in self.directions.items()
        )

    def _decades(self, figure: PairFigure, value: float, reference: float) -> float:
        if figure is not PairFigure.ACCURACY:
            return math.log10(value / reference)
        return -math.log10(max(1 - value, self.least_error) / max(1 - reference, self.least_error))

    def excesses(self, figures: Figures) -> tuple[float, ...]:
        """The excess over each budget; see Constraint.excess."""
        return tuple(constraint.excess(figures) for constraint in self.constraints)

    def meets(self, figures: Figures) -> bool:
        """Whether all budgets are kept."""
        return all(excess <= 0 for excess in self.excesses(figures))

    def score(self, figures: Figures) -> float:
        """The weighted geometric mean of the objectives over the reference point: less is better, 1 is the point."""
        weights = [self.weights.get(figure, 1.0) for figure in self.directions]
        summed = sum(weight * cost for weight, cost in zip(weights, self.costs(figures), strict=True))
        return float(10 ** (summed / sum(weights)))


@dataclass(frozen=True, kw_only=True)
class DesignTrial(Shown):
    """A legal chip that a sampler looked at: its combination, and its figures, or the reason why it has none.

    `stepped` of one that is no trial: a step from the best trial of this sampler and seed has led to it.
    """

    sampler: SamplerKind
    seed: int
    number: int
    values: Values
    outcome: PairOutcome
    figures: Figures | None
    stepped: bool = False

    def _brief(self) -> str:
        figures = ", ".join(f"{name} {value:.4g}" for name, value in (self.figures or {}).items())
        return f"{', '.join(f'{name}={value}' for name, value in self.values.items())}: {figures}"

    @property
    def source(self) -> str:
        """Who looked at it, as "tpe, seed 0", or "steps from the best of tpe, seed 0"."""
        return f"{'steps from the best of ' if self.stepped else ''}{self.sampler}, seed {self.seed}"


def run_sampler(
    kind: SamplerKind,
    space: ParameterSpace,
    book: PairBook,
    goal: Goal,
    *,
    seed: int,
    trials: int,
    on_batch: Callable[[Sequence[DesignTrial]], None] = lambda _: None,
) -> tuple[DesignTrial, ...]:
    """The trials of a sampler with a seed, in order; fewer where the space has no more legal chips.

    `on_batch` takes those that were asked for together, as soon as they are known.
    """
    proposer = Proposer(kind, space, objectives=len(goal.directions), seed=seed)
    rounds = run_rounds(
        proposer,
        trials=trials,
        evaluate=book.score_all,
        judge=lambda outcome: _told(outcome.figures(book.networks), goal),
    )
    done: list[DesignTrial] = []
    for batch in rounds:
        done += [
            DesignTrial(
                sampler=kind,
                seed=seed,
                number=len(done) + index,
                values=values,
                outcome=outcome,
                figures=outcome.figures(book.networks),
            )
            for index, (values, outcome) in enumerate(batch)
        ]
        on_batch(done[-len(batch) :])
    return tuple(done)


def _told(figures: Figures | None, goal: Goal) -> Told:
    if figures is None:
        return Told(fits=False, costs=(0.0,) * len(goal.directions), excesses=(1.0,) * len(goal.constraints))
    return Told(fits=True, costs=goal.costs(figures), excesses=goal.excesses(figures))


def find_front(trials: Sequence[DesignTrial], goal: Goal) -> tuple[DesignTrial, ...]:
    """The trials within the budgets that no other beats in all objectives, each design once, by the first objective."""
    kept: dict[tuple[float, ...], DesignTrial] = {}
    for trial in trials:
        if trial.figures is not None and goal.meets(trial.figures):
            kept.setdefault(goal.costs(trial.figures), trial)
    return tuple(kept[costs] for costs in sorted(unbeaten(list(kept))))


def unbeaten(points: Sequence[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """The points that no other is at most as large as in all coordinates."""
    return [point for point in points if not any(other != point and _beats(other, point) for other in points)]


def _beats(point: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(a <= b for a, b in zip(point, other, strict=True))


def hypervolume(points: Sequence[tuple[float, ...]]) -> float:
    """The volume below the origin that points of costs dominate, by slicing along the first coordinate.

    With costs in decades it is in decades to the power of the number of objectives.
    """
    front = unbeaten(sorted({point for point in points if all(cost < 0 for cost in point)}))
    if not front:
        return 0.0
    if len(front[0]) == 1:
        return -min(point[0] for point in front)
    edges = [*sorted({point[0] for point in front}), 0.0]
    return math.fsum(
        (high - low) * hypervolume([point[1:] for point in front if point[0] <= low])
        for low, high in itertools.pairwise(edges)
    )


def hypervolume_over_trials(trials: Sequence[DesignTrial], goal: Goal) -> tuple[float, ...]:
    """The hypervolume within the budgets after each trial."""
    volumes: list[float] = []
    front: list[tuple[float, ...]] = []
    for trial in trials:
        costs = goal.costs(trial.figures) if trial.figures is not None and goal.meets(trial.figures) else None
        if costs is None or any(_beats(point, costs) for point in front):
            volumes.append(volumes[-1] if volumes else 0.0)
            continue
        front = unbeaten([*front, costs])
        volumes.append(hypervolume(front))
    return tuple(volumes)
