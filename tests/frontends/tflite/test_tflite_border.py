"""What stands at the border of a `.tflite` network: types, names, constants and tensors that are given as they came."""

from __future__ import annotations

import numpy as np
import pytest
from tflite_agreement import assert_same
from tflite_files import FileWriter, Scaled

from chipsmith.errors import BadInput
from chipsmith.frontends.tflite.network import load_tflite

SHAPE = (1, 6, 5, 2)
INSIDE = Scaled(0.03, -4)
RESULT = Scaled(0.05, 7)


def write_relu(write: FileWriter, source: int) -> int:
    """An int8 operator with another scale behind it."""
    return write.operator("RELU", [source], [write.tensor(SHAPE, "int8", RESULT)])


def test_float_border_is_quantised_by_the_host(tmp_path):
    write = FileWriter()
    x, q = write.tensor(SHAPE, "float32", name="image"), write.tensor(SHAPE, "int8", INSIDE)
    write.operator("QUANTIZE", [x], [q])
    y = write.tensor(SHAPE, "float32", name="scores")
    write.operator("DEQUANTIZE", [write_relu(write, q)], [y])
    path = write.write(tmp_path / "network.tflite", [x], [y])
    halves = (np.arange(-150, 150) + 0.5).astype(np.float32) * np.float32(INSIDE.scale)
    network = assert_same(path, halves.reshape(5, *SHAPE))
    assert (network.input_names, network.output_names) == (("image",), ("scores",))
    assert [step.name.split()[0] for step in network.host_steps] == ["quantize", "dequantize"]


def test_float_input_that_is_quantised_twice(tmp_path):
    write = FileWriter()
    x = write.tensor(SHAPE, "float32")
    fine, coarse = write.tensor(SHAPE, "int8", INSIDE), write.tensor(SHAPE, "int8", Scaled(0.2, 50))
    for q in (fine, coarse):
        write.operator("QUANTIZE", [x], [q])
    total = write.operator("ADD", [fine, coarse], [write.tensor(SHAPE, "int8", RESULT)], "AddOptions")
    path = write.write(tmp_path / "network.tflite", [x], [total, fine])
    assert_same(path, np.random.default_rng(0).normal(0, 3, (5, *SHAPE)).astype(np.float32))


def test_uint8_throughout(tmp_path):
    write = FileWriter()
    x = write.tensor(SHAPE, "uint8", Scaled(0.03, 140))
    other = write.constant(np.arange(60).reshape(SHAPE), "uint8", Scaled(0.02, 3))
    y = write.operator("MUL", [x, other], [write.tensor(SHAPE, "uint8", Scaled(0.05, 99))], "MulOptions")
    path = write.write(tmp_path / "network.tflite", [x], [y])
    network = assert_same(path, np.arange(300, dtype=np.uint8).reshape(5, *SHAPE))
    assert network.author_inputs[0].dtype == np.uint8


def test_uint8_border_of_an_int8_network(tmp_path):
    write = FileWriter()
    x, q = write.tensor(SHAPE, "uint8", Scaled(0.03, 140)), write.tensor(SHAPE, "int8", Scaled(0.04, 2))
    write.operator("QUANTIZE", [x], [q])
    y = write.operator("QUANTIZE", [write_relu(write, q)], [write.tensor(SHAPE, "uint8", Scaled(0.05, 135))])
    path = write.write(tmp_path / "network.tflite", [x], [y])
    assert_same(path, np.arange(300, dtype=np.uint8).reshape(5, *SHAPE))


def test_outputs_in_the_files_order_twice_handed_on_and_constant(tmp_path):
    """The second output is also read inside, the third an input, the fourth a constant, the last the first again."""
    write = FileWriter()
    x, unread = write.tensor(SHAPE, "int8", INSIDE, name="a/b:0"), write.tensor((1, 3), "float32", name="")
    first = write_relu(write, x)
    second = write.operator("ADD", [first, x], [write.tensor(SHAPE, "int8", RESULT)], "AddOptions")
    constant = write.constant(np.arange(4).reshape(1, 4), "int8", INSIDE)
    path = write.write(tmp_path / "network.tflite", [unread, x], [second, first, unread, constant, second])
    random = np.random.default_rng(0)
    network = assert_same(
        path,
        random.normal(size=(3, 1, 3)).astype(np.float32),
        random.integers(-128, 128, (3, *SHAPE), np.int8),
    )
    assert network.input_names == ("", "a/b:0")
    assert len(network.graph.outputs) == 2


def test_integers_of_an_input_as_reals(tmp_path):
    """The input reaches the output without an operator of the network's own: the graph copies it."""
    write = FileWriter()
    x, y = write.tensor(SHAPE, "int8", INSIDE), write.tensor(SHAPE, "float32")
    write.operator("DEQUANTIZE", [x], [y])
    path = write.write(tmp_path / "network.tflite", [x], [y])
    assert_same(path, np.random.default_rng(0).integers(-128, 128, (3, *SHAPE), np.int8))


@pytest.mark.parametrize("scalar", [-100, 0, 127])
def test_constants_of_rank_0(scalar, tmp_path):
    write = FileWriter()
    x = write.tensor(SHAPE, "int8", INSIDE)
    factor, left = (write.constant(np.array(scalar), "int8", Scaled(0.01, zero)) for zero in (-128, 5))
    product = write.operator("MUL", [x, factor], [write.tensor(SHAPE, "int8", INSIDE)], "MulOptions")
    y = write.operator("SUB", [left, product], [write.tensor(SHAPE, "int8", RESULT)], "SubOptions")
    path = write.write(tmp_path / "network.tflite", [x], [y])
    assert_same(path, np.random.default_rng(0).integers(-128, 128, (3, *SHAPE), np.int8))


def test_reals_inside_are_refused_by_tensor_and_operator(tmp_path):
    write = FileWriter()
    x, real = write.tensor(SHAPE, "int8", INSIDE), write.tensor(SHAPE, "float32", name="real")
    write.operator("DEQUANTIZE", [x], [real])
    y = write.operator("EXP", [real], [write.tensor(SHAPE, "float32")])
    path = write.write(tmp_path / "network.tflite", [x], [y])
    with pytest.raises(
        BadInput, match=r"network\.tflite computes in integers and in floating .* 'real' of operator 0, DEQ"
    ):
        load_tflite(path)


def test_quantised_file_takes_no_calibration(tmp_path):
    write = FileWriter()
    x = write.tensor(SHAPE, "int8", INSIDE)
    path = write.write(tmp_path / "network.tflite", [x], [write_relu(write, x)])
    with pytest.raises(BadInput, match=r"network\.tflite is quantised already: leave --calibration out"):
        load_tflite(path, np.zeros((4, *SHAPE[1:]), np.float32))
