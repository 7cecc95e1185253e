"""From a `.tosa` file to a QuantizedNetwork: nothing is quantised here, the graph's integers are the network's."""

from __future__ import annotations

from chipsmith.frontends.calibration import needless_calibration
from chipsmith.frontends.front_end import AnyPath
from chipsmith.frontends.quantized_network import QuantizedNetwork, integer_network
from chipsmith.tosa.file import read_tosa


def load_tosa(model: str, calibration: AnyPath | None) -> QuantizedNetwork:
    """The network of a `.tosa` file. Raises BadInput for a calibration, and as read_tosa does."""
    if calibration is not None:
        raise needless_calibration(model)
    return integer_network(read_tosa(model))
