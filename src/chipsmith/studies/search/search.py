"""A study to its result: the samplers with each seed, random search beside, the winner and its neighbours."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from chipsmith.errors import BadInput
from chipsmith.learn.progress import Progress
from chipsmith.processors import total_processor_seconds
from chipsmith.studies.journal import SearchJournal
from chipsmith.studies.search.compiler_choices import border_of
from chipsmith.studies.search.design_space import DesignSpace, join_spaces, network_values
from chipsmith.studies.search.figures import PairFigure
from chipsmith.studies.search.finalists import (
    Finals,
    FullTrainings,
    judge_designs,
    judge_finalists,
    train_until_kept,
)
from chipsmith.studies.search.hand_over import WINNER, hand_over
from chipsmith.studies.search.importance import rate_parameters
from chipsmith.studies.search.network_shelf import NetworkShelf
from chipsmith.studies.search.pairs import DesignPoint, PairBook, PairOutcome, Scorer, StudiedNetwork, score_to_plain
from chipsmith.studies.search.parameters import Values
from chipsmith.studies.search.recipe_networks import RecipeNetwork
from chipsmith.studies.search.result import SamplerRuns, SearchResult
from chipsmith.studies.search.rtl_check import FrontWatch, RtlBook, require_tools
from chipsmith.studies.search.rtl_jobs import RtlMaker
from chipsmith.studies.search.storage import StudyMirror
from chipsmith.studies.search.study_file import SamplerKind, SearchStudy
from chipsmith.studies.search.trained_part import TrainedPart
from chipsmith.studies.search.trainings import TRAINED
from chipsmith.studies.search.trials import LEAST_ERROR, DesignTrial, Goal, find_front, run_sampler
from chipsmith.studies.search.winner import change_winner, choose_winner, climb, find_borders, weigh_budgets

RTL = "rtl"
"""The folder of a study that has what co-simulations of designs showed, a file each."""
_NO_ACCURACY = (
    "a network's file holds no labelled examples to judge it by; give each network as {recipe: ...}, or leave it out"
)
_FIXED = "a network's file is lowered as it is; give each network as {recipe: ...}, or leave space.compiler out"


@dataclass(frozen=True, kw_only=True)
class _Follower:
    """Who is told of trials: of each batch the `mirror`, if there is one, of each seed's the `watch` over the front."""

    space: DesignSpace
    goal: Goal
    watch: FrontWatch
    mirror: StudyMirror | None

    def on_batch(self, kind: SamplerKind, seed: int) -> Callable[[Sequence[DesignTrial]], None]:
        """What takes the batches of a sampler's seed."""
        if self.mirror is None:
            return lambda _: None
        return self.mirror.follow(kind, seed, space=self.space, goal=self.goal)


class Search:
    """A study with its networks: what it asks for is read and checked when it is made. Raises BadInput."""

    def __init__(self, study: SearchStudy, networks: Sequence[StudiedNetwork | RecipeNetwork], *, name: str) -> None:
        self.study, self.name = study, name
        self._recipes = tuple(network if isinstance(network, RecipeNetwork) else None for network in networks)
        self._elastic = next((each for each in self._recipes if each is not None and each.elastic is not None), None)
        self.space = join_spaces(study.parsed_chips(), self._elastic, study.parsed_compiler())
        self._directions = study.parsed_objectives()
        self._constraints = study.parsed_constraints()
        self._reference = study.parsed_numbers("reference_point")
        self._weights = study.parsed_numbers("weights")
        self._refuse_of_files()
        self._networks = tuple(map(_studied, networks))
        self.size = self.space.measure()
        self._base = Scorer(networks=self._networks, temperature=study.temperature).score(
            DesignPoint(chip=self.space.base)
        )
        for figure in self._directions:
            self._reference_of(figure, accuracy=0.0)

    def identity(self) -> dict[str, object]:
        """What the scores of pairs depend on, as plain values: a folder of scores is that of one such search.

        The base chip's own score stands for the models behind it: other constants or another compiler change it.
        """
        return {
            "space": self.space.to_plain(),
            "networks": [
                network.identity if recipe is None else recipe.identity()
                for network, recipe in zip(self._networks, self._recipes, strict=True)
            ],
            "temperature": self.study.temperature.value,
            "score of the base chip": describe_outcome(self._base),
        }

    def goal(self, accuracy: float | None) -> Goal:
        """The objectives and budgets; what has no reference point is measured against the base chip.

        `accuracy` is that of the largest networks, None where they have none.
        """
        judged = [recipe.judged_examples for recipe in self._recipes if recipe is not None]
        return Goal(
            directions=self._directions,
            reference={figure: self._reference_of(figure, accuracy=accuracy) for figure in self._directions},
            constraints=self._constraints,
            weights=self._weights,
            least_error=0.5 / max(judged) if judged else LEAST_ERROR,
        )

    def require_tools(self) -> None:
        """Raise BadInput, before any work, where the study wants RTL and this computer cannot simulate it."""
        require_tools(self.study.verify)

    def run(
        self,
        folder: Path,
        *,
        workers: int,
        scheduler: str = "",
        journal: SearchJournal,
        mirror: StudyMirror | None = None,
        progress: Progress,
    ) -> SearchResult:
        """All trials of all seeds, and what they show. Pairs that stand in the journal are not scored again.

        What is trained stands in `folder`, and is not trained again, nor is a design on its RTL simulated again. Pairs
        are scored by `workers` processes, or by those of the `scheduler`, if it is not empty; RTL is simulated here, at
        most `workers` designs at a time. Trials are copied to the `mirror`, if there is one. Raises CheckFailed where
        the RTL of a design differs from its figures.
        """
        shelf = NetworkShelf(folder, self._recipes, progress=progress) if any(self._recipes) else None
        if shelf is not None:
            shelf.train()
        begin = total_processor_seconds()
        restored_s = 0.0 if shelf is None else shelf.cpu_s
        scorer = Scorer(networks=self._networks, temperature=self.study.temperature, folder=folder)
        book = PairBook(self.space, scorer, workers=workers, journal=journal, maker=shelf, scheduler=scheduler)
        restored_s += book.cpu_s
        goal = self.goal(self._accuracy_of_largest(shelf))
        rtl = RtlBook(workers=workers, folder=folder / RTL, on_stage=progress.stage)
        maker = self._rtl_maker(folder)
        watch = FrontWatch(rtl, maker.searched, goal, self.study.verify)
        with book.working():
            progress.stage(f"space: {self.size}; {book.count} pairs are known")
            follower = _Follower(space=self.space, goal=goal, watch=watch, mirror=mirror)
            sampled, random = self._run_samplers(book, follower, progress)
            trials = sampled.trials if sampled is random else (*sampled.trials, *random.trials)
            climbed, changes = climb(trials, self.space, book, goal)
            designs = (*trials, *climbed)
            watch.see(climbed)
            trained, training_s = _timed(lambda: self._finish(shelf, designs, goal, progress))
            winner = _winner_as_searched(designs, goal, trained)
            watch.see_winner(winner, maker.handed_over)
            if winner is not None and winner.values != _values_of(choose_winner(designs, goal)):
                changes = change_winner(winner, self.space, book, goal)
        return SearchResult(
            name=self.name,
            networks=book.networks,
            space=self.space,
            size=self.size,
            goal=goal,
            sampled=sampled,
            random=random,
            climbed=climbed,
            budgets=weigh_budgets(trials, goal, winner, judged=_judged_front(designs, goal, trained)),
            changes=changes if winner is not None else (),
            borders=() if winner is None else find_borders(winner, self.space),
            importance=rate_parameters(random.trials, self.space, goal),
            verify=self.study.verify,
            rtl=rtl.checks,
            pairs=book.count,
            cpu_s=restored_s + rtl.restored_s + book.elsewhere_s + total_processor_seconds() - begin - training_s,
            trained=trained,
        )

    def _finish(
        self, shelf: NetworkShelf | None, designs: Sequence[DesignTrial], goal: Goal, progress: Progress
    ) -> TrainedPart | None:
        """Train the finalists, choose among them, and judge the winner on the test part."""
        if shelf is None:
            return None
        finals = None
        winner = choose_winner(designs, goal)
        files = {network.name: shelf.trained_file(network) for network in shelf.trained}
        if self._elastic is not None and winner is not None:
            trainings = FullTrainings(shelf.folder, self._elastic, progress)
            finals = self._choose_final(trainings, designs, goal)
            winner = finals.winner
            if winner is not None:
                values = network_values(winner.values)
                files[self._elastic.name] = trainings.folder(values, self._elastic.recipe.seed) / TRAINED
        test = None
        if winner is not None:
            progress.stage("judge the winner on the test part")
            border = border_of(winner.values)
            place = shelf.folder / WINNER
            judged = [hand_over(each, files[each.name], place, border=border) for each in shelf.trained]
            test = shelf.join(judged)
        return TrainedPart(networks=self._recipes, trainings=shelf.describe(), finals=finals, test_accuracy=test)

    def _choose_final(self, trainings: FullTrainings, designs: Sequence[DesignTrial], goal: Goal) -> Finals:
        assert self._elastic is not None
        first = self._elastic.recipe.seed
        seeds = range(first, first + self.study.noise_seeds)
        finalists, winner = train_until_kept(
            designs,
            goal,
            lambda chosen: judge_finalists(chosen, trainings.accuracy, seeds=seeds),
            count=self.study.finalists,
            further=self.study.further_finalists,
        )
        return Finals(
            finalists=finalists, winner=winner, resolution=1 / self._elastic.judged_examples, cpu_s=trainings.cpu_s
        )

    def _accuracy_of_largest(self, shelf: NetworkShelf | None) -> float | None:
        """What an accuracy without a reference point is measured against."""
        unneeded = PairFigure.ACCURACY not in self._directions or PairFigure.ACCURACY in self._reference
        if shelf is None or unneeded:
            return None
        return shelf.choose(self.space.largest).accuracy

    def _rtl_maker(self, folder: Path) -> RtlMaker:
        return RtlMaker(
            space=self.space,
            networks=self._networks,
            recipes=self._recipes,
            temperature=self.study.temperature,
            folder=folder,
        )

    def _run_samplers(self, book: PairBook, follower: _Follower, progress: Progress) -> tuple[SamplerRuns, SamplerRuns]:
        """The trials of the study's sampler, and those of random search, which may be the same."""
        random = self._run_sampler(SamplerKind.RANDOM, book, follower, progress)
        own = self.study.sampler
        return (random if own is SamplerKind.RANDOM else self._run_sampler(own, book, follower, progress)), random

    def _run_sampler(self, kind: SamplerKind, book: PairBook, follower: _Follower, progress: Progress) -> SamplerRuns:
        by_seed = {}
        for seed in self.study.seeds:
            progress.stage(f"{kind}, seed {seed}: {self.study.trials} trials")
            by_seed[seed] = run_sampler(
                kind,
                self.space,
                book,
                follower.goal,
                seed=seed,
                trials=self.study.trials,
                on_batch=follower.on_batch(kind, seed),
            )
            follower.watch.see(by_seed[seed])
        return SamplerRuns(sampler=kind, by_seed=by_seed, goal=follower.goal)

    def _refuse_of_files(self) -> None:
        """Raise BadInput where accuracy or a choice of the compiler is asked for of a network given as a file."""
        if all(recipe is not None for recipe in self._recipes):
            return
        if self.study.space.compiler:
            raise BadInput(f"space.compiler: {_FIXED}")
        asked = [f"objectives.{PairFigure.ACCURACY}"] if PairFigure.ACCURACY in self._directions else []
        asked += [f"constraints: '{each}'" for each in self._constraints if each.figure is PairFigure.ACCURACY]
        if asked:
            raise BadInput(f"{asked[0]}: {_NO_ACCURACY}")

    def _reference_of(self, figure: PairFigure, *, accuracy: float | None) -> float:
        if figure in self._reference:
            return self._reference[figure]
        if figure is PairFigure.ACCURACY:
            return 0.0 if accuracy is None else accuracy
        figures = self._base.figures(self._networks)
        if figures is None:
            raise BadInput(
                f"reference_point.{figure} is missing, and the base has no score: give a number ({self._base.reason})"
            )
        return figures[figure]


def _studied(network: StudiedNetwork | RecipeNetwork) -> StudiedNetwork:
    """The network that the base chip is scored with: of a recipe the largest one, by its shapes."""
    if isinstance(network, StudiedNetwork):
        return network
    return StudiedNetwork(name=network.name, graph=network.shape_graph(), weight=network.weight)


def _winner_as_searched(designs: Sequence[DesignTrial], goal: Goal, trained: TrainedPart | None) -> DesignTrial | None:
    """The chosen design with the figures of the search, so that it can be compared with others of it."""
    if trained is None or trained.finals is None:
        return choose_winner(designs, goal)
    final = trained.finals.winner
    return next((trial for trial in designs if trial.values == _values_of(final)), None)


def _judged_front(designs: Sequence[DesignTrial], goal: Goal, trained: TrainedPart | None) -> tuple[DesignTrial, ...]:
    """The designs of the front whose networks were trained in full, with the accuracies of that."""
    if trained is None or trained.finals is None:
        return ()
    return judge_designs(find_front(designs, goal), trained.finals.finalists)


def _values_of(trial: DesignTrial | None) -> Values | None:
    return None if trial is None else trial.values


def describe_outcome(outcome: PairOutcome) -> Mapping[str, object]:
    """What the oracle said, as plain values, without the time that it took."""
    return {"reason": outcome.reason, "scores": [score_to_plain(score) for score in outcome.scores]}


_Result = TypeVar("_Result")


def _timed(work: Callable[[], _Result]) -> tuple[_Result, float]:
    """What `work` gives, and the processor's seconds that it took in this process."""
    begin = time.process_time()
    return work(), time.process_time() - begin
