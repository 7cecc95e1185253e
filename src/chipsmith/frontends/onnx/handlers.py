"""The function that lowers each operator of ONNX, and why some have none."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.frontends.onnx import (
    arithmetic,
    convolution,
    indexing,
    logic,
    matrix,
    movement,
    normalise,
    pointwise,
    pooling,
    quantisation,
    recurrent,
    reduction,
    resize,
)
from chipsmith.frontends.onnx.lowering import Handler

_MODULES = (
    quantisation,
    pointwise,
    arithmetic,
    logic,
    matrix,
    recurrent,
    reduction,
    convolution,
    pooling,
    movement,
    indexing,
    resize,
    normalise,
)
HANDLERS: Mapping[str, Handler] = {kind: handler for module in _MODULES for kind, handler in module.HANDLERS.items()}
"""The function that lowers each operator."""

REASONS: Mapping[str, str] = {
    **dict.fromkeys(("Loop", "Scan"), "control flow; export the network with fixed shapes and without loops"),
    **dict.fromkeys(
        ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"),
        "random numbers; export the network for inference, or give them as an input",
    ),
    **dict.fromkeys(
        ("BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor"),
        "bits of integers; compute them outside of the network",
    ),
    **dict.fromkeys(
        ("NonZero", "Unique", "NonMaxSuppression"),
        "a result whose size depends on values; end the network before it",
    ),
    **dict.fromkeys(
        ("GridSample", "RoiAlign", "MaxRoiPool", "DeformConv"),
        "places between pixels that are computed; end the network before it, and do the rest on the host",
    ),
    "MaxUnpool": "positions that a pooling gives as a second output; upsample by Resize or ConvTranspose",
}
"""Why an operator has no form here, and what helps."""
