"""What strangers brought to the border: results without a form, rank 0, empty tensors, shapes beside random inputs."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from chipsmith.chip import load_chip
from chipsmith.errors import OperatorRefused
from chipsmith.frontends.options import LoadOptions
from chipsmith.frontends.registry import load_model, load_random
from chipsmith.quantisation.quality import LARGEST_DB, signal_to_noise_db
from chipsmith.targets import load_target

IMAGES = np.random.default_rng(0).normal(size=(16, 2, 7, 7)).astype(np.float32)


class Pooled(torch.nn.Module):
    """Windows that a ceiling adds at the border, over a divisor of the author's."""

    def forward(self, x):
        return torch.nn.functional.avg_pool2d(x, 3, stride=2, ceil_mode=True, divisor_override=5)


class Places(torch.nn.Module):
    """Maxima and where they were."""

    def forward(self, x):
        return torch.nn.functional.max_pool2d(x, 2, return_indices=True)


class PlacesOfSeries(torch.nn.Module):
    """The same of a series, whose places PyTorch reshapes."""

    def forward(self, x):
        return torch.nn.functional.max_pool1d(x[:, 0], 2, return_indices=True)


class Rows(torch.nn.Module):
    """One element of each row."""

    def forward(self, x):
        return torch.take_along_dim(x, torch.tensor([[0, 3], [1, 1]])[None], dim=2)


def run_both(network, values):
    """The chip's outputs and the source's."""
    return load_target("npu", load_chip("nano-64")).prepare(network).run(values), network.source.run(values)


def assert_near(network, values):
    outputs, expected = run_both(network, values)
    for output, exact in zip(outputs, expected, strict=True):
        assert (output.shape, output.dtype) == (exact.shape, exact.dtype)
        assert signal_to_noise_db(exact, output) > 30


def save(nodes, inputs, outputs, file, **constants):
    initializers = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    ports = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in each.items()]
        for each in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "g", *ports, initializers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file)
    return str(file)


def test_a_ceiling_and_a_divisor():
    assert_near(load_model(Pooled(), IMAGES), IMAGES)


def test_a_row_is_chosen_along_an_axis():
    rows = IMAGES.reshape(16, 2, 49)
    assert_near(load_model(Rows(), rows), rows)


@pytest.mark.parametrize("module", [Places(), PlacesOfSeries()])
def test_a_result_without_a_form_is_refused_and_not_left_out(module):
    with pytest.raises(OperatorRefused, match="that has no form here"):
        load_model(module, IMAGES)


def test_an_input_of_rank_0(tmp_path):
    model = save([helper.make_node("Exp", ["x"], ["y"])], {"x": []}, {"y": []}, tmp_path / "scalar.onnx")
    values = np.linspace(-1, 1, 16, dtype=np.float32)
    assert_near(load_model(model, values), values)


def test_an_output_without_elements(tmp_path):
    nodes = [helper.make_node("Slice", ["x", "start", "end"], ["y"]), helper.make_node("Relu", ["x"], ["z"])]
    start, end = np.array([0, 2]), np.array([1, 2])
    ports = {"x": [1, 4]}, {"y": [1, 0], "z": [1, 4]}
    model = save(nodes, *ports, tmp_path / "empty.onnx", start=start, end=end)
    values = IMAGES.reshape(-1, 4)[:16]
    (empty, rectified), expected = run_both(load_model(model, values), values)
    assert empty.shape == expected[0].shape == (16, 0)
    assert signal_to_noise_db(expected[1], rectified) > 30


def test_a_users_shape_serves_random_inputs(tmp_path):
    model = save(
        [helper.make_node("Relu", ["x"], ["y"])],
        {"x": ["N", 3, "H", "W"]},
        {"y": ["N", 3, "H", "W"]},
        tmp_path / "open.onnx",
    )
    network = load_random(model, LoadOptions(shapes={"x": (1, 3, 8, 6)}))
    assert network.author_inputs[0].shape == (1, 3, 8, 6)


def test_an_infinite_result_is_as_wrong_as_can_be():
    assert signal_to_noise_db(np.array([1.0]), np.array([np.inf])) == -LARGEST_DB
