"""All operators that have a handler, by name."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.frontends.pytorch import (
    aten_binary,
    aten_convolution,
    aten_elementwise,
    aten_indexing,
    aten_matrix,
    aten_movement,
    aten_normalise,
    aten_recurrent,
    aten_reduction,
    aten_resize,
    quantized_decomposed,
)
from chipsmith.frontends.pytorch.calls import AtenHandler

HANDLERS: Mapping[str, AtenHandler] = {
    **aten_binary.HANDLERS,
    **aten_convolution.HANDLERS,
    **aten_elementwise.HANDLERS,
    **aten_indexing.HANDLERS,
    **aten_matrix.HANDLERS,
    **aten_movement.HANDLERS,
    **aten_normalise.HANDLERS,
    **aten_recurrent.HANDLERS,
    **aten_reduction.HANDLERS,
    **aten_resize.HANDLERS,
    **quantized_decomposed.HANDLERS,
}
