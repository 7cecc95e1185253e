"""Float `.tflite` networks: the float graph computes what LiteRT does, and a calibration takes it to integers."""

from __future__ import annotations

import numpy as np
import pytest
from tflite_agreement import run
from tflite_files import FileWriter, Scaled, run_reference
from tflite_operators import MAKERS, RealWriter

from chipsmith.errors import BadInput
from chipsmith.frontends.tflite.border import strip_border
from chipsmith.frontends.tflite.convert import convert
from chipsmith.frontends.tflite.float_network import read_float_network
from chipsmith.frontends.tflite.model import parse_model
from chipsmith.frontends.tflite.network import load_tflite
from chipsmith.frontends.tflite.weights import restore_weights
from chipsmith.tosa.floating.evaluate import evaluate_floats

SHAPE = (1, 7, 6, 4)
REAL_KINDS = sorted(set(MAKERS) - {"QUANTIZE", "PRELU"})


def read(path):
    return read_float_network(strip_border(restore_weights(parse_model(path.read_bytes(), path))), convert)


@pytest.mark.parametrize("kind", REAL_KINDS)
def test_operator_in_floating_point(kind, tmp_path):
    write = RealWriter(np.random.default_rng(0))
    x = write.wire(SHAPE, name="file")
    y = MAKERS[kind](write, x)
    path = write.file.write(tmp_path / "network.tflite", [x.index], [y.index])
    images = write.random.normal(size=(4, *SHAPE)).astype(np.float32)
    network = read(path)
    (output,) = network.outputs
    values = evaluate_floats(network.graph, {"file": images}, keep=[output.tensor])[output.tensor]
    (expected,) = run_reference(path, images)
    np.testing.assert_allclose(values.reshape(expected.shape), expected, rtol=1e-5, atol=1e-5)


def write_network(path, *, weights: str):
    """A convolution with Relu, whose weights are float32, float16 behind a DEQUANTIZE, or int8."""
    write, random = FileWriter(), np.random.default_rng(0)
    x, y = write.tensor((1, 8, 8, 3), "float32", name="image"), write.tensor((1, 8, 8, 5), "float32", name="features")
    kernel = random.integers(-127, 128, (5, 3, 3, 3)) / np.float32(512)
    if weights == "float32":
        stored = write.constant(kernel, "float32")
    elif weights == "float16":
        stored = write.tensor(kernel.shape, "float32")
        write.operator("DEQUANTIZE", [write.constant(kernel, "float16")], [stored])
    else:
        stored = write.constant(np.rint(kernel * 512), "int8", Scaled([1 / 512] * 5, [0] * 5))
    bias = write.constant(random.normal(size=5), "float32")
    fields = {"strideH": 1, "strideW": 1, "fusedActivationFunction": 1}
    write.operator("CONV_2D", [x, stored, bias], [y], "Conv2DOptions", fields)
    return write.write(path / f"{weights}.tflite", [x], [y, x])


@pytest.mark.parametrize("weights", ["float32", "float16", "int8"])
def test_network_by_its_calibration(weights, tmp_path):
    images = np.random.default_rng(1).normal(size=(40, 8, 8, 3)).astype(np.float32)
    network = load_tflite(write_network(tmp_path, weights=weights), images[:32])
    assert (network.input_names, network.output_names) == (("image",), ("features", "image"))
    real = load_tflite(write_network(tmp_path, weights="float32"), images[:32])
    (expected, _), (features, image) = real.source.run(images[32:]), run(network, images[32:])
    np.testing.assert_array_equal(image, images[32:])
    noise = np.square(features - expected).mean() / np.square(expected).mean()
    assert 10 * np.log10(noise) < -30


def test_integers_among_reals_are_refused(tmp_path):
    write = FileWriter()
    x, q = write.tensor(SHAPE, "float32"), write.tensor(SHAPE, "int8", Scaled(0.05))
    write.operator("QUANTIZE", [x], [q])
    real = write.operator("DEQUANTIZE", [q], [write.tensor(SHAPE, "float32", name="reals")])
    y = write.operator("EXP", [real], [write.tensor(SHAPE, "float32")])
    path = write.write(tmp_path / "network.tflite", [x], [y])
    with pytest.raises(
        BadInput, match=r"computes in integers and in floating point: 'reals' of operator 1, DEQUANTIZE"
    ):
        load_tflite(path)
