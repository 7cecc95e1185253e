"""Convolutions, poolings, padding and resizing with random legal attributes: as onnxruntime computes the same file."""

from __future__ import annotations

import numpy as np
import pytest
from onnx_networks import assert_same
from single_operators import columns, onnxruntime_computes, operator

from chipsmith.errors import OperatorRefused

CASES = 180
AUTOMATIC = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


def floats(random, *shape):
    return random.normal(size=shape).astype(np.float32)


def some(random, axes, low, high):
    return [int(number) for number in random.integers(low, high + 1, axes)]


def window(random, axes, *, largest=3):
    """Attributes of a window, and sizes that it fits."""
    kernel = some(random, axes, 1, largest)
    strides, dilations = some(random, axes, 1, 3), some(random, axes, 1, 2)
    extents = [(taps - 1) * apart + 1 for taps, apart in zip(kernel, dilations, strict=True)]
    sizes = [extent + int(more) for extent, more in zip(extents, random.integers(0, 6, axes), strict=True)]
    attributes = {"kernel_shape": kernel, "strides": strides, "dilations": dilations}
    automatic = AUTOMATIC[random.integers(4)]
    if automatic != "NOTSET":
        return attributes | {"auto_pad": automatic}, sizes
    limits = [*extents, *extents]
    return attributes | {"pads": [int(random.integers(0, limit)) for limit in limits]}, sizes


def convolution(random):
    axes, groups = int(random.choice([1, 2, 2, 3])), int(random.choice([1, 1, 2, 3]))
    attributes, sizes = window(random, axes)
    channels, outputs = groups * int(random.integers(1, 4)), groups * int(random.integers(1, 4))
    weights = floats(random, outputs, channels // groups, *attributes["kernel_shape"])
    bias = [floats(random, outputs)] if random.integers(2) else []
    image = floats(random, int(random.integers(1, 3)), channels, *sizes)
    computed = int(random.integers(4)) == 0
    arrays, constants = ([image, weights], bias) if computed else ([image], [weights, *bias])
    return "Conv", arrays, constants, {**attributes, "group": groups}


def transposed_convolution(random):
    axes, groups = int(random.choice([1, 2, 2, 3])), int(random.choice([1, 1, 2, 9]))
    attributes, _ = window(random, axes)
    sizes = some(random, axes, 3, 6)
    limits = [max(stride, apart) for stride, apart in zip(attributes["strides"], attributes["dilations"], strict=True)]
    attributes["output_padding"] = [int(random.integers(0, limit)) for limit in limits]
    channels, outputs = groups * int(random.integers(1, 3)), int(random.integers(1, 4))
    weights = floats(random, channels, outputs, *attributes["kernel_shape"])
    bias = [floats(random, outputs * groups)] if random.integers(2) else []
    return "ConvTranspose", [floats(random, 1, channels, *sizes)], [weights, *bias], {**attributes, "group": groups}


def pooling(random):
    axes = int(random.choice([1, 2, 2, 3]))
    attributes, sizes = window(random, axes)
    if "pads" not in attributes:
        attributes["dilations"] = [1] * axes
    kind = str(random.choice(["MaxPool", "AveragePool", "LpPool"]))
    attributes["ceil_mode"] = int(random.integers(2))
    if kind == "AveragePool":
        attributes["count_include_pad"] = int(random.integers(2))
    if kind == "LpPool":
        attributes["p"] = int(random.integers(1, 4))
    return kind, [floats(random, 1, 3, *sizes)], [], attributes


def padding(random):
    rank = int(random.integers(1, 5))
    sizes = some(random, rank, 4, 7)
    mode = str(random.choice(["constant", "reflect", "edge", "wrap"]))
    pads = np.array(some(random, 2 * rank, -1, 3), np.int64)
    level = [np.array(random.normal(), np.float32)] if mode == "constant" else []
    return "Pad", [floats(random, *sizes)], [pads, *level], {"mode": mode}


def resizing(random):
    axes = int(random.choice([1, 2, 2, 3]))
    sizes = some(random, axes, 1, 9)
    modes = ["nearest", "linear", "cubic"] if axes == 2 else ["nearest", "linear"]
    attributes = {
        "mode": str(random.choice(modes)),
        "coordinate_transformation_mode": str(
            random.choice(["half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "asymmetric", "align_corners"])
        ),
    }
    if attributes["mode"] == "nearest":
        attributes["nearest_mode"] = str(random.choice(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]))
    if axes == 2 and attributes["mode"] != "nearest":
        attributes |= {"antialias": int(random.integers(2)), "exclude_outside": int(random.integers(2))}
    if random.integers(2):
        given = [None, np.array([1, 1, *some(random, axes, 1, 18)], np.int64)]
    else:
        scales = [float(random.choice([0.5, 0.6, 1.0, 1.3, 1.5, 2.0, 3.0])) for _ in range(axes)]
        given = [np.array([1, 1, *scales], np.float32), None]
    return "Resize", [floats(random, 1, 2, *sizes)], [None, *given], attributes


@pytest.mark.parametrize("make", [convolution, transposed_convolution, pooling, padding, resizing])
def test_random_attributes_mean_what_onnxruntime_computes(make):
    """Attributes that onnxruntime itself refuses are no network; those that are refused here are few."""
    same = refused = 0
    for seed in range(CASES):
        kind, arrays, constants, attributes = make(np.random.default_rng([seed, len(make.__name__)]))
        network = operator(kind, arrays, constants, opset=22, **attributes)
        if not onnxruntime_computes(network, arrays):
            continue
        try:
            assert_same(network, columns(arrays))
            same += 1
        except OperatorRefused:
            refused += 1
    assert same >= 100
    assert refused < CASES / 10
