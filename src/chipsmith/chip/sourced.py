"""A number that knows its unit, its source and how far the source can be trusted."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Status(enum.Enum):
    """How far a number can be trusted, from the best to the worst."""

    VERBATIM = "read word for word in the named source"
    COMPUTED = "computed from verbatim numbers by a published formula or program"
    SECONDARY = "quoted by a third party"
    MEMORY = "recalled, not looked up"
    ASSUMED = "rests on a modelling choice that is stated here"


_ORDER = tuple(Status)


def weakest(*statuses: Status) -> Status:
    """The least trusted of the statuses: a result is no better than its worst input."""
    return max(statuses, key=_ORDER.index)


@dataclass(frozen=True, kw_only=True)
class Sourced:
    """A value in `unit`, with the source that it was read in or the formula and sources that it was computed from."""

    value: float
    unit: str
    source: str
    status: Status

    def __str__(self) -> str:
        return f"{self.value:.4g} {self.unit} [{self.status.name}: {self.source}]"


def derived(
    value: float, unit: str, *, formula: str, inputs: tuple[Sourced, ...], at_best: Status = Status.COMPUTED
) -> Sourced:
    """A value computed from others: its status is the weakest of theirs and `at_best`, its source names them all."""
    sources = "; ".join(dict.fromkeys(given.source for given in inputs))
    status = weakest(at_best, *(given.status for given in inputs))
    return Sourced(value=value, unit=unit, source=f"{formula}; {sources}", status=status)


def assumed(value: float, unit: str, *, reason: str) -> Sourced:
    """A modelling choice: a value that no source gives, with its reason."""
    return Sourced(value=value, unit=unit, source=reason, status=Status.ASSUMED)
