"""Networks in their own frameworks, inference by inference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chipsmith.tosa.graph import Array
from doors.subject import Inference

if TYPE_CHECKING:
    import onnx
    from torch import nn


def run_onnx(file: Path, inferences: Sequence[Inference]) -> tuple[Inference, ...]:
    """The outputs of an `.onnx` file as it stands, by onnxruntime without optimisations."""
    session = open_session(file)
    names = [port.name for port in session.get_inputs()]
    return tuple(tuple(session.run(None, dict(zip(names, inputs, strict=True)))) for inputs in inferences)


def run_onnx_reference(model: onnx.ModelProto, inferences: Sequence[Inference]) -> tuple[Inference, ...]:
    """The outputs of a network by the reference implementation of the `onnx` package, which knows every operator."""
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(model)
    names = [port.name for port in model.graph.input]
    calls = [evaluator.run(None, dict(zip(names, inputs, strict=True))) for inputs in inferences]
    return tuple(tuple(np.asarray(output) for output in call) for call in calls)


def run_module(module: nn.Module, inferences: Sequence[Inference]) -> tuple[Inference, ...]:
    """The outputs of a module in evaluation mode, all tensors that it returns, in order."""
    import torch

    module.eval()
    with torch.no_grad():
        calls = [module(*(torch.from_numpy(array.copy()) for array in inputs)) for inputs in inferences]
    return tuple(tuple(flatten(call)) for call in calls)


def open_interpreter(file: Path) -> Any:
    """LiteRT's reference kernels on a `.tflite` file."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(str(file), experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    return interpreter


def run_litert(
    interpreter: Any, count: int, draw: np.random.Generator
) -> tuple[tuple[Inference, ...], tuple[Inference, ...]]:
    """Random int8 inputs of an interpreter, and its outputs."""
    inputs, outputs = [], []
    for _ in range(count):
        ports = interpreter.get_input_details()
        arrays = tuple(draw.integers(-128, 128, port["shape"]).astype(np.int8) for port in ports)
        for port, array in zip(ports, arrays, strict=True):
            interpreter.set_tensor(port["index"], array)
        interpreter.invoke()
        inputs.append(arrays)
        outputs.append(tuple(interpreter.get_tensor(port["index"]) for port in interpreter.get_output_details()))
    return tuple(inputs), tuple(outputs)


def flatten(result: Any) -> list[Array]:
    """The tensors that a module returns, in order."""
    from torch.utils._pytree import tree_leaves

    return [leaf.detach().numpy() for leaf in tree_leaves(result)]


def open_session(file: Path) -> Any:
    """onnxruntime on a file, without optimisations."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
