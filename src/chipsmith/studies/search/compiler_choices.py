"""The choices of the compiler that a search may make: `space.compiler` of a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chipsmith.errors import BadInput
from chipsmith.frontends.layout import Border
from chipsmith.studies.search.chip_space import read_list
from chipsmith.studies.search.parameters import SearchParameter, Values
from chipsmith.suggest import nearest_at_end

COMPILER = "compiler."
"""Before the name of a choice in a combination."""
_KEY = "space.compiler"
BORDER = "border"
CHOICES: Mapping[str, tuple[str, ...]] = {BORDER: tuple(Border)}
"""The values of each choice by its name, the usual one first. None of them changes a network's answers."""


def border_of(values: Values) -> Border:
    """Who lays out inputs and outputs in a combination: see LoadOptions."""
    return Border(str(values.get(f"{COMPILER}{BORDER}", Border.HOST)))


def parse_compiler(fields: Mapping[str, Any]) -> tuple[SearchParameter, ...]:
    """The parameters of `space.compiler`, the order of their values kept. Raises BadInput for what there is not."""
    return tuple(_parse(name, fields[name]) for name in fields)


def _parse(name: str, value: Any) -> SearchParameter:
    key = f"{_KEY}.{name}"
    if name not in CHOICES:
        there = ", ".join(CHOICES) or "none"
        raise BadInput(f"{key} is no choice of the compiler; there are: {there}{nearest_at_end(name, CHOICES)}")
    values = read_list(key, value)
    for each in values:
        if each not in CHOICES[name]:
            raise BadInput(f"{key}: {each} is not allowed; it is one of {', '.join(CHOICES[name])}")
    return SearchParameter(name=f"{COMPILER}{name}", values=values)
