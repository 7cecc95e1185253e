"""Structure search: widths, depths and kernels of a family for a budget of the target chip's own cycles and energy.

It is a search (`chipsmith.studies.search`) over a StructureSpace, by the tree-structured Parzen estimator with steps
from the best structures. A structure beyond the budget is never trained; the others are trained for a few epochs and
scored on the validation part. Random search gets as many trials, for comparison.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from chipsmith.errors import BadInput, CheckFailed, OperatorRefused
from chipsmith.frontends.pytorch.shape_graph import shape_graph
from chipsmith.learn.compression.structure import Value
from chipsmith.learn.compression.variants import CompressionContext, distill
from chipsmith.learn.networks import Network
from chipsmith.learn.training import measure
from chipsmith.profile.cost import ChipCost, graph_cost
from chipsmith.schema import Json
from chipsmith.shown import Shown
from chipsmith.studies.budget import Budget
from chipsmith.studies.journal import SearchJournal
from chipsmith.studies.search.candidates import Told
from chipsmith.studies.search.parameters import Values, pick_numbers
from chipsmith.studies.search.rounds import run_rounds
from chipsmith.studies.search.samplers import Proposer
from chipsmith.studies.search.study_file import SamplerKind
from chipsmith.studies.structure_space import StructureSpace

SAMPLERS = (SamplerKind.TPE, SamplerKind.RANDOM)
_STARTUP = 4
"""Structures, the two first among them, after which the estimator models: a search has a dozen of trials."""
_BATCH = 1
"""Structures are trained one after another, and each is told of before the next is asked for."""
_REFUSALS = (BadInput, OperatorRefused, CheckFailed)


@dataclass(frozen=True, kw_only=True)
class Trial(Shown):
    """One structure that was looked at: its cost, and its validation score where it was within the budget."""

    sampler: SamplerKind
    chosen: dict[str, Value]
    cycles: int
    energy_uj: float
    score: float | None


@dataclass(frozen=True, kw_only=True)
class StructureOracle:
    """Says what a structure costs on the chip of a context, and how good it is after `epochs` of training."""

    context: CompressionContext
    epochs: int

    def cost(self, network: Network) -> ChipCost:
        """The cost of a structure, which is not trained. Raises BadInput, OperatorRefused and CheckFailed."""
        data = self.context.dataset
        module = network.build(input_shape=data.input_shape, outputs=data.outputs)
        graph = shape_graph(module, self.context.calibration, name=self.context.recipe.name)
        return graph_cost(graph, self.context.chip)

    def score(self, network: Network) -> float:
        """Its score on the validation part after a short training."""
        module = distill(self.context, network, epochs=self.epochs)
        return measure(module, self.context.dataset.validation, self.context.dataset.task)[1]


@dataclass(frozen=True, kw_only=True)
class StructureOutcome:
    """What is known of a structure: its cost, its score where it was trained; or the reason why it has neither."""

    cost: ChipCost | None
    score: float | None = None
    reason: str = ""


class StructureSearch:
    """Searches of one space within a budget; a structure that is met again, by any of them, is not trained again.

    Each structure goes to the `journal` as soon as it is known, and what stands there is taken, whatever the budget,
    the sampler and the number of trials it was found with. Raises BadInput where the journal is damaged.
    """

    def __init__(
        self,
        space: StructureSpace,
        oracle: StructureOracle,
        budget: Budget,
        *,
        seed: int,
        journal: SearchJournal | None,
    ) -> None:
        self._space, self._oracle, self._budget, self._seed = space, oracle, budget, seed
        self._journal = journal
        self._outcomes = {} if journal is None else dict(journal.read(_read_line))

    def run(self, sampler: SamplerKind, *, trials: int, on_trial: Callable[[Trial], None]) -> tuple[Trial, ...]:
        """The trials of one sampler, in order; fewer where there are no more structures, or some do not fit the chip.

        `on_trial` gets each as soon as it is known. Interrupted or not, the trials are the same.
        """
        proposer = Proposer(
            sampler, self._space, objectives=1, seed=self._seed, startup=_STARTUP, first=self._space.first
        )
        rounds = run_rounds(proposer, trials=trials, evaluate=self._evaluate, judge=self._judge, batch=_BATCH)
        done: list[Trial] = []
        for values, outcome in itertools.chain.from_iterable(rounds):
            if outcome.cost is not None:
                done.append(self._trial(sampler, values, outcome.cost, outcome.score))
                on_trial(done[-1])
        return tuple(done)

    def _evaluate(self, combinations: Sequence[Values]) -> tuple[StructureOutcome, ...]:
        return tuple(self._look_at(values) for values in combinations)

    def _look_at(self, values: Values) -> StructureOutcome:
        """What is known of a structure, or is found out now: a score may be missing where the budget was tighter."""
        key = self._space.identify(values)
        known = self._outcomes.get(key)
        if known is not None and (known.cost is None or known.score is not None or not self._is_within(known.cost)):
            return known
        outcome = self._ask(self._space.structure(values))
        self._outcomes[key] = outcome
        if self._journal is not None:
            self._journal.append({"structure": key, **asdict(outcome)})
        return outcome

    def _ask(self, network: Network) -> StructureOutcome:
        try:
            cost = self._oracle.cost(network)
            score = self._oracle.score(network) if self._is_within(cost) else None
        except _REFUSALS as error:  # such as a network that the chip cannot hold
            return StructureOutcome(cost=None, reason=str(error))
        return StructureOutcome(cost=cost, score=score)

    def _judge(self, outcome: StructureOutcome) -> Told:
        """One cost, the score below 0; beyond the budget 0, whatever the score of an earlier search."""
        if outcome.cost is None:
            return Told(fits=False, costs=(0.0,), excesses=(1.0,))
        score = outcome.score if self._is_within(outcome.cost) else None
        return Told(fits=True, costs=(-(score or 0.0),), excesses=(self._budget.excess(outcome.cost),))

    def _trial(self, sampler: SamplerKind, values: Values, cost: ChipCost, score: float | None) -> Trial:
        return Trial(
            sampler=sampler,
            chosen=pick_numbers(values),
            cycles=cost.cycles,
            energy_uj=cost.energy_uj,
            score=score if self._is_within(cost) else None,
        )

    def _is_within(self, cost: ChipCost) -> bool:
        return self._budget.excess(cost) <= 0


def best_trials(trials: tuple[Trial, ...], *, count: int) -> tuple[Trial, ...]:
    """The trials within the budget with the best scores; fewer cycles first where scores tie.

    Of trials of equal cycles, by which a network is named, the best alone: most are one structure that was met twice.
    """
    scored = (trial for trial in trials if trial.score is not None)
    ranked = sorted(scored, key=lambda trial: (-(trial.score or 0), trial.cycles))
    distinct = {trial.cycles: trial for trial in reversed(ranked)}
    return tuple(sorted(distinct.values(), key=ranked.index))[:count]


def _read_line(fields: Json) -> tuple[str, StructureOutcome]:
    cost = None if fields["cost"] is None else ChipCost(**fields["cost"])
    return fields["structure"], StructureOutcome(cost=cost, score=fields["score"], reason=fields["reason"])
