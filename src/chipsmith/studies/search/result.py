"""The noun SearchResult: the front, the winner and why, random search beside it, and what stood in the way."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Pictured, Shown
from chipsmith.studies.search.design_space import DesignSpace
from chipsmith.studies.search.figures import Constraint, Figures, PairFigure
from chipsmith.studies.search.finalists import judge_designs
from chipsmith.studies.search.pairs import StudiedNetwork, score_to_plain
from chipsmith.studies.search.parameters import SpaceSize, pair_key
from chipsmith.studies.search.rtl_check import RtlCheck
from chipsmith.studies.search.study_file import SamplerKind, VerifiedDesigns
from chipsmith.studies.search.trained_part import TrainedPart
from chipsmith.studies.search.trials import DesignTrial, Goal, find_front, hypervolume_over_trials
from chipsmith.studies.search.winner import WINNER_RULE, BudgetRow, Change, choose_winner, nearest_miss
from chipsmith.units import count_things, percent

NODE = "technology.node_nm"
"""The field of a chip whose values are compared with care: what a node's figures are made of differs."""
_T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
_NORMAL95 = 1.96
"""Student's quantiles for intervals at 95 %, from one degree of freedom on; beyond them the normal distribution's."""


@dataclass(frozen=True, kw_only=True)
class MeanOverSeeds:
    """A mean over seeds with its interval at 95 % (Student's t); of a single seed there is no interval."""

    mean: float
    low: float | None
    high: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> MeanOverSeeds:
        """The mean of these values, one a seed."""
        mean, freedom = math.fsum(values) / len(values), len(values) - 1
        if not freedom:
            return cls(mean=mean, low=None, high=None)
        spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / freedom / len(values))
        half = (_T95[freedom - 1] if freedom <= len(_T95) else _NORMAL95) * spread
        return cls(mean=mean, low=mean - half, high=mean + half)

    def __str__(self) -> str:
        return f"{self.mean:.4g}" + (f" ({self.low:.4g} to {self.high:.4g})" if self.low is not None else "")


@dataclass(frozen=True, kw_only=True)
class SamplerRuns(Shown):
    """The trials of one sampler, a tuple a seed."""

    sampler: SamplerKind
    by_seed: Mapping[int, tuple[DesignTrial, ...]]
    goal: Goal

    def _brief(self) -> str:
        return f"{self.sampler.value}: {len(self.trials)} trials of {len(self.by_seed)} seeds"

    @cached_property
    def trials(self) -> tuple[DesignTrial, ...]:
        """The trials of all seeds."""
        return tuple(trial for trials in self.by_seed.values() for trial in trials)

    @cached_property
    def front(self) -> tuple[DesignTrial, ...]:
        """The front of all seeds together."""
        return find_front(self.trials, self.goal)

    @cached_property
    def winner(self) -> DesignTrial | None:
        """The best of all seeds together."""
        return choose_winner(self.trials, self.goal)

    @cached_property
    def volumes(self) -> Mapping[int, tuple[float, ...]]:
        """The hypervolume after each trial by seed, in decades to the power of the number of objectives."""
        return {seed: hypervolume_over_trials(trials, self.goal) for seed, trials in self.by_seed.items()}

    @cached_property
    def mean_volumes(self) -> tuple[MeanOverSeeds, ...]:
        """The mean of the hypervolume over seeds after each trial."""
        return tuple(MeanOverSeeds.of(volumes) for volumes in zip(*self.volumes.values(), strict=False))

    def hypervolume_json(self) -> Json:
        """The hypervolume after the last trial, and by trial and seed."""
        curves = self.mean_volumes
        return {
            "scale": "decades below the reference point",
            "after_last": asdict(curves[-1]),
            "by_seed": {str(seed): list(volumes) for seed, volumes in self.volumes.items()},
            "mean": [mean.mean for mean in curves],
            "low": [mean.low for mean in curves],
            "high": [mean.high for mean in curves],
        }


@dataclass(frozen=True, kw_only=True)
class SearchResult(Pictured):
    """What a search found. `sampled` are the trials of the study's sampler, `random` those of random search.

    `climbed` are designs beyond the trials, to which steps from the best of them led, each better than the one before.
    Front and winner are those of all together: nothing that was found is thrown away. `changes` are the steps around
    the winner, `borders` its parameters at a border of the space, `importance` the share of each parameter in a
    design's being among the best (from random search). `rtl` has the designs that were co-simulated, by `pair_key`:
    `verify` says which. `cpu_s` are the processor's seconds of all pairs, of making and judging their networks, and of
    the RTL, those of an interrupted call too, and of this call's proposals; trainings are apart.
    `trained` is None where all networks are given. The accuracies of all but the winner are those that were searched
    with: of structures that vary, those of the supernet.
    """

    name: str
    networks: tuple[StudiedNetwork, ...]
    space: DesignSpace
    size: SpaceSize
    goal: Goal
    sampled: SamplerRuns
    random: SamplerRuns
    climbed: tuple[DesignTrial, ...]
    budgets: tuple[BudgetRow, ...]
    changes: tuple[Change, ...]
    borders: tuple[str, ...]
    importance: Mapping[str, float]
    verify: VerifiedDesigns
    rtl: Mapping[str, RtlCheck]
    pairs: int
    cpu_s: float
    trained: TrainedPart | None = None

    def _brief(self) -> str:
        names = ", ".join(network.name for network in self.networks)
        choice = self.failure if self.winner is None else f"winner {self.winner._brief()}"
        return f"{self.name}: {names}; {count_things(len(self.front), 'design')} in the front; {choice}"

    def rtl_of(self, trial: DesignTrial) -> RtlCheck | None:
        """The design on its RTL; None where it was not co-simulated."""
        return self.rtl.get(pair_key(trial.values))

    @cached_property
    def trials(self) -> tuple[DesignTrial, ...]:
        """All trials; where the study's sampler is random search itself, its trials once."""
        return self.sampled.trials if self.sampled.sampler is SamplerKind.RANDOM else self._both

    @cached_property
    def designs(self) -> tuple[DesignTrial, ...]:
        """All trials, and what steps from the best of them led to."""
        return (*self.trials, *self.climbed)

    @cached_property
    def front(self) -> tuple[DesignTrial, ...]:
        """The designs within all budgets that no other beats in all objectives."""
        return find_front(self.designs, self.goal)

    @property
    def front_nodes_nm(self) -> tuple[int, ...]:
        """The nodes of the front's chips where the search may choose among several; see `docs/estimates.md`."""
        nodes = [trial.values[NODE] for trial in self.front if NODE in trial.values]
        return tuple(sorted({int(node) for node in nodes}))

    @cached_property
    def winner(self) -> DesignTrial | None:
        """The chosen design; None where none keeps all budgets. Of finalists its accuracy is that of full trainings."""
        if self.trained is not None and self.trained.finals is not None:
            return self.trained.finals.winner
        return choose_winner(self.designs, self.goal)

    @cached_property
    def nearest(self) -> DesignTrial | None:
        """Where there is no winner: the design that breaks its budgets least.

        Of finalists it is one of the front, all of which break their budgets with the accuracies of full trainings.
        """
        if self.winner is not None:
            return None
        if self.trained is not None and self.trained.finals is not None:
            return nearest_miss(judge_designs(self.front, self.trained.finals.finalists), self.goal)
        return nearest_miss(self.trials, self.goal)

    @property
    def failure(self) -> str:
        """Why there is no design within the budgets; empty where there is one."""
        return "" if self.winner is not None else "; ".join(self._shortfall())

    def gain_json(self) -> Json:
        """The hypervolume of the sampler less that of random search, seed by seed, with its interval."""
        return asdict(self.gain())

    def gain(self) -> MeanOverSeeds:
        """The mean over seeds of the sampler's hypervolume less that of random search with the same seed."""
        pairs = zip(self.sampled.volumes.values(), self.random.volumes.values(), strict=True)
        return MeanOverSeeds.of([own[-1] - other[-1] for own, other in pairs])

    def to_json(self) -> Json:
        """The object of `chipsmith search --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "study": self.name,
            "networks": [{"name": network.name, "weight": network.weight} for network in self.networks],
            "objectives": {figure: way.value for figure, way in self.goal.directions.items()},
            "reference_point": dict(self.goal.reference),
            "constraints": [str(constraint) for constraint in self.goal.constraints],
            "space": {**self.space.to_plain(), "size": self.size.combinations, **self._share_json()},
            "sampler": self.sampled.sampler.value,
            "trials": [trial_json(trial, self.goal) for trial in self.sampled.trials],
            "front": [self.design_json(trial) for trial in self.front],
            "winner": self._winner_json(),
            "nearest_miss": None if self.nearest is None else self.design_json(self.nearest),
            "climbed": [trial_json(trial, self.goal) for trial in self.climbed],
            "changes": [change.to_json() for change in self.changes],
            "borders": list(self.borders),
            "verify": self.verify.value,
            "front_nodes_nm": list(self.front_nodes_nm),
            "importance": dict(self.importance),
            "hypervolume": self.sampled.hypervolume_json(),
            "gain_over_random": self.gain_json(),
            "random": {
                "trials": [trial_json(trial, self.goal) for trial in self.random.trials],
                "front": [self.design_json(trial) for trial in self.random.front],
                "winner": None if self.random.winner is None else self.design_json(self.random.winner),
                "hypervolume": self.random.hypervolume_json(),
            },
            "binding": [row.to_json() for row in self.budgets],
            "pairs": self.pairs,
            "cpu_hours": self.cpu_s / 3600,
            **({} if self.trained is None else self.trained.to_json()),
        }

    def design_json(self, trial: DesignTrial) -> Json:
        """A design: its whole combination, its objectives, its chip and what each network takes on it."""
        figures = trial.figures or {}
        names = [network.name for network in self.networks]
        return {
            "values": dict(trial.values),
            "objectives": {figure: figures[figure] for figure in self.goal.directions},
            "figures": dict(figures),
            "chip": {
                "values": dict(self.space.chip_values(trial.values)),
                "yaml": self.space.chip(trial.values).to_yaml(),
            },
            "network": [
                {"name": name, **self._network_json(index, trial), **score_to_plain(score)}
                for index, (name, score) in enumerate(zip(names, trial.outcome.scores, strict=True))
            ],
            "seen_by": list(self.seen_by(trial)),
            "rtl": None if (check := self.rtl_of(trial)) is None else check.to_json(),
        }

    def _network_json(self, index: int, trial: DesignTrial) -> Json:
        return {} if self.trained is None else self.trained.network_json(index, trial)

    def _winner_json(self) -> Json | None:
        if self.winner is None:
            return None
        design = self.design_json(self.winner)
        if self.trained is not None:
            networks = enumerate(design["network"])
            design["network"] = [{**network, **self.trained.handed_json(index)} for index, network in networks]
        return {**design, "rule": WINNER_RULE}

    def seen_by(self, trial: DesignTrial) -> tuple[str, ...]:
        """Who looked at this design, in the order of the trials, as "tpe, seed 0"."""
        return tuple(dict.fromkeys(other.source for other in self.designs if other.values == trial.values))

    @cached_property
    def _both(self) -> tuple[DesignTrial, ...]:
        return (*self.sampled.trials, *self.random.trials)

    def _share_json(self) -> Json:
        size = self.size
        return {"legal_share": size.legal_share, "legal_share_interval": [size.low, size.high], "exact": size.exact}

    def _shortfall(self) -> Iterator[str]:
        nearest = self.nearest
        if nearest is None or nearest.figures is None:
            reasons = dict.fromkeys(trial.outcome.reason for trial in self.trials)
            yield f"no network fits on any chip that was tried: {next(iter(reasons), '')}"
            return
        finals = None if self.trained is None else self.trained.finals
        if finals is not None:
            count = count_things(len(finals.finalists), "finalist")
            yield f"trained in full, no design of {count} is within all budgets"
            finalist = finals.finalist(nearest.values)
            supernet = "" if finalist is None else f" (in the supernet {finalist.supernet:.4g})"
            yield f"{self._nearest_sentence(nearest, nearest.figures)}{supernet}"
            return
        yield "no design that was tried is within all budgets"
        for row in self.budgets:
            if row.binds and row.best is not None:
                kept = f"{row.kept_by} of {count_things(len(self.trials), 'trial')} keep it"
                yield f"{row.constraint} binds: {kept}, best {row.best:.4g}"
        yield self._nearest_sentence(nearest, nearest.figures)

    def _nearest_sentence(self, nearest: DesignTrial, figures: Figures) -> str:
        values = ", ".join(f"{name}={value}" for name, value in nearest.values.items())
        broken = [
            _describe_miss(constraint, figures)
            for constraint, excess in zip(self.goal.constraints, self.goal.excesses(figures), strict=True)
            if excess > 0
        ]
        return f"the nearest miss ({values}) has {', '.join(broken)}"


def _describe_miss(constraint: Constraint, figures: Figures) -> str:
    """A figure that breaks its budget and by how much; of an accuracy the difference, for it is a share itself."""
    value = figures[constraint.figure]
    if constraint.figure is PairFigure.ACCURACY:
        return f"{constraint.figure} = {value:.4g}, {constraint.bound - value:.2g} below {constraint.bound:g}"
    return f"{constraint.figure} = {value:.4g}, {percent(constraint.excess(figures), 1)} off"


def trial_json(trial: DesignTrial, goal: Goal) -> Json:
    """A trial in short."""
    return {
        "seed": trial.seed,
        "number": trial.number,
        "values": dict(trial.values),
        "figures": None if trial.figures is None else dict(trial.figures),
        "within_budgets": trial.figures is not None and goal.meets(trial.figures),
        "reason": trial.outcome.reason,
    }
