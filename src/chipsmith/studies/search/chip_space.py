"""The space of a search: which fields of a chip vary, and which of the combinations are legal chips."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ValidationError

from chipsmith.chip import Chip, load_chip, override_chip
from chipsmith.chip.faults import describe_faults
from chipsmith.chip.fields import FieldRow, field_rows
from chipsmith.chip.timing import doubtful_clock, estimate_timing
from chipsmith.errors import BadInput
from chipsmith.learn.faults import short_value
from chipsmith.shown import Shown
from chipsmith.studies.search.parameters import ParameterSpace, SearchParameter, Value, Values
from chipsmith.suggest import nearest_at_end

MOST_CLOCK_MHZ = 5000
"""The largest clock that a chip file may hold."""
_CLOCK, _MAX = "clock_mhz", "max"
_BASE = "base"
_FIXED = ("schema_version", "kind", "name", "description")
"""Fields that make no other chip."""
_KEY = "space.chip"
_STEP, _DIGITS = 0.1, 10
"""Beyond a border a number that is not whole is tried in such a step, without the noise of binary fractions."""
_MOST_VALUES = 10_000
"""Values of a field: more than any field of a chip has, and no memory is asked for."""


@dataclass(frozen=True, kw_only=True)
class ChipSpace(Shown, ParameterSpace):
    """A base chip and the parameters that vary, or have one value that is not the base's.

    With `fastest` each chip has the clock that its paths allow.
    """

    key: ClassVar[str] = _KEY

    base: Chip
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

    def beyond(self, values: Values, name: str, *, upward: bool) -> str:
        """See ParameterSpace.beyond."""
        further = self.next_legal(values, name, upward=upward)
        return "" if further is None else f"the winner may have {further}"

    def next_legal(self, values: Values, name: str, *, upward: bool) -> Value | None:
        """The next value of a field on this side of a combination's with which it stays a legal chip; None for none.

        Of a field without a list of values only the next one is tried.
        """
        value = values[name]
        assert isinstance(value, int | float)
        row = next(row for row in field_rows() if row.path == name)
        if row.values:
            further = (each for each in row.values if (each > value if upward else each < value))
            near: list[int | float] = sorted(further, reverse=not upward)
        else:
            near = [round(value + (1 if upward else -1) * (1 if isinstance(value, int) else _STEP), _DIGITS)]
        return next((each for each in near if not self.refusal({**values, name: each})), None)

    def _checked(self, values: Values) -> Chip:
        """The chip of a combination, its clock still the slowest where it follows from the rest. Raises BadInput."""
        if self.fastest:
            return override_chip(self.base, {**_overrides(values), _CLOCK: "1"})
        chip = override_chip(self.base, _overrides(values))
        doubt = doubtful_clock(chip)
        if doubt:
            raise BadInput(f"chip {chip.name}: {doubt}")
        return chip

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
    """As parse_chips, of chips that are searched alone. Raises BadInput where nothing varies, too."""
    space = parse_chips(fields)
    if not space.varied:
        raise BadInput(f"{_KEY} has one chip alone: give a field two values or more, as tensor.rows: [8, 16, 32]")
    return space


def parse_chips(fields: Mapping[str, Any]) -> ChipSpace:
    """The space of `space.chip` in a study: a base, and lists, ranges or single values by dotted field name.

    Its parameters are in the order of a chip file, whatever theirs is; there may be none.

    Raises BadInput, which names the key and a mend, for what is empty, unknown, twice or never allowed.
    """
    if _BASE not in fields:
        raise BadInput(f"{_KEY}.base is missing: name a chip of `chipsmith chips`, or a YAML file")
    base = _load_base(fields[_BASE])
    rows = {row.path: row for row in field_rows() if row.path not in _FIXED}
    fastest = fields.get(_CLOCK) == _MAX
    read = tuple(
        SearchParameter(name=name, values=_read_values(name, value, rows, base))
        for name, value in fields.items()
        if name != _BASE and not (name == _CLOCK and fastest)
    )
    read = tuple(sorted(read, key=lambda parameter: list(rows).index(parameter.name)))
    return ChipSpace(base=base, parameters=read, fastest=fastest)


def _load_base(base: object) -> Chip:
    key = f"{_KEY}.{_BASE}"
    if not isinstance(base, str) or not base:
        raise BadInput(f"{key} = {short_value(base)} is no chip: name one of `chipsmith chips`, or a YAML file")
    try:
        return load_chip(base)
    except BadInput as error:
        raise BadInput(f"{key}: {error}") from error


def _read_values(name: str, value: Any, rows: Mapping[str, FieldRow], base: Chip) -> tuple[Value, ...]:
    key = f"{_KEY}.{name}"
    if name not in rows:
        raise BadInput(f"{key} is no field of a chip that can vary{_suggest_field(name, value, rows)}")
    if name == _CLOCK and (isinstance(value, str) or (isinstance(value, list) and _MAX in value)):
        raise BadInput(
            f"{key} = {short_value(value)} is not allowed: give numbers of MHz, or {_MAX} alone, the fastest "
            "that each chip can be"
        )
    values = _range(key, value, rows[name]) if isinstance(value, Mapping) else read_list(key, value)
    for each in values:
        refuse = field_refusal(base, name, each)
        if refuse:
            raise BadInput(f"{key}: {refuse}")
    return tuple(sorted(values)) if all(not isinstance(each, str) for each in values) else values


def _suggest_field(name: object, value: object, rows: Mapping[str, FieldRow]) -> str:
    """Which field was meant: of a section's own name, or the last part of a field's, the dotted names."""
    within = [path for path in rows if path.startswith(f"{name}.")]
    if within:
        inner = next(iter(value), None) if isinstance(value, Mapping) else None
        path = f"{name}.{inner}"
        return f"; write its fields by dotted name, as {path if path in rows else within[0]}: [8, 16]"
    ends = [path for path in rows if path.rpartition(".")[2] == name]
    return f"; did you mean {ends[0]}?" if ends else nearest_at_end(str(name), rows)


def read_list(key: str, value: Any) -> tuple[Value, ...]:
    """The values of a list, or a single one. Raises BadInput for none, no value and the same twice."""
    values = value if isinstance(value, list) else [value]
    if not values:
        raise BadInput(f"{key} is empty: list the values to try")
    _refuse_many(key, len(values))
    for each in values:
        if isinstance(each, bool) or not isinstance(each, int | float | str):
            raise BadInput(f"{key}: {short_value(each)} is no value; list numbers, as [8, 16, 32], or give from and to")
    twice = next((each for index, each in enumerate(values) if each in values[:index]), None)
    if twice is not None:
        raise BadInput(f"{key}: {short_value(twice)} is given twice: keep one")
    return tuple(values)


def _range(key: str, value: Mapping[str, Any], row: FieldRow) -> tuple[Value, ...]:
    unknown = set(value) - {"from", "to", "step"}
    if unknown or not {"from", "to"} <= set(value) or not all(type(each) is int for each in value.values()):
        raise BadInput(f"{key}: a range is {{from: 4, to: 15}} of whole numbers, with a step if it is not 1")
    low, high, step = value["from"], value["to"], value.get("step", 1)
    ends = f"from {short_value(low)} to {short_value(high)}"
    if low > high:
        raise BadInput(f"{key} is empty: {ends}; exchange them, or list the values")
    if step < 1 or (row.values and "step" in value):
        which = (
            f"of such a field the range has all that are {row.allowed}; remove it" if row.values else "it is 1 or more"
        )
        raise BadInput(f"{key}: step = {short_value(step)} is not allowed: {which}")
    if row.values:
        allowed = tuple(each for each in row.values if low <= each <= high)
        if not allowed:
            raise BadInput(f"{key} is empty: {ends} there is none of {row.allowed}")
        return allowed
    _refuse_many(key, (high - low) // step + 1)
    return tuple(range(low, high + 1, step))


def _refuse_many(key: str, count: int) -> None:
    if count > _MOST_VALUES:
        raise BadInput(f"{key} has more than {_MOST_VALUES:,} values: make its range smaller, or its step larger")


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
