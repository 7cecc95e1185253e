"""From a quantised `.tflite` file to a QuantizedNetwork."""

from __future__ import annotations

import os
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.frontends.calibration import needless_calibration
from chipsmith.frontends.front_end import AnyPath
from chipsmith.frontends.quantized_network import QuantizedNetwork, integer_network
from chipsmith.frontends.tflite import FRONT_END
from chipsmith.frontends.tflite.assemble import assemble
from chipsmith.frontends.tflite.border import strip_border
from chipsmith.frontends.tflite.convert import convert
from chipsmith.frontends.tflite.litert import LiteRtModel
from chipsmith.frontends.tflite.model import parse_model


def load_tflite(model: AnyPath, calibration: AnyPath | None = None) -> QuantizedNetwork:
    if calibration is not None:
        raise needless_calibration(os.fspath(model))
    file = Path(model)
    data = _read(file)
    FRONT_END.require(f"read {file}")
    network = strip_border(parse_model(data, file))
    assembled = assemble(network, convert)
    return integer_network(assembled.graph, operator_names=assembled.operator_names, source=LiteRtModel(file=file))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {file}: {error.strerror or error}") from error
