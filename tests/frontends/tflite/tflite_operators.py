"""Operators for random int8 networks: each function adds one that is legal for what is there, or gives None."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from tflite_files import FileWriter, Scaled


@dataclass(frozen=True)
class Wire:
    """A tensor of a network in the making."""

    index: int
    shape: tuple[int, ...]
    scaled: Scaled


class RandomWriter:
    """A file in the making, with the dice that its numbers come from; `dtype` is int8, uint8 or float32."""

    def __init__(self, random: np.random.Generator, dtype: str = "int8") -> None:
        self.file = FileWriter()
        self.random = random
        self.dtype = dtype
        self.names: list[str] = []

    def scaled(self, scale: float | None = None) -> Scaled:
        shift = 128 if self.dtype == "uint8" else 0
        drawn = float(np.float32(self.random.uniform(0.01, 0.1))) if scale is None else scale
        return Scaled(drawn, int(self.random.integers(-128, 128)) + shift)

    def zero(self, point: int) -> int:
        """A zero point of int8 as this file's type has it."""
        return point + (128 if self.dtype == "uint8" else 0)

    def wire(self, shape: tuple[int, ...], scaled: Scaled | None = None, *, name: str | None = None) -> Wire:
        scaled = self.scaled() if scaled is None else scaled
        return Wire(self.file.tensor(shape, self.dtype, scaled, name=name), shape, scaled)

    def apply(self, kind: str, wires: list[int], result: Wire, options: str | None = None, **fields) -> Wire:
        self.file.operator(kind, wires, [result.index], options, fields)
        return result

    def integers(self, shape: tuple[int, ...], low: int = -128, high: int = 128) -> np.ndarray:
        return self.random.integers(low, high, shape)

    def weights(self, shape: tuple[int, ...], axis: int, source: Scaled) -> tuple[int, int]:
        """Weights and a bias of int32: int8 with a scale for each output channel, uint8 with one and a zero point."""
        count = shape[axis]
        if self.dtype == "uint8":
            scaled = Scaled(0.004, int(self.random.integers(100, 150)))
            kernel = self.file.constant(self.integers(shape, 1, 256), "uint8", scaled)
            bias = Scaled(np.float32(0.004) * np.float32(source.scale), 0)
            return kernel, self.file.constant(self.integers((count,), -500, 500), "int32", bias)
        scales = self.random.uniform(0.001, 0.01, count).astype(np.float32)
        kernel = self.file.constant(self.integers(shape, -127), "int8", Scaled(scales, [0] * count, axis))
        bias = Scaled(scales * np.float32(source.scale), [0] * count)
        return kernel, self.file.constant(self.integers((count,), -500, 500), "int32", bias)

    def sizes(self, values) -> int:
        return self.file.constant(np.array(values), "int32")


Maker = Callable[[RandomWriter, Wire], Wire | None]


def convolution(write: RandomWriter, x: Wire) -> Wire | None:
    if len(x.shape) != 4:
        return None
    kernel, stride, outputs = int(write.random.integers(1, 4)), int(write.random.integers(1, 3)), 5
    weights, bias = write.weights((outputs, kernel, kernel, x.shape[3]), 0, x.scaled)
    height, width = (-(-size // stride) for size in x.shape[1:3])
    y = write.wire((x.shape[0], height, width, outputs))
    fields = {"strideH": stride, "strideW": stride, "fusedActivationFunction": int(write.random.choice([0, 1, 3]))}
    return write.apply("CONV_2D", [x.index, weights, bias], y, "Conv2DOptions", **fields)


def depthwise(write: RandomWriter, x: Wire) -> Wire | None:
    if len(x.shape) != 4:
        return None
    multiplier = int(write.random.integers(1, 3))
    weights, bias = write.weights((1, 3, 3, x.shape[3] * multiplier), 3, x.scaled)
    y = write.wire((*x.shape[:3], x.shape[3] * multiplier))
    fields = {"strideH": 1, "strideW": 1, "depthMultiplier": multiplier}
    return write.apply("DEPTHWISE_CONV_2D", [x.index, weights, bias], y, "DepthwiseConv2DOptions", **fields)


def binary(kind: str, options: str | None) -> Maker:
    """An operator of the tensor and of itself, or of a constant: a full one, a row or a scalar."""

    def make(write: RandomWriter, x: Wire) -> Wire | None:
        choices = [x.shape, x.shape[-1:], (1,) * len(x.shape), ()]
        shape = choices[int(write.random.integers(len(choices)))]
        same = kind in ("MAXIMUM", "MINIMUM")
        scaled = x.scaled if same else write.scaled()
        data = write.integers(shape) + (128 if write.dtype == "uint8" else 0)
        other = x.index if write.random.integers(4) == 0 else write.file.constant(data, write.dtype, scaled)
        wires = [x.index, other] if write.random.integers(2) else [other, x.index]
        return write.apply(kind, wires, write.wire(x.shape, scaled if same else None), options)

    return make


def same_scale(kind: str, options: str | None = None) -> Maker:
    return lambda write, x: write.apply(kind, [x.index], write.wire(x.shape, x.scaled), options)


def rescaled(kind: str, options: str | None = None, **fields) -> Maker:
    return lambda write, x: write.apply(kind, [x.index], write.wire(x.shape), options, **fields)


def fixed_scale(kind: str, scale: float, zero_point: int, options: str | None = None, **fields) -> Maker:
    def make(write: RandomWriter, x: Wire) -> Wire:
        y = write.wire(x.shape, Scaled(scale, write.zero(zero_point)))
        return write.apply(kind, [x.index], y, options, **fields)

    return make


def not_in_uint8(make: Maker) -> Maker:
    """Operators that LiteRT does not run in uint8, or rounds otherwise than TOSA can."""
    return lambda write, x: make(write, x) if write.dtype != "uint8" else None


def leaky_relu(write: RandomWriter, x: Wire) -> Wire:
    slope = float(write.random.uniform(-0.3, 1.3))
    return write.apply("LEAKY_RELU", [x.index], write.wire(x.shape), "LeakyReluOptions", alpha=slope)


def prelu(write: RandomWriter, x: Wire) -> Wire | None:
    if len(x.shape) < 2:
        return None
    shape = [(x.shape[-1],), (1,) * (len(x.shape) - 2) + x.shape[-1:], x.shape[1:]][int(write.random.integers(3))]
    data = write.integers(shape) + (128 if write.dtype == "uint8" else 0)
    slopes = write.file.constant(data, write.dtype, write.scaled(float(write.random.choice([0.002, 0.02]))))
    return write.apply("PRELU", [x.index, slopes], write.wire(x.shape))


def resize(kind: str, options: str, corners: list[tuple[bool, bool]]) -> Maker:
    def make(write: RandomWriter, x: Wire) -> Wire | None:
        if len(x.shape) != 4:
            return None
        size = [int(number) for number in write.random.integers(1, 14, 2)]
        aligned, half = corners[int(write.random.integers(len(corners)))]
        y = write.wire((x.shape[0], *size, x.shape[3]), x.scaled)
        fields = {"alignCorners": aligned, "halfPixelCenters": half}
        return write.apply(kind, [x.index, write.sizes(size)], y, options, **fields)

    return make


def pool(kind: str) -> Maker:
    def make(write: RandomWriter, x: Wire) -> Wire | None:
        if len(x.shape) != 4:
            return None
        y = write.wire((x.shape[0], -(-x.shape[1] // 2), -(-x.shape[2] // 2), x.shape[3]), x.scaled)
        fields = {"strideH": 2, "strideW": 2, "filterHeight": 3, "filterWidth": 3}
        return write.apply(kind, [x.index], y, "Pool2DOptions", **fields)

    return make


def concatenation(write: RandomWriter, x: Wire) -> Wire:
    axis = int(write.random.integers(len(x.shape)))
    shape = (*x.shape[:axis], 2 * x.shape[axis], *x.shape[axis + 1 :])
    return write.apply(
        "CONCATENATION", [x.index, x.index], write.wire(shape, x.scaled), "ConcatenationOptions", axis=axis
    )


def reshape(write: RandomWriter, x: Wire) -> Wire:
    total = int(np.prod(x.shape[1:]))
    shape = [(x.shape[0], total), (x.shape[0], 1, 1, total), (x.shape[0], total, 1)][int(write.random.integers(3))]
    return write.apply("RESHAPE", [x.index, write.sizes(shape)], write.wire(shape, x.scaled))


def transpose(write: RandomWriter, x: Wire) -> Wire:
    order = [0, *(1 + write.random.permutation(len(x.shape) - 1))]
    y = write.wire(tuple(x.shape[axis] for axis in order), x.scaled)
    return write.apply("TRANSPOSE", [x.index, write.sizes(order)], y)


def reduction(kind: str) -> Maker:
    def make(write: RandomWriter, x: Wire) -> Wire | None:
        axes = [1, 2] if len(x.shape) == 4 else [len(x.shape) - 1]
        shape = tuple(1 if axis in axes else size for axis, size in enumerate(x.shape))
        y = write.wire(shape, x.scaled if kind in ("REDUCE_MAX", "REDUCE_MIN") else None)
        return write.apply(kind, [x.index, write.sizes(axes)], y, "ReducerOptions", keepDims=True)

    return make


def strided_slice(write: RandomWriter, x: Wire) -> Wire:
    begin = [0, *(int(write.random.integers(size)) for size in x.shape[1:])]
    shape = tuple(size - first for size, first in zip(x.shape, begin, strict=True))
    bounds = [write.sizes(values) for values in (begin, x.shape, [1] * len(x.shape))]
    return write.apply("STRIDED_SLICE", [x.index, *bounds], write.wire(shape, x.scaled), "StridedSliceOptions")


def pad(write: RandomWriter, x: Wire) -> Wire:
    widths = np.array([[0, 0], *write.random.integers(0, 3, (len(x.shape) - 1, 2))])
    y = write.wire(tuple(size + sum(pair) for size, pair in zip(x.shape, widths.tolist(), strict=True)), x.scaled)
    return write.apply("PAD", [x.index, write.sizes(widths)], y)


MAKERS: dict[str, Maker] = {
    "CONV_2D": convolution,
    "DEPTHWISE_CONV_2D": depthwise,
    "ADD": binary("ADD", "AddOptions"),
    "SUB": binary("SUB", "SubOptions"),
    "MUL": binary("MUL", "MulOptions"),
    "MAXIMUM": binary("MAXIMUM", "MaximumMinimumOptions"),
    "MINIMUM": binary("MINIMUM", "MaximumMinimumOptions"),
    "RELU": rescaled("RELU"),
    "RELU6": rescaled("RELU6"),
    "LOGISTIC": fixed_scale("LOGISTIC", 1 / 256, -128),
    "TANH": fixed_scale("TANH", 1 / 128, 0),
    "HARD_SWISH": rescaled("HARD_SWISH", "HardSwishOptions"),
    "SOFTMAX": fixed_scale("SOFTMAX", 1 / 256, -128, "SoftmaxOptions", beta=1.0),
    "LEAKY_RELU": leaky_relu,
    "PRELU": prelu,
    "RESIZE_NEAREST_NEIGHBOR": resize(
        "RESIZE_NEAREST_NEIGHBOR",
        "ResizeNearestNeighborOptions",
        [(False, False), (False, True), (True, False), (True, True)],
    ),
    "RESIZE_BILINEAR": not_in_uint8(
        resize("RESIZE_BILINEAR", "ResizeBilinearOptions", [(False, False), (False, True), (True, False)])
    ),
    "AVERAGE_POOL_2D": not_in_uint8(pool("AVERAGE_POOL_2D")),
    "MAX_POOL_2D": pool("MAX_POOL_2D"),
    "CONCATENATION": concatenation,
    "RESHAPE": reshape,
    "TRANSPOSE": transpose,
    "MEAN": reduction("MEAN"),
    "REDUCE_MAX": reduction("REDUCE_MAX"),
    "REDUCE_MIN": reduction("REDUCE_MIN"),
    "STRIDED_SLICE": strided_slice,
    "PAD": pad,
    "QUANTIZE": rescaled("QUANTIZE"),
    "ABS": not_in_uint8(rescaled("ABS")),
    "EXP": not_in_uint8(rescaled("EXP")),
    "SQUARED_DIFFERENCE": not_in_uint8(binary("SQUARED_DIFFERENCE", None)),
}


class RealWriter(RandomWriter):
    """A file in floating point: the same operators without scales."""

    def __init__(self, random: np.random.Generator) -> None:
        super().__init__(random, "float32")

    def integers(self, shape: tuple[int, ...], _low: int = -128, _high: int = 128) -> np.ndarray:
        return self.random.normal(size=shape)

    def weights(self, shape: tuple[int, ...], axis: int, _source: Scaled) -> tuple[int, int]:
        parts = (self.integers(shape), self.integers((shape[axis],)))
        kernel, bias = (self.file.constant(values, "float32") for values in parts)
        return kernel, bias
