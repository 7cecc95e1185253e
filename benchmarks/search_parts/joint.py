"""What it gains to search network and chip together: hypervolume against the network's or the chip's search alone.

Three tasks, three kinds of study, five seeds: each study has as many trials of the same sampler, the same objectives,
budget and reference point, fixed here before any of them ran. The network's search has edge-256 at its fastest clock,
the chip's search the largest network. Accuracies come from one supernet a task, trained once and counted apart.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from chipsmith.files import make_folder, write_whole
from chipsmith.flow.inspection import load_for_training
from chipsmith.learn import load_recipe
from chipsmith.learn.progress import SilentProgress
from chipsmith.schema import Json
from chipsmith.studies.identity import hold_identity
from chipsmith.studies.journal import SearchJournal
from chipsmith.studies.oracle import Temperature
from chipsmith.studies.search.chip_space import ChipSpace, parse_chips
from chipsmith.studies.search.design_space import DesignSpace, join_spaces
from chipsmith.studies.search.figures import BudgetSide, Constraint, PairFigure
from chipsmith.studies.search.network_shelf import TRAININGS, NetworkShelf, name_network, read_judged
from chipsmith.studies.search.pairs import PairBook, Scorer, StudiedNetwork
from chipsmith.studies.search.parameters import SearchParameter, Values
from chipsmith.studies.search.recipe_networks import RecipeNetwork, vary_recipe
from chipsmith.studies.search.result import MeanOverSeeds
from chipsmith.studies.search.search import describe_outcome
from chipsmith.studies.search.study_file import Direction, SamplerKind
from chipsmith.studies.search.trials import DesignTrial, Goal, hypervolume_over_trials, run_sampler
from search_parts.supernet import FILE, SPACES, SUPERNET_EPOCHS

CHIPS: Mapping[str, Any] = {
    "base": "edge-256",
    "tensor.rows": [4, 8, 16, 32],
    "tensor.columns": [4, 8, 16, 32],
    "vector.lanes": [8, 16, 32],
    "memory.groups": {"from": 4, "to": 15},
    "memory.group_bytes": [4096, 8192, 16384],
    "external.bytes_per_cycle": [4, 8, 16],
    "clock_mhz": "max",
}
TRIALS, SEEDS = 200, (0, 1, 2, 3, 4)
MOST_CPU_HOURS = 3
_ABOVE = 3
"""The reference point: so many times energy, latency and error of the largest network on edge-256."""
_DIRECTIONS = {
    PairFigure.ENERGY_J: Direction.MINIMISE,
    PairFigure.LATENCY_S: Direction.MINIMISE,
    PairFigure.ACCURACY: Direction.MAXIMISE,
}


class Searched(enum.StrEnum):
    """What a study varies."""

    JOINT = "joint"
    NETWORK = "network alone"
    CHIP = "chip alone"


@dataclass(frozen=True, kw_only=True)
class StudyRun:
    """A study of one seed: its trials, the hypervolume after each, and the processor's seconds up to each."""

    trials: tuple[DesignTrial, ...]
    volumes: tuple[float, ...]
    cpu_s: tuple[float, ...]

    def volume_within(self, cpu_s: float) -> float:
        """The hypervolume after the last trial that was done within so many seconds."""
        done = [volume for volume, seconds in zip(self.volumes, self.cpu_s, strict=True) if seconds <= cpu_s]
        return done[-1] if done else 0.0


@dataclass(frozen=True, kw_only=True)
class TaskResult:
    """The studies of a task, a run a seed."""

    task: str
    supernet_cpu_s: float
    runs: Mapping[Searched, tuple[StudyRun, ...]]

    @property
    def cpu_s(self) -> float:
        """The processor's seconds of all its studies, each counted as if it had been alone."""
        return sum(run.cpu_s[-1] for runs in self.runs.values() for run in runs)

    def to_json(self) -> Json:
        """The figures of docs/search.json."""
        final = {kind: [run.volumes[-1] for run in runs] for kind, runs in self.runs.items()}
        least = [min(runs[place].cpu_s[-1] for runs in self.runs.values()) for place in range(len(SEEDS))]
        timed = {
            kind: [run.volume_within(seconds) for run, seconds in zip(runs, least, strict=True)]
            for kind, runs in self.runs.items()
        }
        return {
            "task": self.task,
            "supernet_cpu_hours": self.supernet_cpu_s / 3600,
            "cpu_hours": self.cpu_s / 3600,
            "cpu_s_by_study": {kind.value: [run.cpu_s[-1] for run in runs] for kind, runs in self.runs.items()},
            **compare_volumes(final),
            "at_equal_cpu": compare_volumes(timed),
        }


def compare_volumes(volumes: Mapping[Searched, Sequence[float]]) -> Json:
    """Joint search against the better of the two others in the mean; the difference seed by seed."""
    means = {kind: MeanOverSeeds.of(values) for kind, values in volumes.items()}
    best = max((Searched.NETWORK, Searched.CHIP), key=lambda kind: means[kind].mean)
    differences = [ours - theirs for ours, theirs in zip(volumes[Searched.JOINT], volumes[best], strict=True)]
    difference = MeanOverSeeds.of(differences)
    return {
        "hypervolume_joint": means[Searched.JOINT].mean,
        "hypervolume_best_single": means[best].mean,
        "best_single": best.value,
        "difference": difference.mean,
        "interval": [difference.low, difference.high],
        "hypervolume": {
            kind.value: {"mean": each.mean, "low": each.low, "high": each.high, "by_seed": list(volumes[kind])}
            for kind, each in means.items()
        },
    }


def measure_joint(work: Path, *, tasks: Sequence[str]) -> list[Json]:
    """The studies of each task, in a folder each that goes on where it was interrupted.

    The supernet is that of the benchmark of supernets in the same folder; where it is not there it is trained.
    """
    return [_measure_task(task, work / "joint" / task, supernet=work / "supernet" / task / FILE) for task in tasks]


def _measure_task(task: str, folder: Path, *, supernet: Path) -> Json:
    own = folder / TRAININGS / task / FILE
    if supernet.exists() and not own.exists():
        make_folder(own.parent)
        write_whole(own, supernet.read_bytes())
    return measure_task(task, folder).to_json()


def measure_task(task: str, folder: Path) -> TaskResult:
    """All studies of a task. The supernet is trained in the folder if it is not there."""
    recipe = load_recipe(task)
    data = load_for_training(recipe, SilentProgress()).data
    epochs = SUPERNET_EPOCHS.get(task)
    network = vary_recipe(recipe, data, weight=1, varied=SPACES[task], supernet_epochs=epochs)
    space = join_spaces(parse_chips(CHIPS), network, ())
    shelf = NetworkShelf(folder, (network,), progress=SilentProgress())
    studied = StudiedNetwork(name=network.name, graph=None)
    scorer = Scorer(networks=(studied,), temperature=Temperature.COLD, folder=folder)
    hold_identity(folder / "joint.json", {"space": space.to_plain(), **network.identity()}, what="table")
    shelf.train()
    with PairBook(
        space, scorer, workers=1, journal=SearchJournal(folder / "pairs.journal"), maker=shelf
    ).working() as book:
        base = {**_base_chip(space.chips), **space.largest}
        goal = _goal(network, book, base)
        hold_identity(folder / "base.json", dict(describe_outcome(book.score_all([base])[0])), what="table")
        runs = {
            kind: tuple(_run(_restrict(space, kind, base), book, shelf, goal, seed=seed) for seed in SEEDS)
            for kind in Searched
        }
    return TaskResult(task=task, supernet_cpu_s=shelf.describe()[network.name]["cpu_s"], runs=runs)


def _base_chip(chips: ChipSpace) -> Values:
    """The values of the base in the parameters of a space of chips."""
    plain = chips.base.model_dump(mode="json")
    values = {}
    for parameter in chips.parameters:
        value = plain
        for each in parameter.name.split("."):
            value = value[each]
        values[parameter.name] = value
    return values


def _goal(network: RecipeNetwork, book: PairBook, base: Values) -> Goal:
    (outcome,) = book.score_all([base])
    figures = outcome.figures(book.networks)
    assert figures is not None
    reference = {figure: _ABOVE * figures[figure] for figure in (PairFigure.ENERGY_J, PairFigure.LATENCY_S)}
    least_error = 0.5 / network.judged_examples
    error = max(1 - figures[PairFigure.ACCURACY], least_error)
    area = Constraint(figure=PairFigure.AREA_MM2, side=BudgetSide.AT_MOST, bound=figures[PairFigure.AREA_MM2])
    return Goal(
        directions=_DIRECTIONS,
        reference={**reference, PairFigure.ACCURACY: 1 - _ABOVE * error},
        constraints=(area,),
        weights={},
        least_error=least_error,
    )


def _restrict(space: DesignSpace, kind: Searched, base: Values) -> DesignSpace:
    """The space of a study: what it does not vary has the base's value."""
    chips = {parameter.name for parameter in space.chips.parameters}

    def fix(parameter: SearchParameter) -> SearchParameter:
        varies = kind is Searched.JOINT or (parameter.name in chips) == (kind is Searched.CHIP)
        return parameter if varies else replace(parameter, values=(base[parameter.name],))

    return replace(
        space,
        parameters=tuple(map(fix, space.parameters)),
        chips=replace(space.chips, parameters=tuple(map(fix, space.chips.parameters))),
    )


def _run(space: DesignSpace, book: PairBook, shelf: NetworkShelf, goal: Goal, *, seed: int) -> StudyRun:
    """A study; scores that stand in the book count with the time that they took when they were made."""
    assert isinstance(space.network, RecipeNetwork)
    begin, known = time.process_time(), book.cpu_s + shelf.cpu_s
    trials = run_sampler(SamplerKind.TPE, space, book, goal, seed=seed, trials=TRIALS)
    scoring = book.cpu_s + shelf.cpu_s - known
    proposing = max(0.0, time.process_time() - begin - scoring) / len(trials)
    seen: set[str] = set()
    seconds = []
    for trial in trials:
        name = name_network(space.network, trial.values)
        making = 0.0 if name in seen else read_judged(shelf.folder / name).cpu_s
        seen.add(name)
        seconds.append(proposing + trial.outcome.cpu_s + making)
    return StudyRun(trials=trials, volumes=hypervolume_over_trials(trials, goal), cpu_s=tuple(accumulate(seconds)))
