"""Random legal networks whose border is unusual: the chip gives the author's outputs by name, order, shape and type."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx_networks import assert_same, floats, integers, node, random_inputs, source_outputs

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.frontends.onnx.load import quantise_file
from chipsmith.frontends.onnx.model import parse_model
from chipsmith.sim import functional

NETWORKS = 40
INFERENCES = 24
NAMES = (
    *("file", "0", "a/b:c", "x.y", "größe", "with a space", "constant", "output", "IDENTITY", "file.1", "%7"),
    *("network", "net/constant"),
)
SHAPES = ((1, 3, 6, 6), (2, 5), (1, 4, 8), (3, 2, 2, 5), (7,), (1, 2, 3, 4, 2))
MOST_OPERATORS = 7
KINDS = ("relu", "sigmoid", "mul", "add", "transpose", "reshape", "join", "mean", "clip", "softmax", "matmul")


class Draft:
    """A network in the making: its values by name with their shapes."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.constants = [], []
        names = list(self.random.permutation(NAMES))
        self.names = [str(name) for name in names] + [f"value {index}" for index in range(30)]
        self.shape = SHAPES[seed % len(SHAPES)]
        self.inputs = [self._take_name() for _ in range(1 + seed % 2)]
        self.values = dict.fromkeys(self.inputs, self.shape)
        for _ in range(int(self.random.integers(1, MOST_OPERATORS))):
            self._add_operator()

    def _take_name(self):
        return self.names.pop(0)

    def _choose(self, items):
        return items[int(self.random.integers(len(items)))]

    def _add_operator(self):
        """An operator of one of the values so far, which others may read too."""
        source = self._choose(list(self.values))
        shape = self.values[source]
        images = ["conv", "maxpool"] * 2 if len(shape) == 4 and min(shape[2:]) > 1 else []
        getattr(self, f"_add_{self._choose([*KINDS, *images])}")(source, shape)

    def _emit(self, kind, inputs, shape, **attributes):
        name = self._take_name()
        self.nodes.append(node(kind, inputs, [name], **attributes))
        self.values[name] = tuple(int(size) for size in shape)

    def _constant(self, values):
        name = f"k {len(self.constants)}"
        self.constants.append(floats(name, values) if np.asarray(values).dtype.kind == "f" else integers(name, values))
        return name

    def _add_relu(self, source, shape):
        self._emit("Relu", [source], shape)

    def _add_sigmoid(self, source, shape):
        self._emit("Sigmoid", [source], shape)

    def _add_mul(self, source, shape):
        self._emit("Mul", [source, self._constant(self.random.normal(size=shape[-1:]))], shape)

    def _add_add(self, source, shape):
        others = [name for name, size in self.values.items() if size == shape]
        self._emit("Add", [source, self._choose(others)], shape)

    def _add_transpose(self, source, shape):
        perm = [int(axis) for axis in self.random.permutation(len(shape))]
        self._emit("Transpose", [source], [shape[axis] for axis in perm], perm=perm)

    def _add_reshape(self, source, shape):
        target = (shape[0], int(np.prod(shape[1:])))
        self._emit("Reshape", [source, self._constant(np.array(target))], target)

    def _add_join(self, source, shape):
        self._emit(
            "Concat",
            [source, self._choose([source, *self.inputs]) if shape == self.shape else source],
            (2 * shape[0], *shape[1:]),
            axis=0,
        )

    def _add_mean(self, source, shape):
        self._emit("ReduceMean", [source], (*shape[:-1], 1), axes=[-1])

    def _add_clip(self, source, shape):
        self._emit("Clip", [source, self._constant(-0.7), self._constant(0.9)], shape)

    def _add_softmax(self, source, shape):
        self._emit("Softmax", [source], shape, axis=-1)

    def _add_matmul(self, source, shape):
        self._emit("MatMul", [source, self._constant(self.random.normal(size=(shape[-1], 3)))], (*shape[:-1], 3))

    def _add_conv(self, source, shape):
        kernel = self.random.normal(size=(4, shape[1], 2, 2)) * 0.3
        size = (shape[0], 4, shape[2] - 1, shape[3] - 1)
        self._emit("Conv", [source, self._constant(kernel)], size)

    def _add_maxpool(self, source, shape):
        size = (*shape[:2], shape[2] - 1, shape[3] - 1)
        self._emit("MaxPool", [source], size, kernel_shape=[2, 2])

    def write(self):
        """The network: some of its values are outputs, an input as it is may be among them."""
        names = list(self.values)
        count = int(self.random.integers(1, min(4, len(names)) + 1))
        outputs = [str(name) for name in self.random.permutation(names)[:count]]
        outputs += [names[-1]] if names[-1] not in outputs else []
        ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, self.shape) for name in self.inputs]
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, self.values[name]) for name in outputs]
        graph = helper.make_graph(self.nodes, "net", ports, results, self.constants)
        network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(network, full_check=True)
        return parse_model(network.SerializeToString(), "net.onnx")


@pytest.mark.parametrize("seed", range(NETWORKS))
def test_outputs_are_the_authors_in_name_order_shape_and_values(seed):
    network = Draft(seed).write()
    columns = random_inputs(network, INFERENCES, seed=seed)
    assert_same(network, [column[:2] for column in columns])
    quantised = quantise_file(network, columns)
    assert tuple(tensor.name for tensor in quantised.author_outputs) == network.outputs
    joined = [column.reshape(-1, *column.shape[2:]) for column in columns]
    ours = run_on_chip(quantised, joined)
    for name, values, theirs in zip(network.outputs, ours, source_outputs(network, columns), strict=True):
        assert (name, values.dtype) == (name, theirs.dtype)
        assert sqnr_db(theirs, values.reshape(theirs.shape)) > 20, name


def run_on_chip(network, columns):
    """The author's outputs from the simulated chip, which has nothing to do where the host hands inputs on."""
    inputs = network.quantize_inputs(*columns)
    if not network.graph.operators:
        return network.dequantize_outputs({}, columns)
    outputs = functional.execute(compile_graph(network.graph, load_chip("edge-256")), inputs)
    return network.dequantize_outputs(outputs, columns)


def sqnr_db(exact, rough):
    signal, noise = ((values.astype(np.float64) ** 2).sum() for values in (exact, exact - rough))
    return np.inf if noise <= 1e-12 * signal or signal == 0 else 10 * np.log10(signal / noise)
