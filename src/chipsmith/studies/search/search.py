"""A study to its result: the samplers with each seed, random search beside, the winner and its neighbours."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from chipsmith.errors import BadInput
from chipsmith.studies.journal import SearchJournal
from chipsmith.studies.search.figures import PairFigure
from chipsmith.studies.search.importance import rate_parameters
from chipsmith.studies.search.pairs import PairBook, PairOutcome, Scorer, StudiedNetwork, score_to_plain
from chipsmith.studies.search.result import SamplerRuns, SearchResult
from chipsmith.studies.search.storage import StudyMirror
from chipsmith.studies.search.study_file import SamplerKind, SearchStudy
from chipsmith.studies.search.trials import Goal, run_sampler
from chipsmith.studies.search.winner import choose_winner, climb, find_borders, weigh_budgets


class Search:
    """A study with its networks: what it asks for is read and checked when it is made. Raises BadInput."""

    def __init__(self, study: SearchStudy, networks: Sequence[StudiedNetwork], *, name: str) -> None:
        self.study, self.name = study, name
        self.space = study.parsed_space()
        self._directions = study.parsed_objectives()
        self._constraints = study.parsed_constraints()
        self._reference = study.parsed_numbers("reference_point")
        self._weights = study.parsed_numbers("weights")
        self._scorer = Scorer(networks=tuple(networks), temperature=study.temperature)
        self.size = self.space.measure()
        self._base = self._scorer.score(self.space.base)

    def identity(self) -> dict[str, object]:
        """What the scores of pairs depend on, as plain values: a folder of scores is that of one such search.

        The base chip's own score stands for the models behind it: other constants or another compiler change it.
        """
        return {
            "space": self.space.to_plain(),
            "networks": [network.identity for network in self._scorer.networks],
            "temperature": self.study.temperature.value,
            "score of the base chip": describe_outcome(self._base),
        }

    def goal(self) -> Goal:
        """The objectives and budgets; what has no reference point is measured against the base chip."""
        return Goal(
            directions=self._directions,
            reference={figure: self._reference_of(figure) for figure in self._directions},
            constraints=self._constraints,
            weights=self._weights,
        )

    def run(
        self,
        *,
        workers: int,
        scheduler: str,
        journal: SearchJournal | None,
        mirror: StudyMirror | None,
        on_stage: Callable[[str], None],
    ) -> SearchResult:
        """All trials of all seeds, and what they show. Pairs that stand in the journal are not scored again.

        Pairs are scored by `workers` processes, or by those of the `scheduler`, if it is not empty. Trials are copied
        to the `mirror`, if there is one.
        """
        begin, goal = _processor_seconds(), self.goal()
        book = PairBook(self.space, self._scorer, workers=workers, scheduler=scheduler, journal=journal)
        restored_s = book.cpu_s
        with book.working():
            on_stage(f"space: {self.size}; {book.count} pairs are known")
            random = self._run_sampler(SamplerKind.RANDOM, book, goal, mirror, on_stage)
            own = self.study.sampler
            sampled = random if own is SamplerKind.RANDOM else self._run_sampler(own, book, goal, mirror, on_stage)
            trials = sampled.trials if sampled is random else (*sampled.trials, *random.trials)
            climbed, changes = climb(trials, self.space, book, goal)
        winner = choose_winner((*trials, *climbed), goal)
        return SearchResult(
            name=self.name,
            networks=book.networks,
            space=self.space,
            size=self.size,
            goal=goal,
            sampled=sampled,
            random=random,
            climbed=climbed,
            budgets=weigh_budgets(trials, goal, winner),
            changes=changes,
            borders=() if winner is None else find_borders(winner, self.space),
            importance=rate_parameters(random.trials, self.space, goal),
            pairs=book.count,
            cpu_s=restored_s + book.elsewhere_s + _processor_seconds() - begin,
        )

    def _run_sampler(
        self,
        kind: SamplerKind,
        book: PairBook,
        goal: Goal,
        mirror: StudyMirror | None,
        on_stage: Callable[[str], None],
    ) -> SamplerRuns:
        by_seed = {}
        for seed in self.study.seeds:
            on_stage(f"{kind}, seed {seed}: {self.study.trials} trials")
            follow = (lambda _: None) if mirror is None else mirror.follow(kind, seed, space=self.space, goal=goal)
            by_seed[seed] = run_sampler(
                kind, self.space, book, goal, seed=seed, trials=self.study.trials, on_batch=follow
            )
        return SamplerRuns(sampler=kind, by_seed=by_seed, goal=goal)

    def _reference_of(self, figure: PairFigure) -> float:
        if figure in self._reference:
            return self._reference[figure]
        figures = self._base.figures(self._scorer.networks)
        if figures is None:
            raise BadInput(
                f"reference_point.{figure} is missing, and the base has no score: give a number ({self._base.reason})"
            )
        return figures[figure]


def describe_outcome(outcome: PairOutcome) -> Mapping[str, object]:
    """What the oracle said, as plain values, without the time that it took."""
    return {"reason": outcome.reason, "scores": [score_to_plain(score) for score in outcome.scores]}


def _processor_seconds() -> float:
    """Of this process and of those of its processes that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
