"""What a compression gave: every candidate with its figures, the front, the choice; plain data, to JSON and back."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, model_validator

from chipsmith.learn.validation.evaluate import Metric
from chipsmith.profile.cost import ChipCost
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Pictured, Shown
from chipsmith.studies.budget import Budget, points_lost
from chipsmith.studies.objectives import COST_OBJECTIVES
from chipsmith.studies.structure_search import Trial
from chipsmith.targets import INT8, NPU, SOURCE

_PLAIN = ConfigDict(frozen=True, extra="forbid")
_BEFORE_TARGETS = {"float_": SOURCE, "int8": INT8, "chip": NPU}
"""Where a candidate that was written before targets had names has the metric of each."""


class Candidate(Shown, BaseModel):
    """One compressed network. `method` and `how` say how it was made, in a word and in a sentence.

    `metrics` are the task's primary one on the test part by target: source, int8 and npu. `validation` is the npu's on
    the validation part, by which networks are chosen. `zero_share` of the weights are zero; `packed_weight_bytes` are
    the int8 constants packed by DEFLATE.
    """

    model_config = _PLAIN

    name: str
    method: str
    how: str
    metrics: dict[str, Metric]
    validation: Metric
    cost: ChipCost
    widths: dict[str, int]
    structure: dict[str, int | float]
    zero_share: float
    packed_weight_bytes: int

    def _brief(self) -> str:
        return f"{self.name}: {self.method}, {self.metrics[NPU]._brief()}, {self.cost.cycles:,} cycles"

    @model_validator(mode="before")
    @classmethod
    def _upgrade(cls, plain: Any) -> Any:
        if not isinstance(plain, dict) or "metrics" in plain:
            return plain
        rest = {name: value for name, value in plain.items() if name not in _BEFORE_TARGETS}
        return {**rest, "metrics": {_BEFORE_TARGETS[name]: plain[name] for name in _BEFORE_TARGETS if name in plain}}


class Start(Shown, BaseModel):
    """The network that the compression began with: its float metrics on the test and the validation part, its cost."""

    model_config = _PLAIN

    test: Metric
    validation: Metric
    cost: ChipCost


class Compression(Pictured, BaseModel):
    """The result of a compression.

    `trials` are those of the structure search, of both samplers; `skipped` says which usual methods do not fit the
    network, and why.
    """

    model_config = _PLAIN

    network: str
    seed: int
    budget: Annotated[Budget, PlainValidator(Budget.parse), PlainSerializer(lambda budget: dict(budget.bounds))]
    start: Start
    candidates: tuple[Candidate, ...]
    trials: tuple[Trial, ...]
    skipped: tuple[str, ...] = ()

    def _brief(self) -> str:
        choice = self.shortfall if self.chosen is None else f"chosen {self.chosen.name}, {self._gain(self.chosen)}"
        return f"{self.network}: {len(self.candidates)} networks; {choice}"

    def _gain(self, candidate: Candidate) -> str:
        return f"{self.speedup(candidate):.2f} times fewer cycles (simulated), {self.lost(candidate):.2f} points lost"

    def lost(self, candidate: Candidate) -> float:
        """Points that a candidate loses on the npu's test metric against the float network it began with."""
        return points_lost(self.start.test, candidate.metrics[NPU])

    def lost_in_validation(self, candidate: Candidate) -> float:
        """The same on the validation part."""
        return points_lost(self.start.validation, candidate.validation)

    def speedup(self, candidate: Candidate) -> float:
        """How many times fewer cold cycles than the network it began with, quantised alone."""
        return self.start.cost.cycles / candidate.cost.cycles

    @property
    def chosen(self) -> Candidate | None:
        """The candidate within the budget by cost and validation part; None where there is none.

        Where a cost is bounded it is the one that loses least, of equal ones the largest; else the fastest. The test
        part has no say.
        """
        within = [candidate for candidate in self.candidates if self._violation(candidate) <= 0]
        return min(within, key=self._preference, default=None)

    @property
    def nearest(self) -> Candidate:
        """The candidate that breaks its bounds least, in shares of them: the one to look at where none is within."""
        return min(self.candidates, key=self._violation)

    @property
    def met(self) -> bool:
        """Whether there is a network within the budget, and the test part confirms what the validation part said."""
        return self.chosen is not None and self.budget.allows(lost=self.lost(self.chosen))

    @property
    def shortfall(self) -> str:
        """Why the budget is not met, in one sentence with figures."""
        if self.chosen is not None:
            return (
                f"the budget of {self.budget.describe()} is not met: '{self.chosen.name}' was chosen on the validation "
                f"part and loses {self.lost(self.chosen):.2f} points on the test part"
            )
        nearest = self.nearest
        return (
            f"the budget of {self.budget.describe()} cannot be met by any of {len(self.candidates)} networks; the "
            f"nearest is '{nearest.name}': {', '.join(cost_words(nearest.cost))}, "
            f"{self.lost_in_validation(nearest):.2f} points lost on the validation part and {self.lost(nearest):.2f} "
            "on the test part"
        )

    @property
    def front(self) -> tuple[Candidate, ...]:
        """The candidates that no other beats in points lost and all objectives of cost together; from fast to slow."""
        unbeaten = [candidate for candidate in self.candidates if not self._beaten(candidate)]
        return tuple(sorted(unbeaten, key=lambda candidate: candidate.cost.cycles))

    def to_plain(self) -> Json:
        """The object of result.json: what scripts read at the top, the whole record beneath."""
        chosen, start = self.chosen, self.start
        return {
            "schema_version": SCHEMA_VERSION,
            "network": self.network,
            "chip": start.cost.chip,
            "seed": self.seed,
            "met": self.met,
            "shortfall": None if self.met else self.shortfall,
            "chosen": None if chosen is None else chosen.name,
            "nearest": self.nearest.name,
            "start": {"metric": start.test.name, SOURCE: start.test.value, **_cost_to_plain(start.cost)},
            "front": [candidate.name for candidate in self.front],
            "skipped": list(self.skipped),
            "candidates": [self._candidate_to_plain(candidate) for candidate in self.candidates],
            "record": self.model_dump(mode="json"),
        }

    def _candidate_to_plain(self, candidate: Candidate) -> Json:
        chip = candidate.metrics[NPU]
        return {
            "name": candidate.name,
            "method": candidate.method,
            "how": candidate.how,
            **{f"metric_{target}": metric.value for target, metric in candidate.metrics.items()},
            f"metric_{NPU}_interval": [chip.low, chip.high],
            "points_lost": self.lost(candidate),
            "points_lost_validation": self.lost_in_validation(candidate),
            "speedup": self.speedup(candidate),
            **_cost_to_plain(candidate.cost),
            "zero_share": candidate.zero_share,
            "packed_weight_bytes": candidate.packed_weight_bytes,
        }

    def _beaten(self, candidate: Candidate) -> bool:
        mine = self._figures(candidate)
        others = (self._figures(other) for other in self.candidates if other is not candidate)
        return any(theirs != mine and all(a <= b for a, b in zip(theirs, mine, strict=True)) for theirs in others)

    def _figures(self, candidate: Candidate) -> tuple[float, ...]:
        return (self.lost(candidate), *(objective.read(candidate.cost) for objective in COST_OBJECTIVES))

    def _preference(self, candidate: Candidate) -> tuple[float, float]:
        lost, cycles = self.lost_in_validation(candidate), candidate.cost.cycles
        return (lost, -cycles) if self.budget.cost_bounds else (cycles, lost)

    def _violation(self, candidate: Candidate) -> float:
        return self.budget.violation(candidate.cost, lost=self.lost_in_validation(candidate))


def cost_words(cost: ChipCost) -> list[str]:
    """Each objective of a cost in words, as "12.3 µs"."""
    return [f"{objective.format(objective.read(cost))} {objective.words}" for objective in COST_OBJECTIVES]


def _cost_to_plain(cost: ChipCost) -> Json:
    return {
        "latency_cycles": cost.cycles,
        "latency_warm_cycles": cost.warm_cycles,
        **{objective.name: objective.read(cost) for objective in COST_OBJECTIVES},
        "weight_bytes": cost.weight_bytes,
    }
