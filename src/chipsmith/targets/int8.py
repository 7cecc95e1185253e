"""The target `int8`: the quantised network in floating point, quantised and dequantised at each tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_network import FrameworkModel, QuantizedNetwork
from chipsmith.profile.profile import Evidence
from chipsmith.targets.target import INT8, Missing, TargetOptions, reasons_against


@dataclass(frozen=True)
class Int8Target:
    """The quantised network in its author's framework: what rounding changes, independent of the integer graph."""

    name: ClassVar[str] = INT8
    kind: ClassVar[Evidence] = Evidence.MEASURED
    obtained: ClassVar[str] = "its int8 form in floating point, quantised and dequantised at each tensor"
    chip: ClassVar[Chip | None] = None

    def missing(self) -> tuple[Missing, ...]:
        """As Target.missing: nothing."""
        return ()

    def refuses(self, network: QuantizedNetwork) -> tuple[str, ...]:
        """As Target.refuses: a file of integers has no such form."""
        return reasons_against(self.prepare, network)

    def prepare(self, network: QuantizedNetwork) -> FrameworkModel:
        """As Target.prepare."""
        if network.fake_quantized is None:
            raise BadInput(f"'{network.graph.name}' comes in integers: it has no quantised form in floating point")
        return network.fake_quantized


def open_target(_chip: Chip, options: TargetOptions) -> Int8Target:
    """The target; no chip changes its answers. BadInput for an option: it takes none."""
    options.refuse_all_but(Int8Target.name)
    return Int8Target()
