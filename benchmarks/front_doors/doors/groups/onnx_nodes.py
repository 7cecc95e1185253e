"""The `onnx` package's own tests of operators, by the names in `onnx_nodes.txt`: 261 of them, in release 1.21.

They are the first two of each operator, in the order of their names, whose first input and output are float32. What a
network has as its parameters is a constant here too: integers (axes, shapes, indices), booleans, numbers of rank 0 and
the weights of the operators in WEIGHTS. The other inputs stay inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.tosa.graph import Array
from doors.random_inputs import draw_like
from doors.subject import Door, Example, Inference, Subject

if TYPE_CHECKING:
    import onnx

NAMES = Path(__file__).with_suffix(".txt")
CALIBRATION_INPUTS = 8
WEIGHTS = {
    "BatchNormalization": (1, 2, 3, 4),
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "DeformConv": (1, 3),
    "GRU": (1, 2, 3),
    "GroupNormalization": (1, 2),
    "InstanceNormalization": (1, 2),
    "LSTM": (1, 2, 3, 7),
    "LayerNormalization": (1, 2),
    "PRelu": (1,),
    "RMSNormalization": (1,),
    "RNN": (1, 2, 3),
    "Resize": (1, 2),
    "Upsample": (1,),
}
"""Which inputs of an operator are its weights, counted from 0."""


def list_subjects() -> Sequence[Subject]:
    return [
        Subject(group="onnx-nodes", file=name, door=Door.ONNX, packages=("onnx",), make=partial(make_example, name))
        for name in NAMES.read_text().split()
    ]


def make_example(name: str, folder: Path) -> Example:
    """The test's network with its inputs and outputs; calibrated with these and with random ones of the same range."""
    import onnx

    test = Path(onnx.__file__).parent / "backend" / "test" / "data" / "node" / name
    model = onnx.load(test / "model.onnx")
    live = freeze_parameters(model, _read_tensors(test, "input"))
    onnx.save(model, folder / "model.onnx")
    draw = np.random.default_rng(0)
    return Example(
        model=str(folder / "model.onnx"),
        input_names=tuple(port.name for port in model.graph.input),
        calibration=(live, *(draw_like(live, draw) for _ in range(CALIBRATION_INPUTS))),
        inputs=(live,),
        expected=(_read_tensors(test, "output"),),
    )


def freeze_parameters(model: onnx.ModelProto, inputs: Inference) -> Inference:
    """Make a network's parameters constants of it, and give the inputs that stay: the first one does in any case."""
    from onnx import numpy_helper

    weights = {
        name
        for node in model.graph.node
        for position, name in enumerate(node.input)
        if position in WEIGHTS.get(node.op_type, ())
    }
    pairs = list(zip(list(model.graph.input), inputs, strict=True))
    frozen = [(port, array) for port, array in pairs[1:] if port.name in weights or _is_parameter(array)]
    for port, array in frozen:
        model.graph.initializer.append(numpy_helper.from_array(array, port.name))
        model.graph.input.remove(port)
    left = {port.name for port in model.graph.input}
    return tuple(array for port, array in pairs if port.name in left)


def _is_parameter(array: Array) -> bool:
    return array.dtype.kind != "f" or array.ndim == 0


def _read_tensors(test: Path, role: str) -> Inference:
    import onnx
    from onnx import numpy_helper

    data = test / "test_data_set_0"
    files = [data / f"{role}_{index}.pb" for index in range(len(list(data.glob(f"{role}_*.pb"))))]
    return tuple(numpy_helper.to_array(onnx.TensorProto.FromString(file.read_bytes())) for file in files)
