"""Which networks a supernet holds: the values of width, depth and kernel, and the settings of each combination."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from chipsmith.errors import BadInput
from chipsmith.learn.elastic.families import MOST_WIDTH, ElasticFamily, elastic_family
from chipsmith.learn.faults import first_fault
from chipsmith.learn.networks import Network
from chipsmith.shown import Shown
from chipsmith.suggest import nearest_at_end

ElasticValues = Mapping[str, int | float]
"""A combination: the value of each elastic parameter by its name, as {"width": 0.5, "depth": 2}."""

KEY = "space.network"
NAMES = ("width", "depth", "kernel")
_EXAMPLES = {"width": "[0.25, 0.5, 1.0]", "depth": "[1, 2]", "kernel": "[3, 5]"}


@dataclass(frozen=True, kw_only=True)
class ElasticParameter(Shown):
    """Width, depth or kernel, and the values that it takes, from small to large."""

    name: str
    values: tuple[int | float, ...]


@dataclass(frozen=True, kw_only=True)
class ElasticSpace(Shown):
    """The networks of one family that share their weights: `network` with every combination of the parameters' values.

    What is no parameter is the network's own.
    """

    network: Network
    parameters: tuple[ElasticParameter, ...]

    @property
    def largest(self) -> dict[str, int | float]:
        """The combination that all others are parts of."""
        return {parameter.name: parameter.values[-1] for parameter in self.parameters}

    @property
    def smallest(self) -> dict[str, int | float]:
        """The combination that is a part of all others."""
        return {parameter.name: parameter.values[0] for parameter in self.parameters}

    @property
    def combinations(self) -> int:
        """How many networks there are."""
        return math.prod(len(parameter.values) for parameter in self.parameters)

    def all_values(self) -> Iterator[dict[str, int | float]]:
        """Every combination, the last parameter's values changing first."""
        for values in itertools.product(*(parameter.values for parameter in self.parameters)):
            yield dict(zip((parameter.name for parameter in self.parameters), values, strict=True))

    def settings(self, values: ElasticValues) -> Network:
        """The network of a combination. Raises BadInput where it lacks a parameter or has a value not of this space."""
        self._check(values)
        return _resize(self.network, values)

    def refusal(self, values: ElasticValues, *, input_shape: tuple[int, ...], outputs: int) -> str:
        """Why the network of a combination cannot be built for such examples; empty where it can."""
        try:
            return self.settings(values).refusal(input_shape=input_shape, outputs=outputs)
        except BadInput as error:
            return str(error)

    def to_plain(self) -> dict[str, Any]:
        """Which space it is, as plain values."""
        return {
            "network": self.network.model_dump(mode="json"),
            **{parameter.name: list(parameter.values) for parameter in self.parameters},
        }

    def _check(self, values: ElasticValues) -> None:
        allowed = {parameter.name: parameter.values for parameter in self.parameters}
        if set(values) != set(allowed):
            raise BadInput(f"{KEY}: {dict(values)} is no combination of it; give {', '.join(allowed)}")
        for name, value in values.items():
            if value not in allowed[name]:
                raise BadInput(f"{KEY}.{name} = {value} is none of its values {list(allowed[name])}; take one of them")


def parse_elastic(network: Network, fields: Mapping[str, Any]) -> ElasticSpace:
    """The space of `space.network` in a study: `width`, `depth` and `kernel`, each a list of values or one value.

    `width` multiplies the channels of `network`. Channels are whole multiples of 4 in a Cnn or ResNet where it is not
    1, and as MobileNetV1 has them there. `depth` counts the convolutions of a Cnn, and the blocks of every stage of a
    ResNet or MobileNetV1. `kernel` is that of the convolutions.

    Raises BadInput, which names the key and a mend, for what is empty, unknown, twice or never allowed, and for a
    family that is not elastic.
    """
    family = elastic_family(network)
    unknown = next((name for name in fields if name not in NAMES), None)
    if unknown is not None:
        raise BadInput(
            f"{KEY}.{unknown} is nothing that a network is elastic in: give {', '.join(NAMES)}"
            f"{nearest_at_end(str(unknown), NAMES)}"
        )
    if not fields:
        raise BadInput(f"{KEY} is empty: give width, depth or kernel some values, as width: {_EXAMPLES['width']}")
    parameters = tuple(_parse(name, fields[name], network, family) for name in NAMES if name in fields)
    for parameter in parameters:
        _refuse_alike(network, parameter)
    return ElasticSpace(network=network, parameters=parameters)


def _parse(name: str, given: Any, network: Network, family: ElasticFamily) -> ElasticParameter:
    values = list(given) if isinstance(given, list | tuple) else [given]
    if not values:
        raise BadInput(f"{KEY}.{name} is empty: list the values to try, as {_EXAMPLES[name]}")
    for value in values:
        _refuse(name, value, network, family)
    twice = next((value for index, value in enumerate(values) if value in values[:index]), None)
    if twice is not None:
        raise BadInput(f"{KEY}.{name}: {twice} is given twice: keep one")
    return ElasticParameter(name=name, values=tuple(sorted(values)))


def _refuse(name: str, value: Any, network: Network, family: ElasticFamily) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"{KEY}.{name}: {value!r} is no number; list numbers, as {_EXAMPLES[name]}")
    if name == "width" and not 0 < value <= MOST_WIDTH:
        raise BadInput(f"{KEY}.width: {value} is not allowed; it is above 0 and at most {MOST_WIDTH:g}")
    if name == "depth" and not (isinstance(value, int) and 1 <= value <= family.most_depth):
        raise BadInput(f"{KEY}.depth: {value} is not allowed; it is a whole number from 1 to {family.most_depth}")
    if name == "kernel" and not (isinstance(value, int) and value in family.kernels(network)):
        allowed = ", ".join(map(str, family.kernels(network)))
        raise BadInput(f"{KEY}.kernel: {value} is not allowed; it is one of {allowed}")
    try:
        _resize(network, {name: value})
    except ValidationError as error:
        raise BadInput(
            f"{KEY}.{name}: {value} makes no network: {first_fault(error, type(network))}; take it out"
        ) from error


def _refuse_alike(network: Network, parameter: ElasticParameter) -> None:
    """Raise BadInput where two widths are rounded to the same channels."""
    family = elastic_family(network)
    for before, after in itertools.pairwise(parameter.values):
        first, second = (family.channels(_resize(network, {parameter.name: value})) for value in (before, after))
        if parameter.name == "width" and first == second:
            raise BadInput(f"{KEY}.{parameter.name}: {before} and {after} give the same channels: keep one of them")


def _resize(network: Network, values: ElasticValues) -> Network:
    """The settings with another depth, then width, then kernel. Raises pydantic's ValidationError."""
    family = elastic_family(network)
    if "depth" in values:
        network = _updated(network, family.deepen(network, int(values["depth"])))
    if "width" in values:
        network = _updated(network, family.narrow(network, values["width"]))
    if "kernel" in values:
        network = _updated(network, {"kernel": int(values["kernel"])})
    return network


def _updated(network: Network, fields: Mapping[str, Any]) -> Network:
    return type(network).model_validate({**network.model_dump(), **fields})
