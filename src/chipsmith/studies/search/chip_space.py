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
from chipsmith.studies.search.parameters import ParameterSpace, SearchParameter, Value, Values
from chipsmith.suggest import nearest_at_end

MOST_CLOCK_MHZ = 5000
"""The largest clock that a chip file may hold."""
_CLOCK, _MAX = "clock_mhz", "max"
_BASE = "base"
_FIXED = ("schema_version", "kind", "name", "description")
"""Fields that make no other chip."""
_KEY = "space.chip"


@dataclass(frozen=True, kw_only=True)
class ChipSpace(ParameterSpace):
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

    def beyond(self, name: str, value: Value, *, upward: bool) -> str:
        """See ParameterSpace.beyond: the next value of a field that a chip may have."""
        further = _beyond(self.base, name, value, upward=upward)
        return "" if further is None else f"a chip may have {further}"

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
        raise BadInput(f"{_KEY} is empty: give a field two values or more, as tensor.rows: [8, 16, 32]")
    return space


def parse_chips(fields: Mapping[str, Any]) -> ChipSpace:
    """The space of `space.chip` in a study: a base, and lists, ranges or single values by dotted field name.

    Its parameters are in the order of a chip file, whatever theirs is; there may be none.

    Raises BadInput, which names the key and a mend, for what is empty, unknown, twice or never allowed.
    """
    if _BASE not in fields:
        raise BadInput(f"{_KEY}.base is missing: name a chip of `chipsmith chips`, or a YAML file")
    base = load_chip(str(fields[_BASE]))
    rows = {row.path: row for row in field_rows() if row.path not in _FIXED}
    fastest = fields.get(_CLOCK) == _MAX
    read = tuple(
        SearchParameter(name=name, values=_read_values(name, value, rows, base))
        for name, value in fields.items()
        if name != _BASE and not (name == _CLOCK and fastest)
    )
    read = tuple(sorted(read, key=lambda parameter: list(rows).index(parameter.name)))
    return ChipSpace(base=base, parameters=read, fastest=fastest)


def _read_values(name: str, value: Any, rows: Mapping[str, FieldRow], base: Chip) -> tuple[Value, ...]:
    key = f"{_KEY}.{name}"
    if name not in rows:
        raise BadInput(f"{key} is no field of a chip that can vary{nearest_at_end(name, rows)}")
    if name == _CLOCK and isinstance(value, str):
        raise BadInput(
            f"{key} = {value} is not allowed: give numbers of MHz, or max, the fastest that each chip can be"
        )
    values = _range(key, value, rows[name]) if isinstance(value, Mapping) else read_list(key, value)
    for each in values:
        refuse = field_refusal(base, name, each)
        if refuse:
            raise BadInput(f"{key}: {refuse}")
    return tuple(sorted(values)) if all(not isinstance(each, str) for each in values) else values


def read_list(key: str, value: Any) -> tuple[Value, ...]:
    """The values of a list, or a single one. Raises BadInput for none, no value and the same twice."""
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


def _beyond(base: Chip, name: str, value: Value, *, upward: bool) -> Value | None:
    """The next value of a field beyond one; None where no chip may have one."""
    assert isinstance(value, int | float)
    allowed = next(row.values for row in field_rows() if row.path == name)
    if allowed:
        numbers = [each for each in allowed if isinstance(each, int | float)]
        further = [each for each in numbers if (each > value if upward else each < value)]
        return (min(further) if upward else max(further)) if further else None
    step = (1 if upward else -1) * (1 if isinstance(value, int) else 0.1)
    return None if field_refusal(base, name, value + step) else value + step
