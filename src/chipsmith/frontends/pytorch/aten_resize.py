"""Handlers of images at another size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chipsmith.frontends.forms.resize import resize_linear, resize_nearest, resize_weighted
from chipsmith.frontends.forms.sampling import CoordinateMapping, Indices, Matrix, Positions, sample_positions
from chipsmith.frontends.forms.values import GraphValue
from chipsmith.frontends.pytorch.calls import AtenCall, AtenHandler


def nearest(call: AtenCall) -> GraphValue:
    """The nearest elements, as PyTorch itself chooses them of an axis that counts."""
    image = _image(call)
    exact = "exact" in call.operator
    mapping = CoordinateMapping.HALF_PIXEL_FLOOR if exact else CoordinateMapping.CORNER
    chosen = {
        axis: (_positions(call, image, axis, mapping), _nearest_indices(image.shape[axis], count, scale, exact=exact))
        for axis, count, scale in _list_axes(call, image)
    }
    return resize_nearest(call.build, image, chosen)


def linear(call: AtenCall) -> GraphValue:
    """Elements between two neighbours of each axis."""
    image = _image(call)
    corners = call.flag("align_corners")
    mapping = CoordinateMapping.ALIGN_CORNERS if corners else CoordinateMapping.HALF_PIXEL
    chosen = {axis: _positions(call, image, axis, mapping) for axis, _, _ in _list_axes(call, image)}
    return resize_linear(call.build, image, chosen)


def weighted(call: AtenCall) -> GraphValue:
    """Weighted sums along each axis, with the weights that PyTorch itself gives each element."""
    image = _image(call)
    matrices = {
        axis: _read_weights(call, image.shape[axis], count, scale) for axis, count, scale in _list_axes(call, image)
    }
    return resize_weighted(call.build, image, matrices)


def _image(call: AtenCall) -> GraphValue:
    return call.computed("input" if "input" in call.operands else "self")


def _list_axes(call: AtenCall, image: GraphValue) -> list[tuple[int, int, float | None]]:
    """Each spatial axis with its new size, and the enlargement that the author names, if any."""
    names = ("scales_d", "scales_h", "scales_w", "scales")
    scales = call.operands.get("scale_factors") or [call.operands[name] for name in names if name in call.operands]
    scales = list(scales) or [None] * (len(image.shape) - 2)
    return [(axis, call.shape[axis], scale) for axis, scale in enumerate(scales, 2)]


def _positions(call: AtenCall, image: GraphValue, axis: int, mapping: CoordinateMapping) -> Positions:
    size, count = image.shape[axis], call.shape[axis]
    scale = next(named for index, _, named in _list_axes(call, image) if index == axis) or count / size
    return sample_positions(mapping, size=size, count=count, scale=scale)


def _nearest_indices(size: int, count: int, scale: float | None, *, exact: bool) -> Indices:
    import torch

    target = torch.ops.aten._upsample_nearest_exact1d if exact else torch.ops.aten.upsample_nearest1d
    indices = target.default(torch.arange(size, dtype=torch.float64)[None, None], [count], scale)
    return np.asarray(indices[0, 0].numpy(), np.int64)


def _read_weights(call: AtenCall, size: int, count: int, scale: float | None) -> Matrix:
    """Row i holds the weights of result i: of an image whose columns each hold one element, the rows are resized."""
    import torch

    target: Any = getattr(torch.ops.aten, call.operator).default
    image = torch.eye(size, dtype=torch.float64)[None, None]
    results = target(image, [count, size], call.flag("align_corners"), scale, None)
    return np.asarray(results[0, 0].numpy(), np.float64)


_NEAREST = "upsample_nearest1d upsample_nearest2d upsample_nearest3d"
_EXACT = "_upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d"

HANDLERS: Mapping[str, AtenHandler] = {
    **dict.fromkeys(f"{_NEAREST} {_EXACT}".split(), nearest),
    **dict.fromkeys(["upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d"], linear),
    **dict.fromkeys(["upsample_bicubic2d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa"], weighted),
}
