"""The design that a search chooses, why it and not a neighbour, and which budgets stand in the way of a better one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.studies.search.figures import Constraint, Figures
from chipsmith.studies.search.pairs import PairBook
from chipsmith.studies.search.parameters import ParameterSpace, Value
from chipsmith.studies.search.trials import DesignTrial, Goal

WINNER_RULE = (
    "within all budgets, the least geometric mean of the objectives over the reference point, each objective with its "
    "weight; of equal ones the first that was looked at"
)


def choose_winner(trials: Sequence[DesignTrial], goal: Goal) -> DesignTrial | None:
    """The winner by WINNER_RULE; None where no trial keeps all budgets."""
    rated = [(goal.score(trial.figures), trial) for trial in trials if trial.figures and goal.meets(trial.figures)]
    return min(rated, key=lambda pair: pair[0])[1] if rated else None


@dataclass(frozen=True, kw_only=True)
class BudgetRow(Shown):
    """A budget: how many trials keep it, the value nearest to or furthest within it, and whether it binds.

    `gain` is how many times better than the winner the best trial is that keeps all budgets but this one; None where
    there is no such trial that is better: then the budget does not bind. Where nothing keeps all budgets, one binds
    where no trial keeps it, or, where each is kept by some, in the nearest miss. `kept_by` and `best` are of the
    trials, with the accuracies that were searched with.
    """

    constraint: Constraint
    kept_by: int
    best: float | None
    gain: float | None
    binds: bool

    def to_json(self) -> Json:
        """Its fields."""
        return {
            "constraint": str(self.constraint),
            "kept_by": self.kept_by,
            "best": self.best,
            "gain": self.gain,
            "binds": self.binds,
        }


def weigh_budgets(
    trials: Sequence[DesignTrial], goal: Goal, winner: DesignTrial | None, *, judged: Sequence[DesignTrial] = ()
) -> tuple[BudgetRow, ...]:
    """A row for each budget. The nearest miss is one of those `judged` by full trainings, if there are some."""
    scored = [trial.figures for trial in trials if trial.figures is not None]
    nearest = nearest_miss(judged or trials, goal)
    return tuple(_weigh(index, scored, goal, winner, nearest) for index in range(len(goal.constraints)))


def nearest_miss(trials: Sequence[DesignTrial], goal: Goal) -> DesignTrial | None:
    """The trial that breaks its budgets least, by the largest share; of equal ones the better. None without trials."""
    rated = [
        (max(goal.excesses(trial.figures), default=0.0), goal.score(trial.figures), trial)
        for trial in trials
        if trial.figures is not None
    ]
    return min(rated, key=lambda row: row[:2])[2] if rated else None


def _weigh(
    index: int, scored: Sequence[Figures], goal: Goal, winner: DesignTrial | None, nearest: DesignTrial | None
) -> BudgetRow:
    constraint = goal.constraints[index]
    kept_by = sum(constraint.excess(figures) <= 0 for figures in scored)
    best = min(scored, key=constraint.excess)[constraint.figure] if scored else None
    gain = None
    if winner is not None and winner.figures is not None:
        gain = _gain(index, scored, goal, winner.figures)
        binds = gain is not None
    else:
        missed = nearest is not None and nearest.figures is not None and goal.excesses(nearest.figures)[index] > 0
        binds = kept_by == 0 or missed
    return BudgetRow(constraint=constraint, kept_by=kept_by, best=best, gain=gain, binds=binds)


def _gain(index: int, scored: Sequence[Figures], goal: Goal, winner: Figures) -> float | None:
    others = [
        goal.score(figures)
        for figures in scored
        if all((excess <= 0) != (place == index) for place, excess in enumerate(goal.excesses(figures)))
    ]
    gain = goal.score(winner) / min(others) if others else 0.0
    return gain if gain > 1 else None


@dataclass(frozen=True, kw_only=True)
class Change(Shown):
    """The winner with one parameter changed by a step, scored by the oracle.

    `ratio` is its score over the winner's: above 1 is worse. `reason` says why it has no figures: the chip is not
    `legal`, or a network does not fit; `broken` are the budgets that it breaks.
    """

    parameter: str
    before: Value
    after: Value
    figures: Figures | None = None
    ratio: float | None = None
    broken: tuple[Constraint, ...] = ()
    reason: str = ""
    legal: bool = True

    @property
    def improves(self) -> bool:
        """Whether it is better than the winner and within all budgets: the search has missed it."""
        return self.ratio is not None and self.ratio < 1 and not self.broken

    def to_json(self) -> Json:
        """Its fields."""
        return {
            "parameter": self.parameter,
            "before": self.before,
            "after": self.after,
            "figures": None if self.figures is None else dict(self.figures),
            "ratio": self.ratio,
            "broken": [str(constraint) for constraint in self.broken],
            "improves": self.improves,
            "legal": self.legal,
            "reason": self.reason,
        }


def change_winner(winner: DesignTrial, space: ParameterSpace, book: PairBook, goal: Goal) -> tuple[Change, ...]:
    """Every step of one parameter from the winner."""
    steps = list(space.steps(winner.values))
    refusals = [space.refusal(values) for _, values in steps]
    legal = [values for (_, values), refusal in zip(steps, refusals, strict=True) if not refusal]
    outcomes = iter(book.score_all(legal))
    changes = []
    for (name, values), refusal in zip(steps, refusals, strict=True):
        before, after = winner.values[name], values[name]
        if refusal:
            changes.append(Change(parameter=name, before=before, after=after, reason=refusal, legal=False))
            continue
        outcome = next(outcomes)
        figures = outcome.figures(book.networks)
        changes.append(_change(name, before, after, figures, outcome.reason, winner, goal))
    return tuple(changes)


def climb(
    trials: Sequence[DesignTrial], space: ParameterSpace, book: PairBook, goal: Goal
) -> tuple[tuple[DesignTrial, ...], tuple[Change, ...]]:
    """The designs that steps from the winner lead to, each better than the one before, and the steps around the last.

    Nothing of both where there is no winner.
    """
    climbed: list[DesignTrial] = []
    winner = choose_winner(trials, goal)
    changes: tuple[Change, ...] = ()
    while winner is not None:
        changes = change_winner(winner, space, book, goal)
        better = [change for change in changes if change.improves]
        if not better:
            break
        best = min(better, key=lambda change: change.ratio or 0.0)
        values = {**winner.values, best.parameter: best.after}
        (outcome,) = book.score_all([values])
        winner = replace(winner, values=values, outcome=outcome, figures=outcome.figures(book.networks), stepped=True)
        climbed.append(winner)
    return tuple(climbed), changes


def _change(
    name: str,
    before: Value,
    after: Value,
    figures: Figures | None,
    reason: str,
    winner: DesignTrial,
    goal: Goal,
) -> Change:
    if figures is None or winner.figures is None:
        return Change(parameter=name, before=before, after=after, reason=reason)
    excesses = zip(goal.constraints, goal.excesses(figures), strict=True)
    return Change(
        parameter=name,
        before=before,
        after=after,
        figures=figures,
        ratio=goal.score(figures) / goal.score(winner.figures),
        broken=tuple(constraint for constraint, excess in excesses if excess > 0),
    )


def find_borders(winner: DesignTrial, space: ParameterSpace) -> tuple[str, ...]:
    """Sentences on parameters whose value is the least or greatest that was searched, where the winner may have more.

    A value with which the winner would not be legal is no hint.
    """
    sentences = []
    for parameter in space.varied:
        value = winner.values[parameter.name]
        if not parameter.ordered or value not in (parameter.values[0], parameter.values[-1]):
            continue
        upward = value == parameter.values[-1]
        beyond = space.beyond(winner.values, parameter.name, upward=upward)
        if beyond:
            end = "greatest" if upward else "least"
            sentences.append(f"{parameter.name} = {value} is the {end} that was searched; {beyond}")
    return tuple(sentences)
