"""The space of a search in whole: chips, structures of the network, choices of the compiler; any of them may vary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.shown import Shown
from chipsmith.studies.search.chip_space import ChipSpace
from chipsmith.studies.search.parameters import ParameterSpace, SearchParameter, Value, Values

NETWORK = "network."
"""Before the name of a structure's parameter in a combination."""


class NetworkSpace(Protocol):
    """The structures of a network, by values whose names have no prefix."""

    @property
    def parameters(self) -> tuple[SearchParameter, ...]:
        """What varies in the network."""

    def refusal(self, values: Values) -> str:
        """Why the network of a combination cannot be built; empty where it can."""

    def beyond(self, values: Values, name: str, *, upward: bool) -> str:
        """See ParameterSpace.beyond."""


@dataclass(frozen=True, kw_only=True)
class DesignSpace(Shown, ParameterSpace):
    """Chips, and what varies beside them: a design is legal where its chip is and its network can be built.

    A combination names the chip's fields as a chip file does, the rest with "network." or "compiler." before it.
    """

    chips: ChipSpace
    network: NetworkSpace | None = None
    _refusals: dict[tuple[Value, ...], str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def base(self) -> Chip:
        """The chip that all others are changes of."""
        return self.chips.base

    @property
    def largest(self) -> Values:
        """What a combination says beside its chip, for the largest network and the compiler's first choices."""
        beside = self.parameters[len(self.chips.parameters) :]
        return {each.name: each.values[-1 if each.name.startswith(NETWORK) else 0] for each in beside}

    def chip(self, values: Values) -> Chip:
        """The chip of a combination. Raises BadInput where it is not legal."""
        return self.chips.chip(self.chip_values(values))

    def chip_values(self, values: Values) -> Values:
        """What a combination says of its chip."""
        return {parameter.name: values[parameter.name] for parameter in self.chips.parameters}

    def refusal(self, values: Values) -> str:
        """Why a combination is not legal; empty where it is. Each chip and each network is looked at once."""
        chip = self.chip_values(values)
        key = tuple(chip.values())
        if key not in self._refusals:
            self._refusals[key] = self.chips.refusal(chip)
        if self._refusals[key] or self.network is None:
            return self._refusals[key]
        return self.network.refusal(network_values(values))

    def beyond(self, values: Values, name: str, *, upward: bool) -> str:
        """See ParameterSpace.beyond."""
        if name.startswith(NETWORK) and self.network is not None:
            return self.network.beyond(network_values(values), name.removeprefix(NETWORK), upward=upward)
        chip = self.chip_values(values)
        return self.chips.beyond(chip, name, upward=upward) if name in chip else ""

    def to_plain(self) -> dict[str, Any]:
        """Which space it is, as plain values."""
        beside = self.parameters[len(self.chips.parameters) :]
        return {**self.chips.to_plain(), **{parameter.name: list(parameter.values) for parameter in beside}}


def network_values(values: Values) -> Values:
    """What a combination says of the network, by the bare names."""
    return {name.removeprefix(NETWORK): value for name, value in values.items() if name.startswith(NETWORK)}


def join_spaces(chips: ChipSpace, network: NetworkSpace | None, compiler: tuple[SearchParameter, ...]) -> DesignSpace:
    """The space of designs. Raises BadInput where nothing varies."""
    structures = () if network is None else network.parameters
    prefixed = tuple(SearchParameter(name=f"{NETWORK}{each.name}", values=each.values) for each in structures)
    space = DesignSpace(parameters=(*chips.parameters, *prefixed, *compiler), chips=chips, network=network)
    if not space.varied:
        raise BadInput(
            "space is empty: give a parameter two values or more, as tensor.rows: [8, 16, 32] under space.chip"
        )
    return space
