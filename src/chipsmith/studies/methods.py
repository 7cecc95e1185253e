"""What can be done to a network, and what a compression is asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chipsmith.errors import BadInput
from chipsmith.studies.budget import Budget


class Method(StrEnum):
    """A way to a smaller network; plain quantisation is always done."""

    QUANTISED = "quantised"
    QUANTISED_IN_TRAINING = "quantised_in_training"
    CHANNELS = "channels"
    SEARCH = "search"
    TWO_OF_FOUR = "two_of_four"
    UNSTRUCTURED = "unstructured"


USUAL = (Method.QUANTISED_IN_TRAINING, Method.CHANNELS, Method.SEARCH)
"""What is done where no method is named: as far as the network allows it."""


@dataclass(frozen=True, kw_only=True)
class CompressionSettings:
    """What a compression is asked to do: the usual where `methods` names none.

    A structure search has `trials` with each of its samplers. `epochs` are those of a whole training of a smaller
    network; None takes the recipe's. Raises BadInput for a method that there is not, no trials or no epochs.
    """

    budget: Budget
    methods: Sequence[str] = ()
    trials: int = 12
    epochs: int | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.methods if name not in list(Method)]
        if unknown:
            raise BadInput(f"there is no compression method '{unknown[0]}'; there are {', '.join(Method)}")
        if self.trials < 1:
            raise BadInput(f"a search of {self.trials} trials finds nothing: --trials must be 1 or more")
        if self.epochs is not None and self.epochs < 1:
            raise BadInput(f"small networks cannot be trained for {self.epochs} epochs: --epochs must be 1 or more")

    def includes(self, method: Method) -> bool:
        """Whether the method is asked for."""
        return method in (self.methods or USUAL)
