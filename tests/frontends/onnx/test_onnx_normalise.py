"""Softmax, its relatives and the normalisations of ONNX: what onnxruntime computes of the same file."""

from __future__ import annotations

import numpy as np
import pytest
from single_operators import assert_operator, operator

from chipsmith.errors import OperatorRefused
from chipsmith.frontends.onnx.network import lower_model
from chipsmith.quantisation.regions import RegionKind, find_regions

random = np.random.default_rng(0)


def floats(*shape):
    return random.normal(size=shape).astype(np.float32)


ROWS, IMAGE = floats(2, 3, 8), floats(2, 6, 4, 5)
NORMALISATIONS = {
    "softmax": ("Softmax", [ROWS], [], 17, {}),
    "softmax_over_channels": ("Softmax", [IMAGE], [], 17, {"axis": 1}),
    "softmax_of_several_axes": ("Softmax", [IMAGE], [], 11, {"axis": 1}),
    "log_softmax": ("LogSoftmax", [IMAGE], [], 17, {"axis": 1}),
    "log_softmax_of_several_axes": ("LogSoftmax", [IMAGE], [], 11, {}),
    "hardmax": ("Hardmax", [IMAGE], [], 17, {"axis": 1}),
    "layer": ("LayerNormalization", [ROWS], [floats(8), floats(8)], 17, {}),
    "layer_of_several_axes": ("LayerNormalization", [ROWS], [floats(3, 8)], 17, {"axis": 1, "epsilon": 0.1}),
    "root_mean_square": ("RMSNormalization", [ROWS], [floats(8)], 23, {}),
    "instance": ("InstanceNormalization", [IMAGE], [floats(6), floats(6)], 17, {"epsilon": 0.01}),
    "group": ("GroupNormalization", [IMAGE], [floats(6), floats(6)], 21, {"num_groups": 2}),
    "batch": ("BatchNormalization", [IMAGE], [*(floats(6) for _ in range(3)), floats(6) ** 2], 17, {}),
    "batch_of_rows": ("BatchNormalization", [floats(3, 6)], [*(floats(6) for _ in range(3)), floats(6) ** 2], 15, {}),
    "length": ("LpNormalization", [IMAGE], [], 17, {"axis": 1}),
    "length_of_magnitudes": ("LpNormalization", [IMAGE], [], 17, {"axis": -1, "p": 1}),
    "responses": ("LRN", [IMAGE], [], 17, {"size": 3, "alpha": 0.5, "beta": 0.7, "bias": 1.5}),
    "mean_and_variance": ("MeanVarianceNormalization", [IMAGE], [], 17, {}),
    "sum": ("SkipLayerNormalization", [ROWS, floats(2, 3, 8)], [floats(8), floats(8), floats(8)], 17, {}),
    "simple_sum": ("SkipSimplifiedLayerNormalization", [ROWS, floats(2, 3, 8)], [floats(8)], 17, {}),
}
MICROSOFT = ("sum", "simple_sum")


@pytest.mark.parametrize("name", NORMALISATIONS)
def test_normalisations_mean_what_onnxruntime_computes(name):
    kind, arrays, constants, opset, attributes = NORMALISATIONS[name]
    domain = {"domain": "com.microsoft"} if name in MICROSOFT else {}
    assert_operator(kind, arrays, constants, opset=opset, **attributes, **domain)


@pytest.mark.parametrize("name", ["softmax", "softmax_over_channels", "layer", "root_mean_square", "instance", "group"])
def test_they_are_known_again_as_regions(name):
    kind, arrays, constants, opset, attributes = NORMALISATIONS[name]
    network, _ = lower_model(operator(kind, arrays, constants, opset=opset, **attributes))
    (region,) = find_regions(network.graph)
    assert region.kind is (RegionKind.SOFTMAX if kind == "Softmax" else RegionKind.NORMALISATION)


def test_mean_and_deviation_of_a_layer_are_outputs_too():
    assert_operator("LayerNormalization", [ROWS], [floats(3, 8), floats(3, 8)], axis=1, outputs=3)


def test_training_is_refused():
    network = operator(
        "BatchNormalization", [IMAGE], [floats(6) for _ in range(4)], opset=15, training_mode=1, outputs=3
    )
    with pytest.raises(OperatorRefused, match="BatchNormalization 'node': it is in training; export"):
        lower_model(network)
