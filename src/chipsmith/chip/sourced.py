"""A number that knows its unit, its source and how far the source can be trusted."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass

from chipsmith.shown import Shown


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
class Sourced(Shown):
    """A value in `unit` with its status and its source.

    `source` is where the value was read or, for a computed value, its formula; `origins` are then the sources of all
    numbers that entered it.
    """

    value: float
    unit: str
    source: str
    status: Status
    origins: tuple[str, ...] = ()

    @property
    def references(self) -> tuple[str, ...]:
        """The sources behind the value: the origins of a computed one, else its own source."""
        return self.origins or (self.source,)

    def __str__(self) -> str:
        texts = dict.fromkeys((self.source, *self.origins))
        return f"{self.value:.4g} {self.unit} [{self.status.name}: {'; '.join(texts)}]"


@dataclass(frozen=True, kw_only=True)
class SourcedRange:
    """An estimate between the lowest and the highest value that sources support, all in the estimate's unit.

    `others` are the sources of the ends, where they are not named in the estimate's own.
    """

    estimate: Sourced
    low: float
    high: float
    others: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """The estimate's value."""
        return self.estimate.value

    def scaled(self, factor: Sourced, *, formula: str, unit: str) -> SourcedRange:
        """The range times a factor above 0, which has no range of its own."""
        estimate = derived(self.value * factor.value, unit, formula=formula, inputs=(self.estimate, factor))
        ends = (self.low * factor.value, self.high * factor.value)
        return SourcedRange(estimate=estimate, low=ends[0], high=ends[1], others=self.others)


def derived(
    value: float, unit: str, *, formula: str, inputs: tuple[Sourced, ...], at_best: Status = Status.COMPUTED
) -> Sourced:
    """A value computed from others by a formula: its status is the weakest of theirs and `at_best`."""
    origins = dict.fromkeys(reference for given in inputs for reference in given.references)
    status = weakest(at_best, *(given.status for given in inputs))
    return Sourced(value=value, unit=unit, source=formula, status=status, origins=tuple(origins))


def assumed(value: float, unit: str, *, reason: str) -> Sourced:
    """A modelling choice: a value that no source gives, with its reason."""
    return Sourced(value=value, unit=unit, source=reason, status=Status.ASSUMED)


def sum_ranges(parts: Iterable[SourcedRange], *, formula: str) -> SourcedRange:
    """The sum of ranges of one unit, of which there is at least one: all low ends together, and all high ends."""
    ranges = tuple(parts)
    total = math.fsum(part.value for part in ranges)
    estimate = derived(total, ranges[0].estimate.unit, formula=formula, inputs=tuple(part.estimate for part in ranges))
    low, high = math.fsum(part.low for part in ranges), math.fsum(part.high for part in ranges)
    others = tuple(dict.fromkeys(source for part in ranges for source in part.others))
    return SourcedRange(estimate=estimate, low=low, high=high, others=others)
