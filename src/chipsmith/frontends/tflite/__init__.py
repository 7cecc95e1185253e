"""TensorFlow Lite files, quantised to int8: converted to TOSA by the libraries of both."""

from __future__ import annotations

from chipsmith.frontends.calibration import needless_calibration
from chipsmith.frontends.front_end import AnyPath, FrontEnd
from chipsmith.frontends.quantized_network import QuantizedNetwork


def _load(model: str, calibration: AnyPath | None) -> QuantizedNetwork:
    if calibration is not None:
        raise needless_calibration(model)
    from chipsmith.frontends.tflite.network import load_tflite

    return load_tflite(model)


FRONT_END = FrontEnd(
    name="TensorFlow Lite",
    suffixes=(".tflite",),
    form="int8 .tflite",
    load=_load,
    packages=("tosa_converter_for_tflite", "ai_edge_litert"),
    extra="tflite",
)
