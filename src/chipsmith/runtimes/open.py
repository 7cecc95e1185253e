"""From a network and a runtime to its engine."""

from __future__ import annotations

from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.runtimes.engine import InferenceEngine
from chipsmith.runtimes.litert_runtime import LiteRtKernels, open_litert
from chipsmith.runtimes.model_file import RuntimeFile, find_float_file, find_int8_file
from chipsmith.runtimes.onnx_runtime import Activations, open_onnxruntime
from chipsmith.runtimes.openvino_runtime import open_openvino
from chipsmith.runtimes.runtime import Runtime


def open_float_engine(network: QuantizedNetwork, runtime: Runtime, *, threads: int) -> InferenceEngine:
    """The engine of the author's own float network. Raises BadInput where there is none, or the runtime refuses it."""
    return _open(network, runtime, find_float_file(network, runtime), threads=threads)


def open_int8_engine(network: QuantizedNetwork, runtime: Runtime, *, threads: int) -> InferenceEngine:
    """The engine of the quantised network. Raises as open_float_engine, OperatorRefused where no file is written."""
    return _open(network, runtime, find_int8_file(network, runtime), threads=threads)


def _open(network: QuantizedNetwork, runtime: Runtime, file: RuntimeFile, *, threads: int) -> InferenceEngine:
    match runtime:
        case Runtime.ONNXRUNTIME:
            return open_onnxruntime(file, Activations.UNSIGNED, threads=threads)
        case Runtime.ONNXRUNTIME_SIGNED:
            return open_onnxruntime(file, Activations.SIGNED, threads=threads)
        case Runtime.OPENVINO:
            return open_openvino(file, network.author_inputs, threads=threads)
        case Runtime.LITERT:
            return open_litert(file, LiteRtKernels.XNNPACK, threads=threads)
        case Runtime.LITERT_BUILTIN:
            return open_litert(file, LiteRtKernels.BUILTIN, threads=threads)
