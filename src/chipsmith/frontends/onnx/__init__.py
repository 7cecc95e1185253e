"""ONNX: a QDQ int8 network keeps its own scales and becomes integer TOSA; a float network is quantised first."""

from __future__ import annotations

from chipsmith.frontends.front_end import FrontEnd

FRONT_END = FrontEnd(
    name="ONNX",
    suffixes=(".onnx",),
    form=".onnx",
    loader="chipsmith.frontends.onnx.load:load_onnx",
    sampler="chipsmith.frontends.onnx.load:list_inputs",
    packages=("onnx", "onnxruntime"),
    extra="onnx",
)
