"""Operators that are lowered here, not by the converter: the bits of LiteRT's reference kernels, in few operators."""

from __future__ import annotations

import numpy as np
import pytest
from tflite_agreement import assert_same
from tflite_files import FileWriter, Scaled

from chipsmith.errors import OperatorRefused
from chipsmith.frontends.tflite.network import load_tflite
from chipsmith.tosa.passes.canonicalize import canonicalize

ALL_INT8 = np.arange(-128, 128).astype(np.int8)


def kinds_of(network) -> list[str]:
    return [op.kind for op in canonicalize(network.graph).operators]


@pytest.mark.parametrize(
    ("low", "high", "kinds"),
    [
        (-30, 100, ["RESCALE", "MUL", "RESCALE", "RESCALE", "RESCALE", "MAXIMUM", "RESCALE"]),
        (110, 127, ["RESCALE", "MUL", "RESCALE", "RESCALE", "RESCALE", "MINIMUM", "RESCALE"]),
        (-128, 127, ["CLAMP", "RESCALE", "MUL", "RESCALE", "TABLE", "RESCALE", "RESCALE", "ADD", "RESCALE"]),
    ],
)
def test_prelu_by_channel(low, high, kinds, tmp_path):
    """The larger of two lines where no slope is above 1, the smaller where none is below, else a sum of halves."""
    write = FileWriter()
    x = write.tensor((1, 1, 256, 8), "int8", Scaled(0.05, 13))
    slopes = write.constant(np.linspace(low, high, 8).reshape(1, 1, 8), "int8", Scaled(0.00992, 0))
    y = write.operator("PRELU", [x, slopes], [write.tensor((1, 1, 256, 8), "int8", Scaled(0.0501, -7))])
    path = write.write(tmp_path / "network.tflite", [x], [y])
    network = assert_same(path, np.repeat(ALL_INT8, 8).reshape(1, 1, 1, 256, 8))
    assert kinds_of(network) == kinds


@pytest.mark.parametrize(
    ("kind", "options", "fields"),
    [
        ("LEAKY_RELU", "LeakyReluOptions", {"alpha": 0.3}),
        ("LEAKY_RELU", "LeakyReluOptions", {"alpha": -1.2}),
        ("RELU", None, {}),
        ("RELU6", None, {}),
        ("EXP", "ExpOptions", {}),
        ("ABS", "AbsOptions", {}),
    ],
)
def test_function_of_a_value_is_a_table(kind, options, fields, tmp_path):
    write = FileWriter()
    x, y = write.tensor((1, 256), "int8", Scaled(0.08, -23)), write.tensor((1, 256), "int8", Scaled(0.056, 78))
    write.operator(kind, [x], [y], options, fields)
    network = assert_same(write.write(tmp_path / "network.tflite", [x], [y]), ALL_INT8.reshape(1, 1, 256))
    assert kinds_of(network) == ["TABLE"]


def test_relu_of_the_same_scale_stays_a_clamp(tmp_path):
    """A clamp is part of the convolution before it, a table is not."""
    write = FileWriter()
    x, y = (write.tensor((1, 256), "int8", Scaled(0.08, -23)) for _ in range(2))
    write.operator("RELU", [x], [y])
    network = assert_same(write.write(tmp_path / "network.tflite", [x], [y]), ALL_INT8.reshape(1, 1, 256))
    assert "CLAMP" in [op.kind for op in network.graph.operators]


def write_resize(path, kind: str, before: tuple[int, int], after: tuple[int, int], *, aligned: bool, half: bool):
    write, scaled = FileWriter(), Scaled(0.05, 13)
    x, y = write.tensor((1, *before, 3), "int8", scaled), write.tensor((1, *after, 3), "int8", scaled)
    options = {"NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions", "BILINEAR": "ResizeBilinearOptions"}[kind]
    fields = {"alignCorners": aligned, "halfPixelCenters": half}
    write.operator(f"RESIZE_{kind}", [x, write.constant(np.array(after), "int32")], [y], options, fields)
    return write.write(path / "network.tflite", [x], [y])


SIZES = [
    ((8, 8), (16, 16)),
    ((8, 8), (15, 15)),
    ((5, 7), (13, 4)),
    ((6, 9), (3, 3)),
    ((1, 3), (5, 1)),
    ((4, 4), (4, 11)),
]


@pytest.mark.parametrize(("before", "after"), SIZES)
@pytest.mark.parametrize("kind", ["NEAREST_NEIGHBOR", "BILINEAR"])
@pytest.mark.parametrize(("aligned", "half"), [(False, False), (False, True), (True, False)])
def test_resize_has_the_bits_of_litert(kind, before, after, aligned, half, tmp_path):
    images = np.random.default_rng(0).integers(-128, 128, (4, 1, *before, 3), np.int8)
    assert_same(write_resize(tmp_path, kind, before, after, aligned=aligned, half=half), images)


def test_blending_takes_exact_halves_away_from_zero(tmp_path):
    path = write_resize(tmp_path, "BILINEAR", (1, 2), (1, 4), aligned=False, half=False)
    halves = np.array([[[1, -3, 127], [0, -2, 126]], [[0, -1, -127], [1, 0, -128]]], np.int8)
    assert_same(path, halves.reshape(2, 1, 1, 2, 3))


def test_blending_beyond_what_tosa_scales_is_refused(tmp_path):
    path = write_resize(tmp_path, "BILINEAR", (40, 4), (2, 4), aligned=False, half=False)
    with pytest.raises(OperatorRefused, match=r"operator 0, RESIZE_BILINEAR of tensor 't1', is refused: a size from"):
        load_tflite(path)


@pytest.mark.parametrize("kind", ["ARG_MAX", "ARG_MIN"])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_place_of_an_extreme_keeps_the_files_type(kind, dtype, tmp_path):
    """Of equal values the first counts."""
    write = FileWriter()
    x, y = write.tensor((2, 3, 5), "int8", Scaled(0.05, 13)), write.tensor((2, 5), dtype)
    options = {"ARG_MAX": "ArgMaxOptions", "ARG_MIN": "ArgMinOptions"}[kind]
    write.operator(
        kind, [x, write.constant(np.array(-2), "int32")], [y], options, {"outputType": {"int32": 2, "int64": 4}[dtype]}
    )
    values = np.random.default_rng(0).choice([-128, -127, 0, 126, 127], (6, 2, 3, 5)).astype(np.int8)
    assert_same(write.write(tmp_path / "network.tflite", [x], [y]), values)
