"""The target `source`: the network as its author gave it, in its own framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_network import FrameworkModel, QuantizedNetwork
from chipsmith.profile.profile import Evidence
from chipsmith.targets.target import SOURCE, Missing, TargetOptions, reasons_against


@dataclass(frozen=True)
class SourceTarget:
    """The author's own network: a float module, or the file that was given."""

    name: ClassVar[str] = SOURCE
    kind: ClassVar[Evidence] = Evidence.MEASURED
    obtained: ClassVar[str] = "the author's network in its own framework"
    chip: ClassVar[Chip | None] = None

    def missing(self) -> tuple[Missing, ...]:
        """As Target.missing: nothing."""
        return ()

    def refuses(self, network: QuantizedNetwork) -> tuple[str, ...]:
        """As Target.refuses: of a bare TOSA graph no source is known."""
        return reasons_against(self.prepare, network)

    def prepare(self, network: QuantizedNetwork) -> FrameworkModel:
        """As Target.prepare."""
        if network.source is None:
            raise BadInput(f"'{network.graph.name}' is a TOSA graph: the network that it comes from is not known")
        return network.source


def open_target(_chip: Chip, options: TargetOptions) -> SourceTarget:
    """The target; no chip changes its answers. BadInput for an option: it takes none."""
    options.refuse_all_but(SourceTarget.name)
    return SourceTarget()
