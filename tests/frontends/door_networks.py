"""Networks in files and modules of their own, and how near the simulated chip comes to their unchanged source."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from chipsmith.chip import load_chip
from chipsmith.frontends.registry import load_model
from chipsmith.targets.registry import load_target

ELEMENTS = {
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
    "int64": TensorProto.INT64,
    "bool": TensorProto.BOOL,
}
FLOOR_DB = 25.0


def port(name, *shape, dtype="float32"):
    """An input or output; sizes that are text are open."""
    return helper.make_tensor_value_info(name, ELEMENTS[dtype], shape)


def write_onnx(folder, nodes, inputs, outputs, constants, *, opset=17, ir_version=8):
    """The file of a network; `constants` by name, float64 arrays as float32."""
    tensors = [
        numpy_helper.from_array(
            np.asarray(values, np.float32 if np.asarray(values).dtype == np.float64 else None), name
        )
        for name, values in constants.items()
    ]
    graph = helper.make_graph(nodes, "net", inputs, outputs, tensors)
    opsets = [helper.make_opsetid("", opset)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=ir_version), folder / "net.onnx")
    return folder / "net.onnx"


def open_session(file):
    """onnxruntime on the file as it is; nothing is optimised."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def run_onnx(file, columns):
    """All outputs of an `.onnx` file, inferences along axis 0, for inputs of which the first axis counts inferences."""
    session = open_session(file)
    names = [source.name for source in session.get_inputs()]
    calls = [zip(names, map(np.asarray, inputs), strict=True) for inputs in zip(*columns, strict=True)]
    return join_calls([session.run(None, dict(call)) for call in calls])


def run_eager(module, columns):
    """All tensors that a module returns, as run_onnx has them."""
    import torch
    from torch.utils._pytree import tree_leaves

    with torch.no_grad():
        results = [
            module(*(torch.from_numpy(np.array(array)) for array in inputs)) for inputs in zip(*columns, strict=True)
        ]
    return join_calls([[leaf.numpy() for leaf in tree_leaves(result)] for result in results])


def join_calls(calls):
    """One array for each output, inferences along axis 0."""
    return [np.concatenate([np.atleast_1d(part) for part in parts]) for parts in zip(*calls, strict=True)]


def join_batches(column):
    """Inputs (n, b, ...) as the doors take them: (n x b, ...)."""
    return column.reshape(-1, *column.shape[2:])


def save_calibration(folder, columns, names):
    """The file of a calibration; each column is (n, b, ...)."""
    if len(columns) == 1:
        np.save(folder / "calibration.npy", join_batches(columns[0]))
        return folder / "calibration.npy"
    with zipfile.ZipFile(folder / "calibration.npz", "w") as archive:  # np.savez has arguments of its own names
        for name, column in zip(names, columns, strict=True):
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, np.asanyarray(join_batches(column)))
    return folder / "calibration.npz"


def run_chip(model, calibration, columns):
    """All outputs of the compiled network, simulated; each column is (n, b, ...)."""
    network = load_model(str(model), calibration)
    prepared = load_target("npu", load_chip("edge-256")).prepare(network)
    return prepared.run(*(join_batches(column) for column in columns))


def hold_onnx(file, *columns, floor=FLOOR_DB):
    """Hold the chip to onnxruntime on the same file, which `columns` calibrate; each is (n, b, ...)."""
    names = [source.name for source in open_session(file).get_inputs()]
    calibration = save_calibration(Path(file).parent, columns, names)
    hold(run_chip(file, calibration, columns), run_onnx(file, columns), floor=floor)


def hold_module(folder, model, module, *columns, names=("x",)):
    """Hold the chip to a module, the network that `package.module:function` names."""
    hold(run_chip(model, save_calibration(folder, columns, names), columns), run_eager(module, columns))


def hold(outputs, expected, *, floor=FLOOR_DB):
    """All outputs, in order, of the same shapes and types, floats near and everything else the same."""
    assert [(got.shape, got.dtype) for got in outputs] == [(wanted.shape, wanted.dtype) for wanted in expected]
    for got, wanted in zip(outputs, expected, strict=True):
        if wanted.dtype.kind == "f":
            assert sqnr_db(got, wanted) >= floor
        else:
            np.testing.assert_array_equal(got, wanted)


def sqnr_db(got, wanted):
    """10 log10 of the energy of `wanted` over that of the difference."""
    noise = np.sum((got.astype(np.float64) - wanted) ** 2)
    return np.inf if noise == 0 else 10 * np.log10(np.sum(wanted.astype(np.float64) ** 2) / noise)


def normal(seed, *shape):
    """Normally distributed float32 values."""
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
