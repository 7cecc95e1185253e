"""What a search chooses from: parameters with their values, and which of their combinations are legal."""

from __future__ import annotations

import functools
import itertools
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.shown import Shown
from chipsmith.units import percent

Value = int | float | str
Values = Mapping[str, Value]
"""A combination: the value of each parameter by its name."""

_ENUMERATED = 4096
"""Combinations up to which every one is tried for the legal share."""
_SAMPLED = 1000
_SEED = 0
_Z95 = 1.959964
"""The normal distribution's quantile of an interval at 95 %."""


@dataclass(frozen=True, kw_only=True)
class SearchParameter(Shown):
    """What varies in a space, by its name, and its values: numbers from small to large."""

    name: str
    values: tuple[Value, ...]

    @property
    def ordered(self) -> bool:
        """Whether the values are numbers, so that some lie between others."""
        return all(not isinstance(value, str) for value in self.values)


@dataclass(frozen=True, kw_only=True)
class SpaceSize(Shown):
    """How many combinations a space has, and the share of legal ones.

    Where `exact` the share was counted; else it is that of a seeded sample, with its interval at 95 % (Wilson 1927).
    """

    combinations: int
    legal_share: float
    low: float
    high: float
    exact: bool

    def __str__(self) -> str:
        if self.exact:
            return f"{self.combinations:,} combinations, {percent(self.legal_share, 1)} of them legal (all were tried)"
        return (
            f"{self.combinations:,} combinations, {percent(self.legal_share, 1)} of them legal "
            f"({percent(self.low, 1)} to {percent(self.high, 1)}, of {_SAMPLED:,} drawn)"
        )


@dataclass(frozen=True, kw_only=True)
class ParameterSpace(ABC):
    """Parameters that vary, or have one value; each space says which combinations are legal.

    `key` is where a study file has it.
    """

    key: ClassVar[str] = "space"

    parameters: tuple[SearchParameter, ...]

    @abstractmethod
    def refusal(self, values: Values) -> str:
        """Why a combination is not legal; empty where it is."""

    def beyond(self, values: Values, name: str, *, upward: bool) -> str:
        """What a parameter of a combination at a border of the space could have beyond it, in words; empty for nothing.

        With the other values of the combination it is legal.
        """
        del values, name, upward
        return ""

    def identify(self, values: Values) -> str:
        """The text by which a legal combination is known: equal for equal designs, which are looked at once."""
        return pair_key(values)

    @functools.cached_property
    def legal(self) -> tuple[Values, ...] | None:
        """All legal combinations; None where there are too many combinations to try each."""
        if self.combinations > _ENUMERATED:
            return None
        return tuple(values for values in self.all_values() if not self.refusal(values))

    @property
    def varied(self) -> tuple[SearchParameter, ...]:
        """The parameters of several values."""
        return tuple(parameter for parameter in self.parameters if len(parameter.values) > 1)

    @property
    def combinations(self) -> int:
        """How many combinations there are, legal or not."""
        return math.prod(len(parameter.values) for parameter in self.parameters)

    def all_values(self) -> Iterator[Values]:
        """Every combination, legal or not, in the order of the parameters' values."""
        names = [parameter.name for parameter in self.parameters]
        for combination in itertools.product(*(parameter.values for parameter in self.parameters)):
            yield dict(zip(names, combination, strict=True))

    def draw(self, generator: np.random.Generator) -> Values:
        """A combination, legal or not, each as likely as any other."""
        return {
            parameter.name: parameter.values[int(generator.integers(len(parameter.values)))]
            for parameter in self.parameters
        }

    def steps(self, values: Values) -> Iterator[tuple[str, Values]]:
        """The changes of one parameter: to the next value on each side, or to each other one where they have no order.

        Gives the parameter's name and the changed combination, legal or not.
        """
        for parameter in self.parameters:
            place = parameter.values.index(values[parameter.name])
            near = [place - 1, place + 1] if parameter.ordered else range(len(parameter.values))
            for index in near:
                if 0 <= index < len(parameter.values) and index != place:
                    yield parameter.name, {**values, parameter.name: parameter.values[index]}

    def measure(self) -> SpaceSize:
        """Its size and the share of legal combinations. Raises BadInput where none is legal."""
        if self.legal is not None:
            share = len(self.legal) / self.combinations
            size = SpaceSize(combinations=self.combinations, legal_share=share, low=share, high=share, exact=True)
        else:
            generator = np.random.default_rng(_SEED)
            share = sum(not self.refusal(self.draw(generator)) for _ in range(_SAMPLED)) / _SAMPLED
            low, high = _wilson(share, _SAMPLED)
            size = SpaceSize(combinations=self.combinations, legal_share=share, low=low, high=high, exact=False)
        if not share:
            refusal = self.refusal(next(self.all_values()))
            raise BadInput(f"{self.key} has nothing legal: {refusal}; change that parameter's values, or the base")
        return size


def pick_numbers(values: Values) -> dict[str, int | float]:
    """The parameters of a combination that have numbers."""
    return {name: value for name, value in values.items() if not isinstance(value, str)}


def pair_key(values: Values) -> str:
    """A combination as text: equal combinations have equal texts."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def _wilson(share: float, count: int) -> tuple[float, float]:
    """The interval at 95 % of a share of `count` drawn. Source: E. B. Wilson, JASA 22 (1927)."""
    square = _Z95**2 / count
    middle = (share + square / 2) / (1 + square)
    half = _Z95 / (1 + square) * math.sqrt(share * (1 - share) / count + square / count / 4)
    return max(0.0, middle - half), min(1.0, middle + half)
