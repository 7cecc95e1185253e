"""The rounds of a search: combinations are asked for, evaluated and told of, a batch after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from chipsmith.studies.search.candidates import Told
from chipsmith.studies.search.parameters import Values
from chipsmith.studies.search.samplers import Proposer

BATCH = 4
"""Trials that are asked for together, whatever the number of workers, so that a seed repeats its search."""

Outcome = TypeVar("Outcome")


def run_rounds(
    proposer: Proposer,
    *,
    trials: int,
    evaluate: Callable[[Sequence[Values]], Sequence[Outcome]],
    judge: Callable[[Outcome], Told],
    batch: int = BATCH,
) -> Iterator[list[tuple[Values, Outcome]]]:
    """So many combinations with their outcomes, a batch after another; fewer where the space has no more legal ones.

    `evaluate` gives the outcomes of a batch in its order; `judge` says what the proposer is told of each.
    """
    done = 0
    while done < trials:
        asked = proposer.ask(min(batch, trials - done))
        if not asked:
            return
        outcomes = evaluate(asked)
        proposer.tell([judge(outcome) for outcome in outcomes])
        yield list(zip(asked, outcomes, strict=True))
        done += len(asked)
