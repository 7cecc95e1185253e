"""Convolutions over two and three spatial axes: plain, in groups, a channel each, transposed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.frontends.forms.convolution import convolve
from chipsmith.frontends.forms.transposed import convolve_transposed
from chipsmith.frontends.forms.values import GraphValue
from chipsmith.frontends.forms.windows import Window
from chipsmith.kernels.images import image_input, image_shape, make_padded, read_window
from chipsmith.kernels.kind import KernelDraft, KernelKind, Weights, draw_bias, draw_weight
from chipsmith.kernels.parameters import (
    CountParameter,
    KernelParameter,
    KernelSettings,
    PaddingParameter,
    ShapeParameter,
    SizesParameter,
)

if TYPE_CHECKING:
    import torch

_IMAGE = ShapeParameter(name="input", axes=("batch", "height", "width", "channels"), default=(1, 32, 32, 16))
_VOLUME = ShapeParameter(
    name="input", axes=("batch", "depth", "height", "width", "channels"), default=(1, 8, 16, 16, 8)
)
_FILTERS = CountParameter(name="filters", help="output channels", default=16)
_GROUPS = CountParameter(name="groups", help="groups of channels that do not see one another", default=1)


def window_parameters(rank: int, *, size: int, stride: int = 1, padding: str = "same") -> tuple[KernelParameter, ...]:
    """Size, stride and padding of a window over `rank` axes, with their defaults."""
    return (
        SizesParameter(name="size", help="the window, in elements", default=(size,) * rank),
        SizesParameter(name="stride", help="from a window to the next", default=(stride,) * rank),
        PaddingParameter(name="padding", rank=rank, default=padding),
    )


def dilation_parameter(rank: int) -> SizesParameter:
    """How far apart the elements of a window are."""
    return SizesParameter(name="dilation", help="from an element of the window to the next", default=(1,) * rank)


# --- plain, in groups, and a channel each -----------------------------------------------------------------------------


def _count_filters(settings: KernelSettings) -> int:
    """Output channels: those that are asked for, or so many of each channel."""
    if "multiplier" in settings.values:
        return image_shape(settings)[1] * settings.count("multiplier")
    return settings.count("filters")


def _count_groups(settings: KernelSettings) -> int:
    channels, filters = image_shape(settings)[1], _count_filters(settings)
    if "multiplier" in settings.values:
        return channels
    groups = settings.count("groups") if "groups" in settings.values else 1
    if channels % groups or filters % groups:
        raise settings.refuse(f"{groups} groups do not divide {channels} channels and {filters} filters evenly")
    return groups


def _draw(settings: KernelSettings, random: np.random.Generator) -> Weights:
    filters, size = _count_filters(settings), settings.sizes("size")
    inner = image_shape(settings)[1] // _count_groups(settings)
    weight = draw_weight(random, (filters, inner, *size), terms=inner * math.prod(size))
    return {"weight": weight, "bias": draw_bias(random, filters)}


def _write(draft: KernelDraft) -> Sequence[GraphValue]:
    (image,) = draft.inputs
    window = read_window(draft.settings, draft.build)
    groups = _count_groups(draft.settings)
    weight, bias = draft.weight("weight"), draft.weight("bias")
    return [convolve(draft.build, image, weight, bias=bias, window=window, groups=groups)]


def _make_module(settings: KernelSettings) -> torch.nn.Module:
    import torch

    size = settings.sizes("size")
    make = {2: torch.nn.Conv2d, 3: torch.nn.Conv3d}[len(size)]
    return make_padded(
        settings,
        lambda padding: make(
            image_shape(settings)[1],
            _count_filters(settings),
            size,
            stride=settings.sizes("stride"),
            padding=padding,
            dilation=settings.sizes("dilation"),
            groups=_count_groups(settings),
        ),
    )


CONV2D = KernelKind(
    name="conv2d",
    summary="a convolution of images, with a bias",
    parameters=(_IMAGE, _FILTERS, *window_parameters(2, size=3), dilation_parameter(2), _GROUPS),
    inputs=image_input,
    draw=_draw,
    write=_write,
    module=_make_module,
)
CONV3D = KernelKind(
    name="conv3d",
    summary="a convolution of volumes, with a bias",
    parameters=(_VOLUME, _FILTERS, *window_parameters(3, size=3), dilation_parameter(3)),
    inputs=image_input,
    draw=_draw,
    write=_write,
    module=_make_module,
)
DEPTHWISE = KernelKind(
    name="depthwise",
    summary="a convolution of each channel of images by itself, with a bias",
    parameters=(
        _IMAGE,
        CountParameter(name="multiplier", help="output channels of each channel", default=1),
        *window_parameters(2, size=3),
        dilation_parameter(2),
    ),
    inputs=image_input,
    draw=_draw,
    write=_write,
    module=_make_module,
)


# --- transposed -------------------------------------------------------------------------------------------------------


def _draw_transposed(settings: KernelSettings, random: np.random.Generator) -> Weights:
    filters, size, channels = settings.count("filters"), settings.sizes("size"), image_shape(settings)[1]
    terms = max(channels * math.prod(size) // math.prod(settings.sizes("stride")), 1)
    weight = draw_weight(random, (channels, filters, *size), terms=terms)
    return {"weight": weight, "bias": draw_bias(random, filters)}


def _write_transposed(draft: KernelDraft) -> Sequence[GraphValue]:
    (image,) = draft.inputs
    size, stride = draft.settings.sizes("size"), draft.settings.sizes("stride")
    window = Window(kernel=size, strides=stride, dilations=(1,) * len(size), pads=((0, 0),) * len(size))
    weight, bias = draft.weight("weight"), draft.weight("bias")
    return [convolve_transposed(draft.build, image, weight, bias=bias, window=window)]


def _make_transposed_module(settings: KernelSettings) -> torch.nn.Module:
    import torch

    return torch.nn.ConvTranspose2d(
        image_shape(settings)[1],
        settings.count("filters"),
        settings.sizes("size"),
        stride=settings.sizes("stride"),
    )


TRANSPOSE_CONV2D = KernelKind(
    name="transpose-conv2d",
    summary="a transposed convolution of images, with a bias",
    parameters=(
        ShapeParameter(name="input", axes=("batch", "height", "width", "channels"), default=(1, 16, 16, 16)),
        _FILTERS,
        SizesParameter(name="size", help="the window, in elements", default=(2, 2)),
        SizesParameter(name="stride", help="from a window of the result to the next", default=(2, 2)),
    ),
    inputs=image_input,
    draw=_draw_transposed,
    write=_write_transposed,
    module=_make_transposed_module,
)
KINDS = (CONV2D, DEPTHWISE, CONV3D, TRANSPOSE_CONV2D)
