"""The finalists of a search: networks of the best designs, trained in full with several seeds, and what chance does.

The search reads accuracies from a supernet; the choice among the best is made by full trainings. Two trainings of one
network differ too: a gain that such a difference would give is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.learn.elastic import subnetwork_recipe
from chipsmith.learn.progress import Progress
from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.studies.search.design_space import network_values
from chipsmith.studies.search.figures import PairFigure
from chipsmith.studies.search.json_files import read_json
from chipsmith.studies.search.network_shelf import JUDGED, keep_judged, read_judged
from chipsmith.studies.search.parameters import Values
from chipsmith.studies.search.recipe_networks import RecipeNetwork
from chipsmith.studies.search.trainings import TRAINING_TIME, train_once
from chipsmith.studies.search.trials import DesignTrial, Goal, find_front
from chipsmith.studies.search.winner import choose_winner

if TYPE_CHECKING:
    import torch

FINALISTS = "finalists"
"""The folder of a study that has the full trainings."""
NOISE_DEVIATIONS = 2
"""Standard deviations of the difference of two trainings: a gain below so many is none."""
NOISE_RULE = (
    f"a gain in mean accuracy of at most {NOISE_DEVIATIONS} standard deviations of the difference of two single "
    "trainings, or of one validation example, is none; the deviation of one training is pooled over the finalists, "
    "that of the difference is the root of 2 times it"
)


@dataclass(frozen=True, kw_only=True)
class Finalist(Shown):
    """A network that was trained in full: its combination, its int8 accuracy in the supernet, and by each seed."""

    values: Values
    supernet: float
    by_seed: Mapping[int, float]

    @property
    def mean(self) -> float:
        """The mean accuracy over seeds."""
        return math.fsum(self.by_seed.values()) / len(self.by_seed)

    @property
    def std(self) -> float:
        """The standard deviation of one training's accuracy, with one degree of freedom less than there are seeds."""
        squares = math.fsum((accuracy - self.mean) ** 2 for accuracy in self.by_seed.values())
        return math.sqrt(squares / (len(self.by_seed) - 1))


@dataclass(frozen=True, kw_only=True)
class AccuracyGain:
    """How much more accurate one finalist is than another in the mean, and whether seeds show that it is.

    `least` is what the gain must exceed: see NOISE_RULE.
    """

    over: Values
    gain: float
    least: float

    @property
    def shown(self) -> bool:
        """Whether it, or the loss that it is, is more than chance."""
        return abs(self.gain) > self.least

    def to_json(self) -> Json:
        """Its fields."""
        return {"over": dict(self.over), "gain": self.gain, "noise": self.least, "shown": self.shown}


@dataclass(frozen=True, kw_only=True)
class Finals(Shown):
    """The finalists, the design that is chosen with their accuracies, and how it does on the test part.

    `winner` is None where no design of a finalist keeps all budgets. `resolution` is the share of one validation
    example; `cpu_s` are the processor's seconds of all full trainings.
    """

    finalists: tuple[Finalist, ...]
    winner: DesignTrial | None
    resolution: float
    cpu_s: float

    @property
    def deviation(self) -> float:
        """The standard deviation of one training's accuracy, pooled over the finalists."""
        return math.sqrt(math.fsum(finalist.std**2 for finalist in self.finalists) / len(self.finalists))

    @property
    def least_gain(self) -> float:
        """What a gain in accuracy must exceed: see NOISE_RULE."""
        return max(NOISE_DEVIATIONS * math.sqrt(2) * self.deviation, self.resolution)

    def finalist(self, values: Values) -> Finalist | None:
        """The finalist that is the network of a design; None where that is none."""
        own = network_values(values)
        return next((finalist for finalist in self.finalists if finalist.values == own), None)

    def gains(self) -> tuple[AccuracyGain, ...]:
        """What the winner's network gains over each other finalist."""
        own = None if self.winner is None else self.finalist(self.winner.values)
        if own is None:
            return ()
        return tuple(
            AccuracyGain(over=other.values, gain=own.mean - other.mean, least=self.least_gain)
            for other in self.finalists
            if other is not own
        )

    def to_json(self) -> Json:
        """The finalists, the noise and the gains."""
        return {
            "finalists": [
                {
                    "network": dict(finalist.values),
                    "accuracy": {"supernet": finalist.supernet, "full": finalist.mean, "std": finalist.std},
                    "by_seed": {str(seed): accuracy for seed, accuracy in finalist.by_seed.items()},
                }
                for finalist in self.finalists
            ],
            "noise": {"rule": NOISE_RULE, "std": self.deviation, "least_gain": self.least_gain},
            "gains_of_winner": [gain.to_json() for gain in self.gains()],
            "full_training_cpu_hours": self.cpu_s / 3600,
        }


class FullTrainings:
    """Trains the networks of combinations from scratch in the folder of a study; what is done there is not repeated."""

    def __init__(self, folder: Path, network: RecipeNetwork, progress: Progress) -> None:
        self._folder, self._network, self._progress = folder, network, progress

    def accuracy(self, values: Values, seed: int) -> float:
        """The int8 accuracy on the validation part of a network (bare names) that was trained with a seed."""
        folder = self.folder(values, seed)
        if not (folder / JUDGED).exists():
            keep_judged(self._network, folder, lambda: self.module(values, seed))
        accuracy = read_judged(folder).accuracy
        return 0.0 if accuracy is None else accuracy

    def module(self, values: Values, seed: int) -> torch.nn.Module:
        """The trained module, in evaluation mode."""
        network = self._network
        assert network.elastic is not None
        recipe = subnetwork_recipe(network.recipe, network.elastic, network.elastic_values(values), seed=seed)
        structure = ", ".join(f"{name} {value}" for name, value in values.items())
        stage = f"train in full, seed {seed}: {structure}"
        return train_once(recipe, network.dataset, self.folder(values, seed), self._progress, stage=stage)

    def folder(self, values: Values, seed: int) -> Path:
        """Where the training of a network with a seed stands."""
        name = "-".join([self._network.name, *(f"{name}_{value}" for name, value in values.items())])
        return self._folder / FINALISTS / name / f"seed_{seed}"

    @property
    def cpu_s(self) -> float:
        """The processor's seconds of all full trainings that are done."""
        return math.fsum(
            read_json(file)["cpu_s"] for file in sorted((self._folder / FINALISTS).glob(f"*/*/{TRAINING_TIME}"))
        )


def choose_finalists(front: Sequence[DesignTrial], goal: Goal, *, count: int) -> tuple[DesignTrial, ...]:
    """The best design of the front for each network, of the best `count` networks by the rule of the winner."""
    best: dict[tuple[object, ...], DesignTrial] = {}
    for trial in sorted((trial for trial in front if trial.figures), key=lambda trial: goal.score(trial.figures or {})):
        best.setdefault(tuple(network_values(trial.values).items()), trial)
    return tuple(best.values())[:count]


def choose_further(front: Sequence[DesignTrial], goal: Goal, *, beyond: int) -> tuple[DesignTrial, ...]:
    """The best design of the front for each network that is not among the best `beyond`, in the order of their trial.

    Only an accuracy can break a budget in full training that it keeps in the supernet, so the most accurate come first.
    """
    others = choose_finalists(front, goal, count=len(front))[beyond:]
    return tuple(sorted(others, key=lambda trial: -(trial.figures or {}).get(PairFigure.ACCURACY, 0.0)))


def train_until_kept(
    designs: Sequence[DesignTrial],
    goal: Goal,
    judge: Callable[[Sequence[DesignTrial]], tuple[Finalist, ...]],
    *,
    count: int,
    further: int,
) -> tuple[tuple[Finalist, ...], DesignTrial | None]:
    """The finalists and the winner among their designs: the best `count` networks of the front, and while no design
    keeps the budgets up to `further` others, one after another. `judge` trains the networks of designs.
    """
    front = find_front(designs, goal)
    finalists = judge(choose_finalists(front, goal, count=count))
    winner = choose_final(designs, goal, finalists)
    for design in choose_further(front, goal, beyond=count)[:further]:
        if winner is not None:
            break
        finalists = (*finalists, *judge([design]))
        winner = choose_final(designs, goal, finalists)
    return finalists, winner


def judge_finalists(
    chosen: Sequence[DesignTrial], accuracy: Callable[[Values, int], float], *, seeds: Sequence[int]
) -> tuple[Finalist, ...]:
    """Train the networks of these designs with each seed; `accuracy` does it, and gives the accuracy."""
    finalists = []
    for trial in chosen:
        assert trial.figures is not None
        values = network_values(trial.values)
        by_seed = {seed: accuracy(values, seed) for seed in seeds}
        finalists.append(Finalist(values=values, supernet=trial.figures[PairFigure.ACCURACY], by_seed=by_seed))
    return tuple(finalists)


def choose_final(designs: Sequence[DesignTrial], goal: Goal, finalists: Sequence[Finalist]) -> DesignTrial | None:
    """The winner among the designs of the finalists, each with the mean accuracy of its network's full trainings."""
    return choose_winner(judge_designs(designs, finalists), goal)


def judge_designs(designs: Sequence[DesignTrial], finalists: Sequence[Finalist]) -> tuple[DesignTrial, ...]:
    """Those of the designs that have a finalist's network, with the mean accuracy of its full trainings."""
    known = {tuple(finalist.values.items()): finalist.mean for finalist in finalists}
    final = []
    for trial in designs:
        accuracy = known.get(tuple(network_values(trial.values).items()))
        if trial.figures is not None and accuracy is not None:
            outcome = replace(trial.outcome, accuracy=accuracy)
            final.append(replace(trial, outcome=outcome, figures={**trial.figures, PairFigure.ACCURACY: accuracy}))
    return tuple(final)
