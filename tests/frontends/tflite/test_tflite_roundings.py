"""Operators that TOSA rounds otherwise than LiteRT are named, and differ by a step at most."""

from __future__ import annotations

import numpy as np
import pytest
from tflite_agreement import run
from tflite_files import FileWriter, Scaled, run_reference

from chipsmith.frontends.tflite.network import load_tflite

SHAPE = (1, 6, 5, 3)
UNSIGNED = Scaled(0.05, 130)


def assert_a_step(path, images: np.ndarray, kind: str, *, most: float) -> None:
    """The network names the operator `kind` alone, and differs in that part of its elements at most."""
    network = load_tflite(path)
    assert list(network.other_roundings.values()) == [kind]
    (result,), (expected,) = run(network, images.reshape(-1, *images.shape[2:])), run_reference(path, images)
    steps = np.abs(result.reshape(expected.shape).astype(int) - expected)
    assert steps.max() <= 1
    assert steps.mean() < most


@pytest.mark.parametrize("size", [(12, 10), (7, 9), (3, 5)])
@pytest.mark.parametrize(("aligned", "half"), [(False, False), (False, True), (True, False)])
def test_blending_of_uint8(size, aligned, half, tmp_path):
    write = FileWriter()
    x, y = write.tensor(SHAPE, "uint8", UNSIGNED), write.tensor((1, *size, 3), "uint8", UNSIGNED)
    fields = {"alignCorners": aligned, "halfPixelCenters": half}
    write.operator(
        "RESIZE_BILINEAR", [x, write.constant(np.array(size), "int32")], [y], "ResizeBilinearOptions", fields
    )
    images = np.random.default_rng(0).integers(0, 256, (4, *SHAPE)).astype(np.uint8)
    assert_a_step(write.write(tmp_path / "network.tflite", [x], [y]), images, "RESIZE_BILINEAR", most=0.2)


def test_mean_of_uint8(tmp_path):
    write = FileWriter()
    x, y = write.tensor(SHAPE, "uint8", UNSIGNED), write.tensor((1, 3, 3, 3), "uint8", UNSIGNED)
    fields = {"strideH": 2, "strideW": 2, "filterHeight": 2, "filterWidth": 2}
    write.operator("AVERAGE_POOL_2D", [x], [y], "Pool2DOptions", fields)
    images = np.random.default_rng(0).integers(0, 256, (4, *SHAPE)).astype(np.uint8)
    assert_a_step(write.write(tmp_path / "network.tflite", [x], [y]), images, "AVERAGE_POOL_2D", most=0.2)


def test_fully_connected_is_rounded_once(tmp_path):
    write, random = FileWriter(), np.random.default_rng(0)
    x, y = write.tensor((64, 9), "int8", Scaled(0.05, 11)), write.tensor((64, 5), "int8", Scaled(0.09, -3))
    weights = write.constant(random.integers(-127, 128, (5, 9)), "int8", Scaled(0.004))
    bias = write.constant(random.integers(-500, 500, 5), "int32", Scaled(0.0002))
    write.operator("FULLY_CONNECTED", [x, weights, bias], [y], "FullyConnectedOptions")
    rows = random.integers(-128, 128, (6, 64, 9), np.int8)
    assert_a_step(write.write(tmp_path / "network.tflite", [x], [y]), rows, "FULLY_CONNECTED", most=0.02)
