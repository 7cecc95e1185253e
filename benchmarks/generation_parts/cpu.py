"""What the target `cpu` takes beside its engine called directly: same file, same settings, in turns."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chipsmith.chip import load_catalogue
from chipsmith.errors import ChipsmithError
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.frontends.registry import load_model, load_random
from chipsmith.processors import processors
from chipsmith.runtimes.clock import time_calls
from chipsmith.runtimes.model_file import RuntimeFile, find_float_file, find_int8_file
from chipsmith.runtimes.runtime import Runtime
from chipsmith.systems.computer_rows import draw_inference
from chipsmith.targets import Precision, TargetOptions, load_target

TURNS, INFERENCES = 7, 40
FILES = ("ad01_int8", "ic_resnet8_int8", "kws_dscnn_int8", "vww_96_int8", "ic_resnet8_fp32", "kws_dscnn_fp32")
DIGITS = Path(__file__).parents[2] / "tests" / "networks" / "digits_cnn.tosa"

Call = Callable[[], object]


def measure() -> dict[str, object]:
    return {"cpu_ratio": [row for network in networks() for row in compare(network)]}


def networks() -> Iterator[QuantizedNetwork]:
    """The digits, and MLPerf Tiny where its files are; ranges of the float ones are random and change no time."""
    yield load_model(str(DIGITS))
    folder = Path(os.environ.get("CHIPSMITH_DATA", "")) / "mlperf_tiny"
    for file in (folder / f"{name}.tflite" for name in FILES):
        if file.is_file():
            yield load_random(str(file)) if file.stem.endswith("fp32") else load_model(str(file))


def compare(network: QuantizedNetwork) -> Iterator[dict[str, object]]:
    """A row for each runtime, precision and number of threads that the network has a form for."""
    chip = next(iter(load_catalogue().values()))
    inputs = draw_inference(network)
    for runtime in Runtime:
        for precision, find in ((Precision.INT8, find_int8_file), (Precision.FLOAT32, find_float_file)):
            for threads in dict.fromkeys((1, processors())):
                options = TargetOptions(runtime=runtime, precision=precision, threads=threads)
                try:
                    prepared = load_target("cpu", chip, options).prepare(network)
                except ChipsmithError:
                    continue
                call = call_directly(find(network, runtime), network, inputs, runtime, threads)
                turns = [
                    (
                        time_calls(call, inferences=INFERENCES).p50_us,
                        prepared.time(*inputs, inferences=INFERENCES).p50_us,
                    )
                    for _ in range(TURNS)
                ]
                direct_us, target_us = np.min(turns, axis=0)  # the quietest turn of each: other work runs beside
                yield {
                    "network": network.graph.name,
                    "runtime": runtime.value,
                    "precision": precision.value,
                    "threads": threads,
                    "direct_us": float(direct_us),
                    "target_us": float(target_us),
                }


def call_directly(
    file: RuntimeFile, network: QuantizedNetwork, inputs: Sequence[np.ndarray], runtime: Runtime, threads: int
) -> Call:
    """The call that a program without Chipsmith makes."""
    if runtime in (Runtime.LITERT, Runtime.LITERT_BUILTIN):
        return call_litert(file.data, inputs, runtime, threads)
    if runtime is Runtime.OPENVINO:
        return call_openvino(file, network, inputs, threads)
    return call_onnxruntime(file.data, inputs, runtime, threads)


def call_onnxruntime(data: bytes, inputs: Sequence[np.ndarray], runtime: Runtime, threads: int) -> Call:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    signed = runtime is Runtime.ONNXRUNTIME_SIGNED
    options.add_session_config_entry("session.qdqisint8allowed" if signed else "session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    feeds = dict(zip((port.name for port in session.get_inputs()), inputs, strict=True))
    return lambda: session.run(None, feeds)


def call_openvino(file: RuntimeFile, network: QuantizedNetwork, inputs: Sequence[np.ndarray], threads: int) -> Call:
    import openvino

    core = openvino.Core()
    model = core.read_model(file.path or file.data)
    model.reshape({index: list(port.shape) for index, port in enumerate(network.author_inputs)})
    settings: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(model, "CPU", {**settings, "INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    return lambda: request.infer(inputs, share_inputs=True)


def call_litert(data: bytes, inputs: Sequence[np.ndarray], runtime: Runtime, threads: int) -> Call:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    own = runtime is Runtime.LITERT_BUILTIN
    kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES if own else OpResolverType.AUTO
    interpreter = Interpreter(model_content=data, num_threads=threads, experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    entries = [port["index"] for port in interpreter.get_input_details()]
    exits = [port["index"] for port in interpreter.get_output_details()]

    def call() -> list[np.ndarray]:
        for index, array in zip(entries, inputs, strict=True):
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in exits]

    return call
