"""Which file a runtime gets of a network: its author's own where that says it, else one that is written for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
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


class FileFormat(Enum):
    """What a file's bytes are."""

    ONNX = "ONNX"
    TFLITE = "TensorFlow Lite"


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """A network as a runtime reads it: the file's bytes, what they are, and in words where they come from.

    `folder` is where weights lie that the file keeps beside it.
    """

    data: bytes = field(repr=False)
    format: FileFormat
    origin: str
    folder: Path | None = None


def find_float_file(network: QuantizedNetwork, runtime: Runtime) -> ModelFile:
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
    return _written(export_floats(network.floats), "written from the float network")


def find_int8_file(network: QuantizedNetwork, runtime: Runtime) -> ModelFile:
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
        data = export_rounded(network.quantisation.network, network.quantisation.plan, form)
        return _written(data, f"written with its scales, {form.value} activations")
    if runtime not in _OF_ONNXRUNTIME:
        raise BadInput(
            f"'{name}' is an integer graph, whose products of 64 bits {runtime} does not compute: give --runtime "
            "onnxruntime"
        )
    return _written(export_integers(network, form), f"written from the integer graph, {form.value} activations")


def _own_file(network: QuantizedNetwork, runtime: Runtime) -> ModelFile | None:
    """The author's own file, where the runtime reads it."""
    match network.source:
        case OnnxRuntimeModel(model=model) if runtime not in _OF_LITERT:
            return ModelFile(
                data=model.data, format=FileFormat.ONNX, origin="the author's file", folder=model.file.parent
            )
        case LiteRtModel(file=file) if runtime not in _OF_ONNXRUNTIME:
            return ModelFile(data=file.read_bytes(), format=FileFormat.TFLITE, origin="the author's file")
    return None


def _written(data: bytes, origin: str) -> ModelFile:
    return ModelFile(data=data, format=FileFormat.ONNX, origin=origin)


def _refuse_litert(name: str) -> BadInput:
    return BadInput(f"'{name}' is no .tflite file, which alone LiteRT reads: give --runtime onnxruntime or openvino")
