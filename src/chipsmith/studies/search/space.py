"""The space of a search: which fields of a chip vary, and which of the combinations are legal chips."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from chipsmith.chip import Chip, load_chip, override_chip
from chipsmith.chip.faults import describe_faults
from chipsmith.chip.fields import FieldRow, field_rows
from chipsmith.chip.timing import doubtful_clock, estimate_timing
from chipsmith.errors import BadInput
from chipsmith.suggest import nearest_at_end

Value = int | float | str
Values = Mapping[str, Value]
"""A combination: the value of each parameter by its name."""

MOST_CLOCK_MHZ = 5000
"""The largest clock that a chip file may hold."""
_CLOCK, _MAX = "clock_mhz", "max"
_BASE = "base"
_FIXED = ("schema_version", "kind", "name", "description")
"""Fields that make no other chip."""
_KEY = "space.chip"
_ENUMERATED = 4096
"""Combinations up to which every one is tried for the legal share."""
_SAMPLED = 1000
_SEED = 0
_Z95 = 1.959964
"""The normal distribution's quantile of an interval at 95 %."""


@dataclass(frozen=True, kw_only=True)
class ChipParameter:
    """A field of a chip that varies, by its dotted name, and its values: numbers from small to large."""

    name: str
    values: tuple[Value, ...]

    @property
    def ordered(self) -> bool:
        """Whether the values are numbers, so that some lie between others."""
        return all(not isinstance(value, str) for value in self.values)


@dataclass(frozen=True, kw_only=True)
class SpaceSize:
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
            return f"{self.combinations:,} combinations, {self.legal_share:.1%} of them legal chips (all were tried)"
        return (
            f"{self.combinations:,} combinations, {self.legal_share:.1%} of them legal chips "
            f"({self.low:.1%} to {self.high:.1%}, of {_SAMPLED:,} drawn)"
        )


@dataclass(frozen=True, kw_only=True)
class ChipSpace:
    """A base chip and the parameters that vary, or have one value that is not the base's.

    With `fastest` each chip has the clock that its paths allow.
    """

    base: Chip
    parameters: tuple[ChipParameter, ...]
    fastest: bool

    def chip(self, values: Values) -> Chip:
        """The chip of a combination. Raises BadInput where it is not legal: where the chip's own rules refuse it.

        A clock that is faster than the chip's estimated `max_clock_mhz` is not legal here.
        """
        chip = self._checked(values)
        if not self.fastest:
            return chip
        clock = min(MOST_CLOCK_MHZ, max(1, math.floor(estimate_timing(chip).max_clock_mhz.value)))
        return override_chip(self.base, {**_overrides(values), _CLOCK: str(clock)})

    def refusal(self, values: Values) -> str:
        """Why a combination is not a legal chip; empty where it is."""
        try:
            self._checked(values)
        except BadInput as error:
            return str(error)
        return ""

    def _checked(self, values: Values) -> Chip:
        """The chip of a combination, its clock still the slowest where it follows from the rest. Raises BadInput."""
        if self.fastest:
            return override_chip(self.base, {**_overrides(values), _CLOCK: "1"})
        chip = override_chip(self.base, _overrides(values))
        doubt = doubtful_clock(chip)
        if doubt:
            raise BadInput(f"chip {chip.name}: {doubt}")
        return chip

    @functools.cached_property
    def legal(self) -> tuple[Values, ...] | None:
        """All legal combinations; None where there are too many combinations to try each."""
        if self.combinations > _ENUMERATED:
            return None
        return tuple(values for values in self.all_values() if not self.refusal(values))

    @property
    def varied(self) -> tuple[ChipParameter, ...]:
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
        """Its size and the share of legal chips. Raises BadInput where none is legal."""
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
            raise BadInput(f"{_KEY} has no legal chip: {refusal}; change that parameter's values, or the base")
        return size

    def to_plain(self) -> dict[str, Any]:
        """Which space it is, as plain values: all that a pair's score depends on but the networks."""
        return {
            "base": self.base.model_dump(mode="json"),
            **{parameter.name: list(parameter.values) for parameter in self.parameters},
            **({_CLOCK: _MAX} if self.fastest else {}),
        }


def _overrides(values: Values) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


def parse_space(fields: Mapping[str, Any]) -> ChipSpace:
    """The space of `space.chip` in a study: a base, and lists, ranges or single values by dotted field name.

    Its parameters are in the order of a chip file, whatever theirs is.

    Raises BadInput, which names the key and a mend, for what is empty, unknown, twice or never allowed.
    """
    if _BASE not in fields:
        raise BadInput(f"{_KEY}.base is missing: name a chip of `chipsmith chips`, or a YAML file")
    base = load_chip(str(fields[_BASE]))
    rows = {row.path: row for row in field_rows() if row.path not in _FIXED}
    fastest = fields.get(_CLOCK) == _MAX
    read = tuple(
        ChipParameter(name=name, values=_read_values(name, value, rows, base))
        for name, value in fields.items()
        if name != _BASE and not (name == _CLOCK and fastest)
    )
    read = tuple(sorted(read, key=lambda parameter: list(rows).index(parameter.name)))
    if not any(len(parameter.values) > 1 for parameter in read):
        raise BadInput(f"{_KEY} is empty: give a field two values or more, as tensor.rows: [8, 16, 32]")
    return ChipSpace(base=base, parameters=read, fastest=fastest)


def _read_values(name: str, value: Any, rows: Mapping[str, FieldRow], base: Chip) -> tuple[Value, ...]:
    key = f"{_KEY}.{name}"
    if name not in rows:
        raise BadInput(f"{key} is no field of a chip that can vary{nearest_at_end(name, rows)}")
    if name == _CLOCK and isinstance(value, str):
        raise BadInput(
            f"{key} = {value} is not allowed: give numbers of MHz, or max, the fastest that each chip can be"
        )
    values = _range(key, value, rows[name]) if isinstance(value, Mapping) else _list(key, value)
    for each in values:
        refuse = field_refusal(base, name, each)
        if refuse:
            raise BadInput(f"{key}: {refuse}")
    return tuple(sorted(values)) if all(not isinstance(each, str) for each in values) else values


def _list(key: str, value: Any) -> tuple[Value, ...]:
    values = value if isinstance(value, list) else [value]
    if not values:
        raise BadInput(f"{key} is empty: list the values to try")
    for each in values:
        if isinstance(each, bool) or not isinstance(each, int | float | str):
            raise BadInput(f"{key}: {each!r} is no value; list numbers, as [8, 16, 32], or give from and to")
    twice = next((each for index, each in enumerate(values) if each in values[:index]), None)
    if twice is not None:
        raise BadInput(f"{key}: {twice} is given twice: keep one")
    return tuple(values)


def _range(key: str, value: Mapping[str, Any], row: FieldRow) -> tuple[Value, ...]:
    unknown = set(value) - {"from", "to", "step"}
    if unknown or not {"from", "to"} <= set(value) or not all(type(each) is int for each in value.values()):
        raise BadInput(f"{key}: a range is {{from: 4, to: 15}} of whole numbers, with a step if it is not 1")
    low, high, step = value["from"], value["to"], value.get("step", 1)
    if low > high or step < 1:
        raise BadInput(f"{key} is empty: from {low} to {high} by {step}; exchange them, or list the values")
    allowed = [each for each in row.values if low <= each <= high] if row.values else range(low, high + 1, step)
    if not allowed:
        raise BadInput(f"{key} is empty: from {low} to {high} there is none of {row.allowed}")
    return tuple(allowed)


def field_refusal(base: Chip, path: str, value: Value) -> str:
    """Why no chip at all may have this value in a field; empty where some may."""
    changed = base.model_dump(mode="json")
    *sections, name = path.split(".")
    section = changed
    for each in sections:
        section = section[each]
    section[name] = value
    try:
        Chip.model_validate(changed)
    except ValidationError as error:
        own = [fault for fault in error.errors() if ".".join(map(str, fault["loc"])) == path]
        return describe_faults(error, origin=base.name, lines={}) if own else ""
    return ""


def _wilson(share: float, count: int) -> tuple[float, float]:
    """The interval at 95 % of a share of `count` drawn. Source: E. B. Wilson, JASA 22 (1927)."""
    square = _Z95**2 / count
    middle = (share + square / 2) / (1 + square)
    half = _Z95 / (1 + square) * math.sqrt(share * (1 - share) / count + square / count / 4)
    return max(0.0, middle - half), min(1.0, middle + half)
