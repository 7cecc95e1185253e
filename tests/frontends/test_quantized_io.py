"""The host's steps: PyTorch's own rounding, and layouts that come back."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.ao.quantization.fx import _decomposed  # noqa: F401  (registers quantized_decomposed)

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import IoBinding, ScaleDivision, dequantize, quantize
from chipsmith.tosa.graph import DType, Tensor

IMAGE = Tensor(name="image", shape=(1, 5, 7, 3), dtype=DType.INT8)


def binding(**changes):
    return IoBinding(
        **{"tensor": "image", "position": 0, "scale": 0.0304405, "zero_point": 2, "axes": (0, 2, 3, 1)} | changes
    )


def test_values_are_rounded_as_pytorch_rounds_them():
    values = np.random.default_rng(0).normal(0, 3, (200, 3, 5, 7)).astype(np.float32)
    expected = torch.ops.quantized_decomposed.quantize_per_tensor(
        torch.from_numpy(values), 0.0304405, 2, -128, 127, torch.int8
    )
    np.testing.assert_array_equal(quantize(values, binding(), IMAGE), expected.permute(0, 2, 3, 1).numpy())


def test_values_are_rounded_as_onnx_rounds_them():
    """The float32 quotient and the product with the reciprocal differ in the last bit, hence at halves."""
    values = (np.arange(-64, 64) + 0.5).astype(np.float32) * np.float32(0.0304405)
    row = Tensor(name="image", shape=(1, 128), dtype=DType.INT8)
    quotient = binding(axes=(0, 1), rounding=ScaleDivision.QUOTIENT)
    expected = by_onnxruntime(values[None], np.float32(0.0304405), np.int8(2))
    np.testing.assert_array_equal(quantize(values[None], quotient, row), expected)
    assert (quantize(values[None], binding(axes=(0, 1)), row) != expected).any()


def by_onnxruntime(values, scale, zero_point):
    graph = helper.make_graph(
        [helper.make_node("QuantizeLinear", ["x", "scale", "zero_point"], ["y"])],
        "quantise",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, values.shape)],
        [helper.make_tensor_value_info("y", TensorProto.INT8, values.shape)],
        [numpy_helper.from_array(scale, "scale"), numpy_helper.from_array(zero_point, "zero_point")],
    )
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["y"], {"x": values})[0]


def test_outputs_are_those_of_pytorch():
    values = np.arange(-128, 128, dtype=np.int8).reshape(-1, 1, 1, 1)
    expected = torch.ops.quantized_decomposed.dequantize_per_tensor(
        torch.from_numpy(values), 0.0304405, 2, -128, 127, torch.int8
    )
    np.testing.assert_array_equal(dequantize(values, binding(axes=(0, 1, 2, 3))), expected.numpy())


def test_layout_comes_back():
    values = np.arange(2 * 3 * 5 * 7, dtype=np.int32).reshape(2, 3, 5, 7)
    indices = binding(scale=None, zero_point=0)
    tensor = Tensor(name="image", shape=(1, 5, 7, 3), dtype=DType.INT32)
    inside = quantize(values, indices, tensor)
    assert inside.shape == (2, 5, 7, 3)
    np.testing.assert_array_equal(dequantize(inside, indices), values)


@pytest.mark.parametrize("shape", [(1, 5, 7, 3), (3, 5, 7), (1, 3, 5, 8)])
def test_shape_that_does_not_fit_is_named(shape):
    with pytest.raises(BadInput, match=r"do not fit input 0 .* takes \[1, 3, 5, 7\]"):
        quantize(np.zeros(shape, np.float32), binding(), IMAGE)


def test_uint8_lies_in_int8_and_comes_back():
    values = np.arange(256, dtype=np.uint8).reshape(1, 256)
    row = Tensor(name="image", shape=(1, 256), dtype=DType.INT8)
    shifted = binding(scale=None, zero_point=-128, axes=(0, 1))
    inside = quantize(values, shifted, row)
    np.testing.assert_array_equal(inside, np.arange(-128, 128)[None])
    np.testing.assert_array_equal(dequantize(inside, shifted), values)


def test_values_of_rank_0_are_counted_along_the_only_axis():
    inside = quantize(np.array([0.0, 1.0, -0.5]), binding(scale=0.5, zero_point=0, axes=()), scalar(DType.INT8))
    np.testing.assert_array_equal(inside, [0, 2, -1])
    np.testing.assert_array_equal(dequantize(inside, binding(scale=0.5, zero_point=0, axes=())), [0.0, 1.0, -0.5])


def scalar(dtype):
    return Tensor(name="image", shape=(), dtype=dtype)


@pytest.mark.parametrize(("values", "told"), [([3e9], "-2147483648 to 2147483647, and is given"), ([0.5], "integers")])
def test_integers_that_the_graph_does_not_hold_are_refused(values, told):
    with pytest.raises(BadInput, match=told):
        quantize(np.array(values), binding(scale=None, zero_point=0, axes=()), scalar(DType.INT32))
