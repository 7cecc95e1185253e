"""predict() in C gives the bits of Chipsmith's own host steps, whatever the author's types, layouts and scales."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from predict_library import PredictLibrary, expect

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import (
    AuthorTensor,
    ConstantOutput,
    IoBinding,
    PassedInput,
    ScaleDivision,
    StateBinding,
)
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.tosa.graph import DType, Graph, Operator, Tensor

RANDOM = np.random.default_rng(0)


def author(name, *shape, dtype="float32"):
    return AuthorTensor(name=name, dtype=np.dtype(dtype), shape=shape)


def copying_graph(*shape, dtype=DType.INT8):
    """y = x, by an operator that changes nothing."""
    return Graph(
        name="copying",
        tensors={name: Tensor(name=name, shape=shape, dtype=dtype) for name in "xy"},
        operators=(Operator(kind="IDENTITY", name="y", inputs=("x",), outputs=("y",)),),
        constants={},
        inputs=("x",),
        outputs=("y",),
    )


def copying(shape, *, dtype=DType.INT8, given="float32", taken="float32", axes=None, **binding):
    """A network that copies its input, which is the author's type `given`, to an output of the type `taken`."""
    axes = tuple(axes or range(len(shape)))
    own = [0] * len(shape)
    for place, axis in enumerate(axes):
        own[axis] = shape[place]
    bound = {
        name: IoBinding(tensor=name, position=0, axes=axes, **{"scale": None, "zero_point": 0, **binding})
        for name in "xy"
    }
    return QuantizedNetwork(
        graph=copying_graph(*shape, dtype=dtype),
        inputs=(bound["x"],),
        outputs=(bound["y"],),
        author_inputs=(author("image", *own, dtype=given),),
        author_outputs=(author("image out", *own, dtype=taken),),
    )


def assert_same(network, folder, *inputs):
    library = PredictLibrary(network, folder)
    outputs, expected = library.call(*inputs), expect(network, *inputs)
    assert library.status == 0
    for output, reference in zip(outputs, expected, strict=True):
        assert output.dtype == reference.dtype
        assert output.tobytes() == reference.reshape(output.shape).tobytes()


def hard_reals(scale, count):
    """Reals whose steps are halves, their neighbours, limits and far beyond them."""
    halves = (np.arange(-300, 300) + 0.5) * scale
    near = np.concatenate(
        [np.nextafter(halves, -np.inf, dtype=np.float32), np.nextafter(halves, np.inf, dtype=np.float32)]
    )
    extremes = [0.0, -0.0, 1e-40, 3e9, -3e9, 1e38, -1e38, np.inf, -np.inf, 127 * scale, -128 * scale]
    values = np.concatenate([halves, near, extremes, RANDOM.normal(size=count) * 100 * scale]).astype(np.float32)
    return np.resize(values, count)


@pytest.mark.parametrize("rounding", list(ScaleDivision))
@pytest.mark.parametrize(("scale", "zero_point"), [(0.5, 0), (0.0123, -128), (1 / 3, 17), (2.0, 127)])
def test_reals_are_rounded_as_their_framework_does(tmp_path, rounding, scale, zero_point):
    network = copying((1, 3000), scale=scale, zero_point=zero_point, rounding=rounding)
    assert_same(network, tmp_path, hard_reals(scale, 3000).reshape(1, 3000))


def test_reals_of_16_bits(tmp_path):
    assert_same(
        copying((1, 3000), dtype=DType.INT16, scale=0.001, zero_point=0), tmp_path, hard_reals(0.001, 3000)[None]
    )


@pytest.mark.parametrize("given", ["float64", "float16", "int8", "uint8", "int32", "int64", "bool"])
def test_other_types_are_quantised_as_reals(tmp_path, given):
    values = RANDOM.integers(0, 2 if given == "bool" else 100, (1, 200)).astype(given)
    assert_same(copying((1, 200), given=given, taken="float64", scale=0.75, zero_point=-3), tmp_path, values)


def test_what_is_no_number_becomes_the_least(tmp_path):
    library = PredictLibrary(copying((1, 2), scale=0.5, zero_point=-28), tmp_path)
    (output,) = library.call(np.array([[np.nan, 1.0]], np.float32))
    assert output.tolist() == [[-50.0, 1.0]]


@pytest.mark.parametrize("axes", [(0, 2, 3, 1), (0, 3, 1, 2), (3, 2, 1, 0), (0, 1, 3, 2), (1, 0, 2, 3)])
@pytest.mark.parametrize("shape", [(1, 4, 5, 3), (2, 3, 4, 5), (1, 1, 6, 2)])
def test_axes_are_moved_there_and_back(tmp_path, shape, axes):
    """The copy goes into the graph's layout by the input's axes, and out by the output's, which move otherwise."""
    network = copying(shape, axes=axes, scale=1.0, zero_point=0)
    given = network.author_inputs[0].shape
    values = RANDOM.integers(-128, 128, given).astype(np.float32)
    assert_same(network, tmp_path, values)
    plain = dataclasses.replace(network.outputs[0], axes=(0, 1, 2, 3))
    graph_order = dataclasses.replace(network, outputs=(plain,), author_outputs=(author("y", *shape),))
    (tmp_path / "other").mkdir()
    assert_same(graph_order, tmp_path / "other", values)


@pytest.mark.parametrize(
    ("dtype", "given", "zero_point", "low", "high"),
    [
        (DType.INT8, "int8", 0, -128, 127),
        (DType.INT8, "uint8", -128, 0, 255),
        (DType.INT8, "int64", -128, 0, 255),
        (DType.INT8, "float32", -128, 0, 255),
        (DType.INT32, "int64", 0, -(1 << 31), (1 << 31) - 1),
        (DType.INT32, "uint64", 0, 0, (1 << 31) - 1),
        (DType.INT16, "int16", 0, -(1 << 15), (1 << 15) - 1),
    ],
)
def test_integers_stay_integers(tmp_path, dtype, given, zero_point, low, high):
    values = np.concatenate([RANDOM.integers(low, high + 1, 18), [low, high]]).astype(given)[None]
    assert_same(copying((1, 20), dtype=dtype, given=given, taken=given, zero_point=zero_point), tmp_path, values)


@pytest.mark.parametrize("value", [256, -1, 1 << 40, -(1 << 40)])
def test_integers_that_the_network_does_not_take_are_refused_with_the_inputs_number(tmp_path, value):
    network = copying((1, 4), given="int64", taken="int64", zero_point=-128)
    library = PredictLibrary(network, tmp_path)
    (output,) = library.call(np.array([[1, 2, 3, value]]))
    assert library.status == 1
    assert output.tolist() == [[77] * 4]
    with pytest.raises(BadInput):
        network.quantize_inputs(np.array([[1, 2, 3, value]]))


@pytest.mark.parametrize("value", [0.5, np.nan, np.inf, -1.0, 1e30])
def test_reals_that_are_no_integers_are_refused(tmp_path, value):
    library = PredictLibrary(copying((1, 2), given="float32", zero_point=-128), tmp_path)
    library.call(np.array([[1.0, value]], np.float32))
    assert library.status == 1


def test_truth_values(tmp_path):
    network = copying((1, 9), dtype=DType.BOOL, given="bool", taken="bool")
    assert_same(network, tmp_path, RANDOM.integers(0, 2, (1, 9)).astype(bool))


def test_integers_in_the_graphs_own_layout_are_not_copied(tmp_path):
    source = PredictLibrary(copying((1, 4), given="int8", taken="int8"), tmp_path).predict.source
    assert "static" not in source


def test_outputs_that_are_passed_constant_or_given_twice(tmp_path):
    base = copying((1, 6), scale=0.5, zero_point=3)
    constant = np.array([[1.5, -2.0, np.pi]], np.float32)
    network = dataclasses.replace(
        base,
        outputs=(
            PassedInput(position=1, source=1),
            ConstantOutput(position=0, values=constant),
            dataclasses.replace(base.outputs[0], position=2),
            dataclasses.replace(base.outputs[0], position=3, scale=None, zero_point=0),
        ),
        author_inputs=(base.author_inputs[0], author("handed on", 2, 2, dtype="int64"), author("unread", 3)),
        author_outputs=(
            author("constant", 1, 3),
            author("handed on", 2, 2, dtype="int32"),
            author("real", 1, 6),
            author("integer", 1, 6, dtype="int8"),
        ),
    )
    values = (RANDOM.normal(size=(1, 6)).astype(np.float32), np.arange(4).reshape(2, 2), np.zeros(3, np.float32))
    assert_same(network, tmp_path, *values)


def adding_network(initial):
    """y = x + state; y becomes the state."""
    graph = Graph(
        name="adding",
        tensors={name: Tensor(name=name, shape=(1, 3), dtype=DType.INT32) for name in ("x", "before", "y")},
        operators=(Operator(kind="ADD", name="y", inputs=("x", "before"), outputs=("y",)),),
        constants={},
        inputs=("x", "before"),
        outputs=("y",),
    )
    bound = [IoBinding(tensor=name, position=0, scale=None, zero_point=0, axes=(0, 1)) for name in "xy"]
    return QuantizedNetwork(
        graph=graph,
        inputs=(bound[0],),
        outputs=(bound[1],),
        author_inputs=(author("x", 1, 3, dtype="int32"),),
        author_outputs=(author("sum", 1, 3, dtype="int32"),),
        states=(StateBinding(before="before", after="y", initial=np.array([initial], np.int32)),),
    )


@pytest.mark.parametrize("initial", [[0, 0, 0], [5, -6, 7]])
def test_states_go_on_from_call_to_call_until_they_are_reset(tmp_path, initial):
    network = adding_network(initial)
    library = PredictLibrary(network, tmp_path)
    series = RANDOM.integers(-1000, 1000, (4, 3)).astype(np.int32)
    (expected,) = expect(network, series)
    for _ in range(2):
        outputs = np.concatenate([library.call(row[None])[0] for row in series])
        assert np.array_equal(outputs, expected)
        library.reset()


def test_names_of_c_in_the_network_are_no_trouble(tmp_path):
    network = copying((1, 4), scale=0.5, zero_point=0)
    odd = dataclasses.replace(
        network,
        author_inputs=(author("x_integers", 1, 4),),
        author_outputs=(author("while */ memcpy", 1, 4),),
    )
    assert_same(odd, tmp_path, RANDOM.normal(size=(1, 4)).astype(np.float32))
