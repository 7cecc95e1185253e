"""The runtimes of this computer's processor, by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from importlib.util import find_spec


class Runtime(StrEnum):
    """Who computes a network on the processor."""

    ONNXRUNTIME = "onnxruntime"
    """onnxruntime; its int8 has activations of uint8, for which its kernels are made."""
    ONNXRUNTIME_SIGNED = "onnxruntime-signed"
    """The same with activations of int8."""
    OPENVINO = "openvino"
    LITERT = "litert"
    """LiteRT with its default kernels, those of XNNPACK."""
    LITERT_BUILTIN = "litert-builtin"
    """LiteRT with its own kernels."""


@dataclass(frozen=True, kw_only=True)
class RuntimePackage:
    """What a runtime is installed as: its name to import, that of its distribution, and Chipsmith's extra."""

    module: str
    distribution: str
    extra: str
    label: str

    @property
    def is_installed(self) -> bool:
        """Whether it can be imported."""
        return find_spec(self.module) is not None

    @property
    def name(self) -> str:
        """The runtime and its version, as records say it."""
        return f"{self.label} {version(self.distribution)}" if self.is_installed else self.label


_ONNXRUNTIME = RuntimePackage(module="onnxruntime", distribution="onnxruntime", extra="onnx", label="onnxruntime")
_LITERT = RuntimePackage(module="ai_edge_litert", distribution="ai-edge-litert", extra="tflite", label="LiteRT")
PACKAGES = {
    Runtime.ONNXRUNTIME: _ONNXRUNTIME,
    Runtime.ONNXRUNTIME_SIGNED: _ONNXRUNTIME,
    Runtime.OPENVINO: RuntimePackage(module="openvino", distribution="openvino", extra="cpu", label="OpenVINO"),
    Runtime.LITERT: _LITERT,
    Runtime.LITERT_BUILTIN: _LITERT,
}
"""The package of each runtime."""
