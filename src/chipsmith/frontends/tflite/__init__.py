"""TensorFlow Lite files, quantised or float: converted to TOSA by the libraries of both, and in part here."""

from __future__ import annotations

from chipsmith.frontends.front_end import FrontEnd

FRONT_END = FrontEnd(
    name="TensorFlow Lite",
    suffixes=(".tflite",),
    form=".tflite",
    loader="chipsmith.frontends.tflite.network:load_tflite",
    packages=("tosa_converter_for_tflite", "ai_edge_litert"),
    extra="tflite",
)
