"""How far a search ends from the best chip of a space that was tried in full: energy x delay within edge-256's area.

The space was written here before any sampler ran on it; samplers were tuned on another one. It is a test only where it
is not too easy: where the median regret of random search is 5 % or more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from chipsmith.chip import load_chip
from chipsmith.errors import CheckFailed
from chipsmith.frontends.registry import load_model
from chipsmith.schema import Json
from chipsmith.studies.identity import hold_identity
from chipsmith.studies.journal import SearchJournal
from chipsmith.studies.oracle import Temperature
from chipsmith.studies.search.chip_space import parse_space
from chipsmith.studies.search.figures import BudgetSide, Constraint, PairFigure
from chipsmith.studies.search.pairs import PairBook, Scorer, StudiedNetwork
from chipsmith.studies.search.parameters import Values
from chipsmith.studies.search.search import describe_outcome
from chipsmith.studies.search.study_file import Direction, SamplerKind
from chipsmith.studies.search.trials import Goal, run_sampler

ROOT = Path(__file__).parents[2]
NETWORK = ROOT / "tests" / "networks" / "digits_cnn.tosa"
SPACE = {
    "base": "edge-256",
    "tensor.rows": [8, 16, 32, 64],
    "tensor.columns": [8, 16, 32, 64],
    "tensor.tile_pixels": [16, 32, 64, 128],
    "vector.lanes": [8, 16, 32],
    "vector.multiplier_lanes": [4, 8, 16],
    "memory.groups": [3, 5, 8, 11, 15],
    "memory.group_bytes": [4096, 8192, 16384],
    "external.bytes_per_cycle": [4, 8, 16],
    "clock_mhz": "max",
}
LEAST_CHIPS = 5000
"""Legal chips that a space of the benchmark has at least."""
LEAST_RANDOM, MOST_REGRET = 0.05, 0.01
"""Random search must be so far off in the median for the space to count, and the sampler at most so far."""
TRIALS, SEEDS = 200, (0, 1, 2, 3, 4)
_AT_ONCE = 64
_AIM = PairFigure.ENERGY_DELAY_JS


@dataclass(frozen=True, kw_only=True)
class Regret:
    """The regrets of samplers by seed, as shares of the best value; of `legal` chips so many are `within` the area."""

    legal: int
    within: int
    best_js: float
    area_mm2: float
    by_sampler: Mapping[SamplerKind, Sequence[float]]

    @property
    def valid(self) -> bool:
        """Whether the space is hard enough for random search, and large enough."""
        return self.legal >= LEAST_CHIPS and median(self.by_sampler[SamplerKind.RANDOM]) >= LEAST_RANDOM

    @property
    def met(self) -> bool:
        """Whether tpe keeps the bar."""
        return median(self.by_sampler[SamplerKind.TPE]) <= MOST_REGRET

    def to_json(self) -> Json:
        """Its fields, with the medians."""
        return {
            "legal_chips": self.legal,
            "within_area": self.within,
            "area_mm2": self.area_mm2,
            "best_energy_delay_js": self.best_js,
            "trials": TRIALS,
            "regret": {sampler.value: list(regrets) for sampler, regrets in self.by_sampler.items()},
            "median_regret": {sampler.value: median(regrets) for sampler, regrets in self.by_sampler.items()},
            "valid": self.valid,
            "met": self.met,
        }


def measure_regret(
    folder: Path, *, samplers: Sequence[SamplerKind] = (SamplerKind.RANDOM, SamplerKind.TPE), workers: int = 1
) -> Regret:
    """The regrets on SPACE, whose table stands in `folder` or is made there, which goes on where it was interrupted."""
    space = parse_space(SPACE)
    network = StudiedNetwork(name=NETWORK.stem, graph=load_model(str(NETWORK)).graph)
    scorer = Scorer(networks=(network,), temperature=Temperature.COLD)
    base = scorer.score(load_chip(SPACE["base"]))
    identity = {"space": space.to_plain(), "network": network.identity, "base": describe_outcome(base)}
    hold_identity(folder / "regret.json", identity, what="table")
    legal = [values for values in space.all_values() if not space.refusal(values)]
    with PairBook(space, scorer, workers=workers, journal=SearchJournal(folder / "table.journal")).working() as book:
        figures = [each for each in _score(book, legal) if each is not None]
        known = book.count
        (base_score,) = base.scores
        budget = Constraint(figure=PairFigure.AREA_MM2, side=BudgetSide.AT_MOST, bound=base_score.area_mm2)
        goal = Goal(
            directions={_AIM: Direction.MINIMISE},
            reference={_AIM: base_score.energy_j * base_score.latency_s},
            constraints=(budget,),
            weights={},
        )
        within = [each[_AIM] for each in figures if goal.meets(each)]
        best = min(within)
        regrets = {
            kind: [
                _best([trial.figures for trial in run_sampler(kind, space, book, goal, seed=seed, trials=TRIALS)], goal)
                / best
                - 1
                for seed in SEEDS
            ]
            for kind in samplers
        }
        if book.count != known:
            raise CheckFailed(f"samplers looked at {book.count - known} chips that the table has not")
    return Regret(legal=len(legal), within=len(within), best_js=best, area_mm2=base_score.area_mm2, by_sampler=regrets)


def _score(book: PairBook, legal: Sequence[Values]) -> list:
    outcomes = [
        outcome
        for start in range(0, len(legal), _AT_ONCE)
        for outcome in book.score_all(legal[start : start + _AT_ONCE])
    ]
    return [outcome.figures(book.networks) for outcome in outcomes]


def _best(figures: Sequence, goal: Goal) -> float:
    return min((each[_AIM] for each in figures if each is not None and goal.meets(each)), default=float("inf"))
