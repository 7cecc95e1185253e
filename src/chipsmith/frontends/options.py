"""What a user says of a network beside its name: sizes that it leaves open, and how its integers are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chipsmith.frontends.layout import Border
from chipsmith.quantisation.settings import QuantisationSettings


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """`shapes` are whole shapes of inputs by their names, for those that the network leaves open.

    `quantisation` says how the integers of a network in floating point are chosen; a network that comes with integers
    of its own keeps them. `border` says who lays out inputs and outputs whose axes the chip has in another order.
    """

    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    quantisation: QuantisationSettings = field(default_factory=QuantisationSettings)
    border: Border = Border.HOST


DEFAULT_OPTIONS = LoadOptions()
