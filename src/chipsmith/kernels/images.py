"""Images and volumes as kernels take them: the command's channels come last, PyTorch's second; windows over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chipsmith.frontends.forms.windows import Pads, Window, make_window
from chipsmith.kernels.kind import KernelInput
from chipsmith.kernels.parameters import SAME, VALID, KernelSettings
from chipsmith.tosa.builder import GraphBuilder

if TYPE_CHECKING:
    import torch


def image_shape(settings: KernelSettings) -> tuple[int, ...]:
    """The input as PyTorch has it: (batch, channels, spatial axes)."""
    batch, *sizes, channels = settings.sizes("input")
    return (batch, channels, *sizes)


def image_input(settings: KernelSettings) -> tuple[KernelInput, ...]:
    """The only input: images or volumes."""
    return (KernelInput(name="input", shape=image_shape(settings)),)


def read_window(settings: KernelSettings, build: GraphBuilder) -> Window:
    """The window over the spatial axes. Raises BadInput where it does not fit the input."""
    return make_window(
        build,
        sizes=image_shape(settings)[2:],
        kernel=settings.sizes("size"),
        strides=settings.sizes("stride"),
        dilations=_read_dilations(settings),
        pads=_read_pads(settings),
    )


def make_padded(settings: KernelSettings, make: Callable[[tuple[int, ...]], torch.nn.Module]) -> torch.nn.Module:
    """The module with as much padding on both sides; an even window, which needs more behind, has zeros put there."""
    import torch

    pads = _read_pads(settings)
    if all(before == behind for before, behind in pads):
        return make(tuple(before for before, _ in pads))
    module = make((0,) * len(pads))
    widths = [width for pair in reversed(pads) for width in pair]
    module.register_forward_pre_hook(lambda _, inputs: torch.nn.functional.pad(inputs[0], widths))
    return module


def _read_dilations(settings: KernelSettings) -> tuple[int, ...]:
    return settings.sizes("dilation") if "dilation" in settings.values else ()


def _read_pads(settings: KernelSettings) -> Pads:
    """Before and behind each spatial axis; `same` of an even window puts the odd element behind."""
    size = settings.sizes("size")
    padding = settings.values.get("padding", VALID)
    if isinstance(padding, tuple):
        return tuple((width, width) for width in padding)
    if padding == VALID:
        return ((0, 0),) * len(size)
    assert padding == SAME
    dilations = _read_dilations(settings) or (1,) * len(size)
    extents = [(taps - 1) * apart for taps, apart in zip(size, dilations, strict=True)]
    return tuple((extent // 2, extent - extent // 2) for extent in extents)
