"""From a `.tosa` file to a QuantizedNetwork: nothing is quantised here, the graph's integers are the network's."""

from __future__ import annotations

from chipsmith.frontends.calibration import CalibrationSource, needless_calibration
from chipsmith.frontends.options import DEFAULT_OPTIONS, LoadOptions
from chipsmith.frontends.quantized_network import QuantizedNetwork, integer_network
from chipsmith.tosa.file import read_named_tosa


def load_tosa(
    model: str, calibration: CalibrationSource | None = None, _options: LoadOptions = DEFAULT_OPTIONS
) -> QuantizedNetwork:
    """The network of a `.tosa` file, with the names that it holds. Raises BadInput for a calibration, as read_tosa."""
    if calibration is not None:
        raise needless_calibration(model)
    graph, names = read_named_tosa(model)
    return integer_network(graph, operator_names=names)
