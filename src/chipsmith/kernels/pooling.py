"""Poolings of images: a value for each window and channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chipsmith.frontends.forms.pooling import pool_average, pool_maximum
from chipsmith.frontends.forms.values import GraphValue
from chipsmith.kernels.images import image_input, read_window
from chipsmith.kernels.kind import KernelDraft, KernelKind
from chipsmith.kernels.parameters import KernelSettings, ShapeParameter, SizesParameter

if TYPE_CHECKING:
    import torch

_PARAMETERS = (
    ShapeParameter(name="input", axes=("batch", "height", "width", "channels"), default=(1, 32, 32, 16)),
    SizesParameter(name="size", help="the window, in elements", default=(2, 2)),
    SizesParameter(name="stride", help="from a window to the next", default=(2, 2)),
)


def _write_maximum(draft: KernelDraft) -> Sequence[GraphValue]:
    return [pool_maximum(draft.build, draft.inputs[0], read_window(draft.settings, draft.build))]


def _write_average(draft: KernelDraft) -> Sequence[GraphValue]:
    return [pool_average(draft.build, draft.inputs[0], read_window(draft.settings, draft.build))]


def _make_maximum(settings: KernelSettings) -> torch.nn.Module:
    import torch

    return torch.nn.MaxPool2d(settings.sizes("size"), settings.sizes("stride"))


def _make_average(settings: KernelSettings) -> torch.nn.Module:
    import torch

    return torch.nn.AvgPool2d(settings.sizes("size"), settings.sizes("stride"))


MAX_POOL = KernelKind(
    name="max-pool",
    summary="the greatest element of each window of images",
    parameters=_PARAMETERS,
    inputs=image_input,
    write=_write_maximum,
    module=_make_maximum,
)
AVERAGE_POOL = KernelKind(
    name="average-pool",
    summary="the mean of each window of images",
    parameters=_PARAMETERS,
    inputs=image_input,
    write=_write_average,
    module=_make_average,
)
KINDS = (MAX_POOL, AVERAGE_POOL)
