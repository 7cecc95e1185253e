"""Resize and Upsample of images: the nearest pixel, or two along each axis blended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from chipsmith.frontends.onnx.convolution import channels_last_axes
from chipsmith.frontends.onnx.lowering import Handler, Lowering, refuse
from chipsmith.frontends.onnx.model import Node
from chipsmith.frontends.onnx.requantize import arrange
from chipsmith.frontends.onnx.values import Acc32, AffineInt8, Shape, Value
from chipsmith.tosa.graph import DType

_LARGEST_NUMERATOR = 1 << 11


@dataclass(frozen=True, kw_only=True)
class _SampledAxis:
    """Output i of `count` reads input (i * denominator + offset) / numerator."""

    count: int
    numerator: int
    denominator: int
    offset: int
    border: int


def _resize(lower: Lowering, node: Node) -> Sequence[Value]:
    image, build = lower.read_affine(node, 0), lower.build
    if len(image.shape) != 4 or node.text("mode", "nearest") not in ("nearest", "linear"):
        raise refuse(
            node, f"rank {len(image.shape)}, mode {node.text('mode', 'nearest')}; images by nearest or linear are held"
        )
    sizes, scales = _read_sizes(lower, node, image)
    axes = [_make_axis(node, image.shape[axis], sizes[axis], scales[axis]) for axis in (2, 3)]
    source = arrange(build, image, channels_last_axes(4))
    operands = (
        source.tensor,
        build.shape_constant([number for axis in axes for number in (axis.numerator, axis.denominator)]),
        build.shape_constant([axis.offset for axis in axes]),
        build.shape_constant([axis.border for axis in axes]),
    )
    graph_shape = (image.shape[0], axes[0].count, axes[1].count, image.shape[1])
    shape = (graph_shape[0], graph_shape[3], graph_shape[1], graph_shape[2])
    if node.text("mode", "nearest") == "nearest":
        tensor = build.emit("RESIZE", operands, graph_shape, DType.INT8, {"mode": "NEAREST"})
        return [replace(source, tensor=tensor, shape=shape)]
    parts = axes[0].numerator * axes[1].numerator
    blended = build.emit("RESIZE", operands, graph_shape, DType.INT32, {"mode": "BILINEAR"})
    zero = build.constant(np.full((1, 1, 1, 1), image.zero_point * parts), DType.INT32)
    bound = float(max(128 + image.zero_point, 127 - image.zero_point)) * parts
    return [
        Acc32(
            tensor=build.binary("SUB", blended, zero),
            shape=shape,
            axes=source.axes,
            scale=np.array([image.scale / parts]),
            bound=np.array([bound]),
        )
    ]


def _read_sizes(lower: Lowering, node: Node, image: AffineInt8) -> tuple[Shape, tuple[Fraction, ...]]:
    """The sizes and the enlargement of each axis; a size wins over a scale."""
    older = node.kind == "Upsample" or lower.opset() < 11
    sizes = None if older else lower.integers(node, 3)
    if sizes:
        return sizes, tuple(Fraction(new, old) for new, old in zip(sizes, image.shape, strict=True))
    constant = lower.constant(node, 1 if older else 2)
    scales = node.attributes.get("scales") if constant is None else constant.reshape(-1).tolist()
    if scales is None or len(scales) != 4:
        raise refuse(node, "it names neither four sizes nor four scales")
    exact = tuple(Fraction(float(scale)).limit_denominator(1 << 10) for scale in scales)
    return tuple(int(size * scale) for size, scale in zip(image.shape, exact, strict=True)), exact


def _make_axis(node: Node, size: int, count: int, scale: Fraction) -> _SampledAxis:
    """The axis in integers; the offset takes the place of the rounding that ONNX asks for."""
    mode = node.text("coordinate_transformation_mode", "half_pixel" if node.kind == "Resize" else "asymmetric")
    step, start = _map_positions(node, mode, size, count, scale)
    if node.text("mode", "nearest") == "nearest":
        start += _shift_nearest(node, step, start)
    common = np.lcm(step.denominator, start.denominator)
    numerator = int(common)
    if numerator > _LARGEST_NUMERATOR:
        raise refuse(node, f"an enlargement from {size} to {count} has no small enough fraction")
    denominator, offset = int(step * numerator), int(start * numerator)
    border = (count - 1) * denominator + offset - (size - 1) * numerator
    return _SampledAxis(count=count, numerator=numerator, denominator=denominator, offset=offset, border=border)


def _map_positions(node: Node, mode: str, size: int, count: int, scale: Fraction) -> tuple[Fraction, Fraction]:
    """Input position of output 0, and the distance between two: position(i) = i * step + start."""
    if mode == "align_corners":
        return (Fraction(size - 1, count - 1) if count > 1 else Fraction(1)), Fraction(0)
    step = 1 / scale
    if mode == "asymmetric":
        return step, Fraction(0)
    if mode in ("half_pixel", "pytorch_half_pixel"):
        alone = mode == "pytorch_half_pixel" and count == 1
        return step, Fraction(0) if alone else step / 2 - Fraction(1, 2)
    raise refuse(node, f"coordinates by {mode} are not held; half_pixel, asymmetric and align_corners are")


def _shift_nearest(node: Node, step: Fraction, start: Fraction) -> Fraction:
    """What turns TOSA's rounding, halves up, into the node's own; positions are multiples of a unit."""
    unit = Fraction(1, int(np.lcm(step.denominator, start.denominator)))
    match node.text("nearest_mode", "round_prefer_floor" if node.kind == "Resize" else "floor"):
        case "round_prefer_ceil":
            return Fraction(0)
        case "round_prefer_floor":
            return -unit / 2
        case "floor":
            return Fraction(-1, 2)
        case "ceil":
            return Fraction(1, 2) - unit / 2
        case other:
            raise refuse(node, f"rounding by {other} is not held")


HANDLERS: Mapping[str, Handler] = dict.fromkeys(("Resize", "Upsample"), _resize)
