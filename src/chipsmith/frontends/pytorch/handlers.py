"""All operators that have a handler, by name."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.frontends.pytorch import (
    aten_convolution,
    aten_movement,
)
from chipsmith.frontends.pytorch.calls import AtenHandler

HANDLERS: Mapping[str, AtenHandler] = {
    **aten_convolution.HANDLERS,
    **aten_movement.HANDLERS,
}
