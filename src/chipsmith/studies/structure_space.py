"""The space of a structure search: the widths, depths and kernels of a family of networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chipsmith.errors import BadInput
from chipsmith.learn.compression.structure import Choice, apply_choices, find_choices, halve_widths
from chipsmith.learn.networks import Network
from chipsmith.learn.networks.base import Shape
from chipsmith.studies.search.parameters import ParameterSpace, SearchParameter, Values, pick_numbers


@dataclass(frozen=True, kw_only=True)
class StructureSpace(ParameterSpace):
    """The smaller structures of `network`, for examples of `input_shape` and so many `outputs`.

    Legal is what can be built. Combinations of one network, which differ in a layer that it does not have, are one
    design.
    """

    key: ClassVar[str] = "structure"

    network: Network
    input_shape: Shape
    outputs: int
    choices: tuple[Choice, ...]

    @classmethod
    def of(cls, network: Network, *, columns: int, input_shape: Shape, outputs: int) -> StructureSpace:
        """The structures whose widths fill the `columns` of a chip. Raises BadInput where nothing is to be chosen."""
        choices = find_choices(network, columns=columns)
        parameters = tuple(
            SearchParameter(name=choice.name, values=tuple(sorted(choice.options))) for choice in choices
        )
        return cls(parameters=parameters, network=network, input_shape=input_shape, outputs=outputs, choices=choices)

    def refusal(self, values: Values) -> str:
        """Why no network can be built of these values; empty where one can."""
        try:
            return self.structure(values).refusal(input_shape=self.input_shape, outputs=self.outputs)
        except BadInput as error:  # values that do not go together
            return str(error)

    def identify(self, values: Values) -> str:
        """The settings of the network."""
        return self.structure(values).model_dump_json()

    def structure(self, values: Values) -> Network:
        """The network of a combination. Raises BadInput where the values do not go together."""
        return apply_choices(self.network, pick_numbers(values))

    @property
    def first(self) -> tuple[Values, Values]:
        """The plainest smaller structure, and the smallest, which tells whether any is within the budget."""
        least = {parameter.name: parameter.values[0] for parameter in self.parameters}
        return halve_widths(self.network, self.choices), least
