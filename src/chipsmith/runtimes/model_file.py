"""Which file a runtime gets of a network: its author's own where that says it, else one that is written for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.runtime import OnnxRuntimeModel
from chipsmith.frontends.quantized_network import Arithmetic, QuantizedNetwork
from chipsmith.frontends.tflite.litert import LiteRtModel
from chipsmith.runtimes.onnx_export.float_network import export_floats, export_rounded
from chipsmith.runtimes.onnx_export.integer_network import export_integers
from chipsmith.runtimes.onnx_export.rounded import Int8Form
from chipsmith.runtimes.runtime import Runtime

_OF_LITERT = (Runtime.LITERT, Runtime.LITERT_BUILTIN)
_OF_ONNXRUNTIME = (Runtime.ONNXRUNTIME, Runtime.ONNXRUNTIME_SIGNED)


@dataclass(frozen=True, kw_only=True)
class RuntimeFile:
    """A network as a runtime reads it: a file's bytes, of ONNX or, for LiteRT's own, TensorFlow Lite.

    `path` is where the author has it, None where it was written for the runtime.
    """

    data: bytes = field(repr=False)
    path: Path | None = None

    @property
    def origin(self) -> str:
        """Where it comes from, in words."""
        return "written by Chipsmith" if self.path is None else str(self.path)


def find_float_file(network: QuantizedNetwork, runtime: Runtime) -> RuntimeFile:
    """The network in float32. Raises BadInput where it has no such form, or none that the runtime reads."""
    name, source = network.graph.name, network.source
    if network.arithmetic is not Arithmetic.FLOAT:
        raise BadInput(f"'{name}' comes in integers: it has no form in float32; give --precision int8")
    own = _own_file(network, runtime)
    if own is not None:
        return own
    if runtime in _OF_LITERT:
        raise _refuse_litert(name)
    assert network.floats is not None, source
    return _write(export_floats(network.floats))


def find_int8_file(network: QuantizedNetwork, runtime: Runtime) -> RuntimeFile:
    """The quantised network. Raises BadInput where it has no form that the runtime reads."""
    name = network.graph.name
    own = None if network.arithmetic is Arithmetic.FLOAT else _own_file(network, runtime)
    if own is not None:
        return own
    if runtime in _OF_LITERT and isinstance(network.source, LiteRtModel):
        raise BadInput(
            f"{network.source.file} is in floating point, and LiteRT computes it so: give --precision float32, or "
            "--runtime onnxruntime"
        )
    if runtime in _OF_LITERT:
        raise _refuse_litert(name)
    form = Int8Form.SIGNED if runtime is Runtime.ONNXRUNTIME_SIGNED else Int8Form.UNSIGNED
    if network.quantisation is not None:
        return _write(export_rounded(network.quantisation.network, network.quantisation.plan, form))
    if runtime not in _OF_ONNXRUNTIME:
        raise BadInput(
            f"'{name}' is an integer graph, whose products of 64 bits {runtime} does not compute: give --runtime "
            "onnxruntime"
        )
    return _write(export_integers(network, form))


def _own_file(network: QuantizedNetwork, runtime: Runtime) -> RuntimeFile | None:
    """The author's own file, where the runtime reads it."""
    match network.source:
        case OnnxRuntimeModel(model=model) if runtime not in _OF_LITERT:
            path = model.file if model.file.is_file() else None  # a network may come as bytes alone
            return RuntimeFile(data=model.data, path=path)
        case LiteRtModel(file=file) if runtime not in _OF_ONNXRUNTIME:
            return RuntimeFile(data=file.read_bytes(), path=file)
    return None


def _write(data: bytes) -> RuntimeFile:
    return RuntimeFile(data=data)


def _refuse_litert(name: str) -> BadInput:
    return BadInput(f"'{name}' is no .tflite file, which alone LiteRT reads: give --runtime onnxruntime or openvino")
