"""An index outside of a table, on every target that computes in integers: GATHER gives 0, SCATTER writes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from nets import Net

from chipsmith.chip import load_chip
from chipsmith.frontends.quantized_network import integer_network
from chipsmith.targets import TargetOptions, load_target
from chipsmith.tosa.graph import DType

NANO = load_chip("nano-64")
TYPES = (DType.INT8, DType.INT16, DType.INT32)
ROWS = 6
INDICES = np.array([[-1, ROWS, 4, ROWS + 1, 0], [2**31 - 1, -(2**31), 2, -ROWS, ROWS - 1]], np.int32)
INSIDE = ((2, 4), (2, 4))
"""The places of the indices that name a row, for each table of the batch."""


def draw(shape: tuple[int, ...], dtype: DType) -> np.ndarray:
    limits = np.iinfo(dtype.numpy)
    return np.random.default_rng(len(shape)).integers(limits.min, limits.max, shape, dtype.numpy, endpoint=True)


TABLES = {dtype: draw((2, ROWS, 3), dtype) for dtype in TYPES}
UPDATES = {dtype: draw((2, 5, 3), dtype) for dtype in TYPES}


def gathered(dtype: DType) -> np.ndarray:
    expected = np.zeros((2, 5, 3), dtype.numpy)
    for table, places in enumerate(INSIDE):
        for place in places:
            expected[table, place] = TABLES[dtype][table, INDICES[table, place]]
    return expected


def scattered(dtype: DType) -> np.ndarray:
    expected = TABLES[dtype].copy()
    for table, places in enumerate(INSIDE):
        for place in places:
            expected[table, INDICES[table, place]] = UPDATES[dtype][table, place]
    return expected


def moving_graph(dtypes: tuple[DType, ...]):
    """GATHER from a computed and from a constant table and SCATTER, of each type, by the same computed indices."""
    net = Net()
    net.inputs.append(net.tensor("indices", INDICES.shape, DType.INT32))
    outputs, expected, inputs = [], [], {"indices": INDICES}
    for dtype in dtypes:
        table, updates = f"table{dtype.name}", f"updates{dtype.name}"
        for name, array in ((table, TABLES[dtype]), (updates, UPDATES[dtype])):
            net.inputs.append(net.tensor(name, array.shape, dtype))
            inputs[name] = array
        for source in (table, net.constant(TABLES[dtype], dtype)):
            outputs.append(net.add("GATHER", (source, "indices"), (2, 5, 3), dtype))
            expected.append(gathered(dtype))
        outputs.append(net.add("SCATTER", (table, "indices", updates), (2, ROWS, 3), dtype))
        expected.append(scattered(dtype))
    return net.graph(*outputs), inputs, dict(zip(outputs, expected, strict=True))


@pytest.mark.parametrize("name", ["reference", "npu", "rtl", "c"])
def test_targets_of_graphs(name):
    graph, inputs, expected = moving_graph(TYPES)
    target = load_target(name, NANO)
    if target.missing():
        pytest.skip(f"{name} needs {target.missing()[0].name}")
    outputs = target.prepare_graph(graph).execute(inputs)
    for output, values in expected.items():
        np.testing.assert_array_equal(outputs[output], values, err_msg=output)


@pytest.mark.parametrize("runtime", ["onnxruntime", "onnxruntime-signed"])
def test_runtimes_of_this_computer(runtime):
    graph, inputs, expected = moving_graph((DType.INT8, DType.INT32))
    target = load_target("cpu", NANO, TargetOptions(runtime=runtime))
    if target.missing():
        pytest.skip(f"{runtime} needs {target.missing()[0].name}")
    network = integer_network(graph)
    outputs = target.prepare(network).run(*(inputs[tensor.name] for tensor in network.author_inputs))
    for array, values in zip(outputs, expected.values(), strict=True):
        np.testing.assert_array_equal(array, values)
