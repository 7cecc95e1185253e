"""Resize and Upsample, as each version of ONNX means them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from chipsmith.frontends.forms.resize import resize_linear, resize_nearest, resize_weighted
from chipsmith.frontends.forms.sampling import (
    CoordinateMapping,
    Matrix,
    PositionRounding,
    Positions,
    antialiased_weights,
    cubic_kernel,
    cubic_weights,
    round_positions,
    sample_positions,
    triangle_kernel,
)
from chipsmith.frontends.forms.values import GraphValue
from chipsmith.frontends.onnx.lowering import Handler, Lowering, Value, normalise_axis, refuse
from chipsmith.frontends.onnx.model import Node

_MAPPINGS = {
    "half_pixel": CoordinateMapping.HALF_PIXEL,
    "pytorch_half_pixel": CoordinateMapping.HALF_PIXEL_LONE_FIRST,
    "half_pixel_symmetric": CoordinateMapping.HALF_PIXEL_SYMMETRIC,
    "tf_half_pixel_for_nn": CoordinateMapping.HALF_PIXEL_FLOOR,
    "asymmetric": CoordinateMapping.CORNER,
    "align_corners": CoordinateMapping.ALIGN_CORNERS,
}
_ROUNDINGS = {
    "round_prefer_floor": PositionRounding.HALF_DOWN,
    "round_prefer_ceil": PositionRounding.HALF_UP,
    "floor": PositionRounding.FLOOR,
    "ceil": PositionRounding.CEIL,
}
_FIRST_WITH_COORDINATES = 11
_LAST_BITS = 1e-5


@dataclass(frozen=True, kw_only=True)
class _ResizedAxis:
    """An axis of `size` elements that gets `count`; `scale` is the enlargement that coordinates are computed with."""

    axis: int
    size: int
    count: int
    scale: float


def _resize(lower: Lowering, node: Node) -> Sequence[Value]:
    value = lower.computed(node, 0)
    older = node.kind == "Upsample" or lower.opset() < _FIRST_WITH_COORDINATES
    axes = [axis for axis in _read_axes(lower, node, value, older=older) if axis.count != axis.size or axis.scale != 1]
    if all(axis.count == axis.size for axis in axes):  # onnxruntime copies then, whatever the scales
        return [value]
    if any(axis.count < 1 for axis in axes):
        raise refuse(node, "nothing is left of its input")
    mapping = _read_mapping(node, older=older)
    positions = {
        axis.axis: sample_positions(mapping, size=axis.size, count=axis.count, scale=axis.scale) for axis in axes
    }
    return [_interpolate(lower, node, value, axes, positions, older=older)]


def _read_mapping(node: Node, *, older: bool) -> CoordinateMapping:
    name = "asymmetric" if older else node.text("coordinate_transformation_mode", "half_pixel")
    if name not in _MAPPINGS:
        raise refuse(node, f"coordinates by {name} are not held; {', '.join(_MAPPINGS)} are")
    return _MAPPINGS[name]


def _interpolate(
    lower: Lowering,
    node: Node,
    value: GraphValue,
    axes: Sequence[_ResizedAxis],
    positions: Mapping[int, Positions],
    *,
    older: bool,
) -> GraphValue:
    build, mode = lower.build, node.text("mode", "nearest")
    mode = "linear" if mode == "bilinear" else mode
    if mode == "nearest":
        _refuse_ties(node, positions)
        rounding = PositionRounding.TRUNCATE_OR_CEIL if older else _read_rounding(node)
        chosen = {
            axis.axis: (
                positions[axis.axis],
                round_positions(positions[axis.axis], rounding, size=axis.size, scale=axis.scale),
            )
            for axis in axes
        }
        return resize_nearest(build, value, chosen)
    if mode == "linear" and not node.integer("antialias", 0):
        return resize_linear(build, value, positions)
    if mode in ("linear", "cubic"):
        return resize_weighted(build, value, _weigh_axes(node, mode, axes, positions))
    raise refuse(node, f"mode {mode} is not held; nearest, linear and cubic are")


def _refuse_ties(node: Node, positions: Mapping[int, Positions]) -> None:
    """By half_pixel_symmetric the last bit decides between neighbours where a position lies halfway, or on an element.

    Which bit that is depends on how onnxruntime was compiled.
    """
    if node.text("coordinate_transformation_mode", "") == "half_pixel_symmetric":
        doubled = 2 * np.concatenate([array.astype(np.float64) for array in positions.values()])
        if (np.abs(doubled - np.rint(doubled)) < _LAST_BITS).any():
            raise refuse(node, "nearest elements by half_pixel_symmetric, where positions lie halfway, are not held")


def _read_rounding(node: Node) -> PositionRounding:
    name = node.text("nearest_mode", "round_prefer_floor")
    if name not in _ROUNDINGS:
        raise refuse(node, f"rounding by {name} is not held; {', '.join(_ROUNDINGS)} are")
    return _ROUNDINGS[name]


def _weigh_axes(
    node: Node, mode: str, axes: Sequence[_ResizedAxis], positions: Mapping[int, Positions]
) -> dict[int, Matrix]:
    """The weights along each axis; an antialiased axis whose size stays is left alone, as onnxruntime has it."""
    kept = bool(node.integer("antialias", 0))
    return {
        axis.axis: _weigh(node, mode, axis, positions[axis.axis])
        for axis in axes
        if axis.count != axis.size or not kept
    }


def _weigh(node: Node, mode: str, axis: _ResizedAxis, positions: Positions) -> Matrix:
    coefficient = node.number("cubic_coeff_a", -0.75)
    outside = bool(node.integer("exclude_outside", 0))
    if not node.integer("antialias", 0):
        return cubic_weights(positions, axis.size, coefficient=coefficient, exclude_outside=outside)
    kernel = partial(cubic_kernel, coefficient=coefficient) if mode == "cubic" else triangle_kernel
    return antialiased_weights(positions, axis.size, scale=axis.scale, kernel=kernel, exclude_outside=outside)


def _read_axes(lower: Lowering, node: Node, value: GraphValue, *, older: bool) -> list[_ResizedAxis]:
    """The axes that sizes or scales are given for; a size wins over a scale."""
    rank = len(value.shape)
    chosen = [normalise_axis(axis, rank, node) for axis in node.integers("axes", tuple(range(rank)))]
    sizes = None if older else lower.integers(node, 3)
    if sizes:
        return _fit_sizes(node, value, chosen, sizes)
    constant = lower.constant(node, 1 if older else 2)
    scales = node.attributes.get("scales") if constant is None or not constant.size else constant.reshape(-1).tolist()
    if scales is None or len(scales) != len(chosen):
        raise refuse(node, f"it names neither sizes nor scales for its {len(chosen)} axes")
    return [
        _ResizedAxis(
            axis=axis,
            size=value.shape[axis],
            count=int(np.floor(np.float32(value.shape[axis]) * np.float32(scale))),
            scale=float(scale),
        )
        for axis, scale in zip(chosen, scales, strict=True)
    ]


def _fit_sizes(node: Node, value: GraphValue, chosen: Sequence[int], sizes: Sequence[int]) -> list[_ResizedAxis]:
    """Sizes as they are given, or such that all axes have the scale of that which changes least, or most."""
    policy = node.text("keep_aspect_ratio_policy", "stretch")
    scales = [np.float32(new) / np.float32(value.shape[axis]) for axis, new in zip(chosen, sizes, strict=True)]
    if policy != "stretch":
        common = min(scales) if policy == "not_larger" else max(scales)
        scales = [common] * len(scales)
        sizes = [int(np.floor(np.float32(value.shape[axis]) * common + np.float32(0.5))) for axis in chosen]
    return [
        _ResizedAxis(axis=axis, size=value.shape[axis], count=new, scale=float(scale))
        for axis, new, scale in zip(chosen, sizes, scales, strict=True)
    ]


HANDLERS: Mapping[str, Handler] = dict.fromkeys(("Resize", "Upsample"), _resize)
