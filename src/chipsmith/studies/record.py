"""What a compression found: every candidate with its figures, the front, the choice; plain data, to JSON and back."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from chipsmith.learn.validation.evaluate import Metric
from chipsmith.profile.cost import ChipCost
from chipsmith.studies.budget import Budget, points_lost
from chipsmith.studies.structure_search import Trial

_PLAIN = ConfigDict(frozen=True, extra="forbid")


class Candidate(BaseModel):
    """One compressed network. `method` and `how` say how it was made, in a word and in a sentence.

    The metrics are the task's chief one on the test part, of the float network, of its int8 form in PyTorch and of
    the Program on the chip; `validation` is the chip's on the validation part, by which networks are chosen.
    `zero_share` of the weights are zero; `packed_weight_bytes` are the int8 constants packed by DEFLATE.
    """

    model_config = _PLAIN

    name: str
    method: str
    how: str
    float_: Metric
    int8: Metric
    chip: Metric
    validation: Metric
    cost: ChipCost
    widths: dict[str, int]
    structure: dict[str, int | float]
    zero_share: float
    packed_weight_bytes: int


class Start(BaseModel):
    """The network that the compression began with: its float metrics on the test and the validation part, its cost."""

    model_config = _PLAIN

    test: Metric
    validation: Metric
    cost: ChipCost


class Compression(BaseModel):
    """The result of a compression.

    `trials` are those of the structure search, of both samplers; `skipped` says which usual methods do not fit the
    network, and why.
    """

    model_config = _PLAIN

    network: str
    seed: int
    budget: Budget
    start: Start
    candidates: tuple[Candidate, ...]
    trials: tuple[Trial, ...]
    skipped: tuple[str, ...] = ()

    def lost(self, one: Candidate) -> float:
        """Points that a candidate loses on the chip's test metric against the float network it began with."""
        return points_lost(self.start.test, one.chip)

    def lost_in_validation(self, one: Candidate) -> float:
        """The same on the validation part."""
        return points_lost(self.start.validation, one.validation)

    def speedup(self, one: Candidate) -> float:
        """How many times fewer cold cycles than the network it began with, quantised alone."""
        return self.start.cost.cycles / one.cost.cycles

    @property
    def chosen(self) -> Candidate | None:
        """The candidate within the budget by cost and validation part; None where there is none.

        Where latency or energy are bounded it is the one that loses least, of equal ones the largest; else the
        fastest. The test part has no say.
        """
        fits = [one for one in self.candidates if self._violation(one) <= 0]
        bounded = (self.budget.max_latency_us, self.budget.max_energy_uj) != (None, None)
        return min(fits, key=lambda one: self._preference(one, bounded=bounded), default=None)

    @property
    def nearest(self) -> Candidate:
        """The candidate that breaks its bounds least, in shares of them: the one to look at where none is within."""
        return min(self.candidates, key=self._violation)

    @property
    def met(self) -> bool:
        """Whether there is a network within the budget, and the test part confirms what the validation part said."""
        return self.chosen is not None and self.lost(self.chosen) <= self.budget.max_accuracy_drop

    @property
    def shortfall(self) -> str:
        """Why the budget is not met, in one sentence with figures."""
        if self.chosen is not None:
            return (
                f"the budget of {self.budget.describe()} is not met: '{self.chosen.name}' was chosen on the validation "
                f"part and loses {self.lost(self.chosen):.2f} points on the test part"
            )
        one = self.nearest
        return (
            f"the budget of {self.budget.describe()} cannot be met by any of {len(self.candidates)} networks; the "
            f"nearest is '{one.name}': {one.cost.latency_us:.1f} us, {one.cost.energy_uj:.2f} uJ, "
            f"{self.lost_in_validation(one):.2f} points lost on the validation part and {self.lost(one):.2f} on "
            "the test part"
        )

    @property
    def front(self) -> tuple[Candidate, ...]:
        """The candidates that no other beats in points lost, latency and energy together; from fast to slow."""
        kept = [one for one in self.candidates if not self._beaten(one)]
        return tuple(sorted(kept, key=lambda one: one.cost.cycles))

    def _beaten(self, one: Candidate) -> bool:
        mine = self._figures(one)
        others = (self._figures(other) for other in self.candidates if other is not one)
        return any(theirs != mine and all(a <= b for a, b in zip(theirs, mine, strict=True)) for theirs in others)

    def _figures(self, one: Candidate) -> tuple[float, float, float]:
        return self.lost(one), one.cost.latency_us, one.cost.energy_uj

    def _preference(self, one: Candidate, *, bounded: bool) -> tuple[float, float]:
        lost, cycles = self.lost_in_validation(one), one.cost.cycles
        return (lost, -cycles) if bounded else (cycles, lost)

    def _violation(self, one: Candidate) -> float:
        over = self.lost_in_validation(one) - self.budget.max_accuracy_drop
        return max(self.budget.excess(one.cost), over / max(1.0, self.budget.max_accuracy_drop))
