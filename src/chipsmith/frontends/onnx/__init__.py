"""ONNX: a QDQ int8 network keeps its own scales and becomes integer TOSA; a float network is quantised first."""

from __future__ import annotations

from chipsmith.frontends.front_end import AnyPath, FrontEnd
from chipsmith.frontends.quantized_network import QuantizedNetwork


def _load(model: str, calibration: AnyPath | None) -> QuantizedNetwork:
    from chipsmith.frontends.onnx.load import load_onnx

    return load_onnx(model, calibration)


FRONT_END = FrontEnd(
    name="ONNX",
    suffixes=(".onnx",),
    form=".onnx",
    load=_load,
    packages=("onnx", "onnxruntime"),
    extra="onnx",
)
