"""An ONNX file is read whole or refused in one line, whatever its bytes are."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx_networks import assert_same, floats, integers, node, proto, typed, weights

from chipsmith import extras
from chipsmith.errors import BadInput, ChipsmithError
from chipsmith.frontends.onnx.load import load_onnx
from chipsmith.frontends.onnx.model import parse_model, read_model
from chipsmith.frontends.onnx.network import lower_model
from chipsmith.frontends.registry import load_model

SMALL = typed(
    proto(
        [
            node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
            node("Relu", ["c"], ["r"]),
            node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
            node("Flatten", ["p"], ["f"]),
            node("Gemm", ["f", "v"], ["l"]),
            node("Softmax", ["l"], ["y"], axis=1),
        ],
        [weights("w", 4, 2, 3, 3), weights("v", 36, 5)],
        x=(1, 2, 6, 6),
    )
)
ROUNDED = typed(
    proto(
        [
            node("QuantizeLinear", ["x", "s", "z"], ["q"]),
            node("DequantizeLinear", ["q", "s", "z"], ["r"]),
            node("DequantizeLinear", ["v", "s"], ["w"]),
            node("Conv", ["r", "w"], ["c"]),
            node("QuantizeLinear", ["c", "s", "z"], ["p"]),
            node("DequantizeLinear", ["p", "s", "z"], ["y"]),
        ],
        [
            floats("s", 0.05),
            onnx.numpy_helper.from_array(np.int8(3), "z"),
            onnx.numpy_helper.from_array(np.arange(36, dtype=np.int8).reshape(2, 2, 3, 3), "v"),
        ],
        x=(1, 2, 6, 6),
    )
)


@pytest.fixture(scope="module")
def qdq_bytes():
    return ROUNDED.SerializeToString()


def saved(network, folder, name="net.onnx"):
    file = folder / name
    file.write_bytes(network if isinstance(network, bytes) else network.SerializeToString())
    return file


def test_quantised_file_needs_no_calibration(qdq_bytes, tmp_path):
    graph = load_model(str(saved(qdq_bytes, tmp_path))).graph
    assert (graph.name, graph.tensor("x").shape, graph.tensor("y").shape) == ("net", (1, 6, 6, 2), (1, 4, 4, 2))


def test_calibration_for_a_quantised_file_is_one_too_many(qdq_bytes, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((4, 2, 6, 6)))
    with pytest.raises(BadInput, match="is quantised already: leave --calibration out"):
        load_onnx(str(saved(qdq_bytes, tmp_path)), tmp_path / "x.npy")


def test_float_file_needs_a_calibration(tmp_path):
    with pytest.raises(BadInput, match=r"net\.onnx is a float network and needs --calibration x\.npy"):
        load_onnx(str(saved(SMALL, tmp_path)), None)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"cannot read .*no\.onnx: No such file"):
        read_model(tmp_path / "no.onnx")


@pytest.mark.parametrize("data", [b"", b"not a network", b"\x00" * 100, b"TFL3" * 50])
def test_foreign_file_is_refused(data, tmp_path):
    with pytest.raises(BadInput, match=r"net\.onnx is not an ONNX file"):
        read_model(saved(data, tmp_path))


def test_missing_library_is_named_with_the_mend(monkeypatch, tmp_path):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "onnxruntime" else name)
    with pytest.raises(BadInput, match=r"onnxruntime is not installed; mend: pip install 'chipsmith\[onnx\]'"):
        read_model(saved(SMALL, tmp_path))


def open_sizes(*sizes):
    network = onnx.ModelProto()
    network.CopyFrom(SMALL)
    dims = network.graph.input[0].type.tensor_type.shape.dim
    for dim, size in zip(dims, sizes, strict=True):
        if isinstance(size, str):
            dim.Clear()
            dim.dim_param = size
    return network


def test_open_batch_is_one(tmp_path):
    assert read_model(saved(open_sizes("n", 2, 6, 6), tmp_path)).inputs[0].shape == (1, 2, 6, 6)


def test_open_size_is_taken_from_the_calibration_or_named(tmp_path):
    file = saved(open_sizes("n", 2, "height", 6), tmp_path)
    with pytest.raises(BadInput, match=r"size of axis 2 of input 'x' \(\[\?, 2, \?, 6\]\) open; give its whole shape"):
        read_model(file)
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(8, 2, 6, 6)))
    network = load_onnx(str(file), tmp_path / "x.npy")
    assert network.graph.tensor("x").shape == (1, 6, 6, 2)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (
            (8, 2, 5, 6),
            r"calibration of shape \[8, 2, 5, 6\] does not fit input 'x', which takes \[1, 2, 6, 6\]",
        ),
        ((8, 72), r"calibration of shape \[8, 72\] does not fit input 'x', which takes \[1, 2, 6, 6\]"),
        ((0, 2, 6, 6), "holds no inputs"),
    ],
)
def test_calibration_of_another_shape_is_named(shape, message, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(shape))
    with pytest.raises(BadInput, match=message):
        load_onnx(str(saved(SMALL, tmp_path)), tmp_path / "x.npy")


def test_calibration_by_other_names_is_named(tmp_path):
    np.savez(tmp_path / "x.npz", image=np.zeros((4, 2, 6, 6)))
    with pytest.raises(BadInput, match="the calibration holds image where x belong"):
        load_onnx(str(saved(SMALL, tmp_path)), tmp_path / "x.npz")


def test_weights_beside_the_file_are_read_or_named(tmp_path):
    network = onnx.ModelProto()
    network.CopyFrom(SMALL)
    file = tmp_path / "net.onnx"
    onnx.save(network, file, save_as_external_data=True, location="net.weights", size_threshold=0)
    np.testing.assert_array_equal(
        read_model(file).constants["w"], onnx.numpy_helper.to_array(SMALL.graph.initializer[0])
    )
    (tmp_path / "net.weights").unlink()
    with pytest.raises(BadInput, match=r"keeps its weights in net\.weights, which cannot be read beside it"):
        read_model(file)


ABSURD = {
    "input": proto([node("Relu", ["x"], ["y"])], x=(1, 1 << 20, 1 << 20)),
    "constant": proto(
        [
            node("ConstantOfShape", ["s"], ["k"]),
            node("Add", ["x", "k"], ["y"]),
        ],
        [integers("s", [1 << 20, 1 << 20])],
        x=(1, 1),
    ),
    "attribute": proto([node("MaxPool", ["x"], ["y"], kernel_shape=[0, 3])], x=(1, 2, 6, 6)),
    "weights": proto([node("Conv", ["x", "w"], ["y"])], [weights("w", 4, 3, 3, 3)], x=(1, 2, 6, 6)),
    "scale": proto(
        [node("QuantizeLinear", ["x", "s"], ["q"]), node("DequantizeLinear", ["q", "s"], ["y"])],
        [floats("s", -1)],
        x=(1, 4),
    ),
}


@pytest.mark.parametrize("name", ABSURD)
def test_network_that_makes_no_sense_is_refused(name, tmp_path):
    with pytest.raises(ChipsmithError) as told:
        lower_model(read_model(saved(typed(ABSURD[name]), tmp_path)))
    assert "\n" not in str(told.value)


def test_cycle_is_refused(tmp_path):
    graph = helper.make_graph(
        [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"])],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])],
    )
    with pytest.raises(BadInput, match="not a legal ONNX network"):
        read_model(saved(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), tmp_path))


def test_file_of_ir_3_lists_its_weights_among_its_inputs():
    network = onnx.ModelProto()
    network.CopyFrom(SMALL)
    network.ir_version = 3
    listed = [helper.make_tensor_value_info(c.name, c.data_type, c.dims) for c in network.graph.initializer]
    network.graph.input.extend(listed)
    read = parse_model(network.SerializeToString(), "net.onnx")
    assert [port.name for port in read.inputs] == ["x"]
    assert_same(read)


def test_functions_of_the_file_are_written_out():
    body = [node("Sigmoid", ["a"], ["s"]), node("Mul", ["a", "s"], ["b"])]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    function = helper.make_function("own", "Silu", ["a"], ["b"], body, opsets[:1])
    graph = helper.make_graph(
        [node("Silu", ["x"], ["y"], domain="own")],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])],
    )
    network = helper.make_model(graph, opset_imports=opsets, functions=[function], ir_version=8)
    assert_same(parse_model(network.SerializeToString(), "net.onnx"))


def recurrent(size, opset=17):
    """A network of a recurrent layer over an axis of that size or symbol; only its last state comes out."""
    network = proto(
        [node("RNN", ["x", "w", "r"], ["", "y"], hidden_size=3)],
        [weights("w", 1, 3, 4), weights("r", 1, 3, 3)],
        opset,
        x=(1, 1, 4),
    )
    dim = network.graph.input[0].type.tensor_type.shape.dim[0]
    dim.Clear()
    if size is not None:
        dim.dim_param = size
    return typed(network)


@pytest.mark.parametrize("symbol", ["time", "batch", None])
def test_an_open_first_axis_that_is_no_batch_is_as_long_as_the_calibration(symbol, tmp_path):
    file = saved(recurrent(symbol), tmp_path)
    with pytest.raises(BadInput, match=r"axis 0 of input 'x' .* open, which is no batch: .* --shape x=1x1x4"):
        read_model(file)
    assert read_model(file, samples=((20, 1, 4),)).inputs[0].shape == (20, 1, 4)
    assert read_model(file, samples=((7, 20, 1, 4),)).inputs[0].shape == (20, 1, 4)
    assert read_model(file, shapes={"x": (5, 1, 4)}).inputs[0].shape == (5, 1, 4)


def test_sizes_of_a_symbol_are_equal(tmp_path):
    network = proto([node("Add", ["x", "z"], ["y"])], x=(1, 4), z=(1, 4))
    for port in network.graph.input:
        port.type.tensor_type.shape.dim[1].dim_param = "length"
    read = read_model(saved(typed(network), tmp_path), shapes={"z": (1, 9)})
    assert [port.shape for port in read.inputs] == [(1, 9), (1, 9)]


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"image": (1, 2, 6, 6)}, r"net\.onnx has no input 'image' to give a shape; its inputs are x"),
        ({"x": (1, 2, 6)}, r"shape \[1, 2, 6\] does not fit input 'x' of .*, which is \[1, 2, 6, 6\]"),
        ({"x": (1, 3, 6, 6)}, r"shape \[1, 3, 6, 6\] does not fit input 'x'"),
    ],
)
def test_shape_that_does_not_fit_is_named(shapes, message, tmp_path):
    with pytest.raises(BadInput, match=message):
        read_model(saved(SMALL, tmp_path), shapes=shapes)


def test_inputs_and_outputs_keep_names_order_and_types():
    network = proto(
        [node("Cast", ["i"], ["f"], to=1), node("Add", ["x", "f"], ["file"]), node("Identity", ["x"], ["x again"])],
        outputs=("file", "x", "x again", "k"),
        constants=[integers("k", [7, 8])],
        x=(2, 3),
        i=("int64", 2, 3),
        unread=("bool", 5),
    )
    inferred = typed(network)
    inferred.graph.output[3].type.tensor_type.elem_type = TensorProto.INT64
    lowered, _ = lower_model(parse_model(inferred.SerializeToString(), "net.onnx"))
    assert [(port.name, port.dtype.name, port.shape) for port in lowered.inputs] == [
        ("x", "float32", (2, 3)),
        ("i", "int64", (2, 3)),
        ("unread", "bool", (5,)),
    ]
    assert [(port.name, port.dtype.name) for port in lowered.outputs] == [
        ("file", "float32"),
        ("x", "float32"),
        ("x again", "float32"),
        ("k", "int64"),
    ]
    assert [port.tensor for port in lowered.outputs[1:3]] == ["x", "x"]
    np.testing.assert_array_equal(lowered.outputs[3].constant, [7, 8])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6), kept=st.floats(0.5, 1.5)
)
def test_mutated_file_is_a_network_or_one_line(changes, kept, qdq_bytes, tmp_path):
    data = bytearray(qdq_bytes[: int(kept * len(qdq_bytes))])
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    assert "\n" not in said_of(saved(bytes(data), tmp_path))


def said_of(file):
    """The message that a file is refused with; nothing where it is a network."""
    try:
        load_model(str(file))
    except ChipsmithError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("kind", "element", "said"),
    [
        ("Conv", TensorProto.BOOL, "is of truth values; it takes real numbers"),
        ("Conv", TensorProto.INT32, "is of integers; it takes real numbers"),
        ("Sigmoid", TensorProto.BOOL, "is of truth values; it takes real numbers"),
        ("Not", TensorProto.FLOAT, "is of real numbers; it takes truth values"),
        ("MaxPool", TensorProto.BOOL, "is of truth values; it takes real numbers or integers"),
    ],
)
def test_an_input_of_a_type_that_its_operator_does_not_take_is_refused(kind, element, said):
    """As onnxruntime refuses it when it loads the file."""
    operands = ["x", "w"] if kind == "Conv" else ["x"]
    settings = {"kernel_shape": [2, 2]} if kind == "MaxPool" else {}
    model = proto([node(kind, operands, ["y"], **settings)], [weights("w", 4, 2, 3, 3)], x=(1, 2, 6, 6))
    model.graph.input[0].type.tensor_type.elem_type = element
    with pytest.raises(BadInput, match=f"{kind} '.*': its input 'x' {said}"):
        lower_model(parse_model(model.SerializeToString(), "m"))
