"""A float `.tflite` network and its calibration to a QuantizedNetwork."""

from __future__ import annotations

import os

from chipsmith.errors import BadInput
from chipsmith.frontends.calibration import (
    CalibrationSource,
    missing_calibration,
    order_calibration,
    read_calibration,
)
from chipsmith.frontends.options import LoadOptions
from chipsmith.frontends.quantise import quantise_network
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.frontends.tflite.border import InnerNetwork, strip_border
from chipsmith.frontends.tflite.convert import convert
from chipsmith.frontends.tflite.float_network import read_float_network
from chipsmith.frontends.tflite.litert import LiteRtModel
from chipsmith.frontends.tflite.weights import restore_weights


def quantise_file(
    network: InnerNetwork, calibration: CalibrationSource | None, options: LoadOptions
) -> QuantizedNetwork:
    """The integer network of a float one, whose weights may be float16 or int8.

    Raises BadInput where the calibration is missing or does not fit, and for a network with states; OperatorRefused for
    an operator that has no form.
    """
    file = network.model.file
    if network.states:
        name = network.states[0].name
        raise BadInput(f"{file} keeps '{name}' in floating point from one inference to the next: convert it quantised")
    if calibration is None:
        raise missing_calibration(os.fspath(file))
    reals = read_float_network(strip_border(restore_weights(network.model)), convert)
    columns = order_calibration(read_calibration(calibration), [port.name for port in reals.inputs])
    source = LiteRtModel(file=file)
    return quantise_network(reals, columns, source=source, settings=options.quantisation, border=options.border)
