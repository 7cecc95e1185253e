"""Windows that slide over the spatial axes of convolutions and poolings: their padding, positions and fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from chipsmith.errors import BadInput
from chipsmith.tosa.builder import Axes, GraphBuilder, Shape

Pads: TypeAlias = tuple[tuple[int, int], ...]
"""How much is added before and after each axis."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A window over the spatial axes, an entry for each: `kernel` elements `dilations` apart, moved by `strides`."""

    kernel: Shape
    strides: Shape
    dilations: Shape
    pads: Pads

    @property
    def extents(self) -> Shape:
        """From the first element of the window to its last, both counted."""
        return tuple((taps - 1) * apart + 1 for taps, apart in zip(self.kernel, self.dilations, strict=True))

    def spans(self, sizes: Sequence[int]) -> Shape:
        """How far the window can move along each axis of an input of these sizes; negative where it does not fit."""
        return tuple(size + sum(pad) - extent for size, pad, extent in zip(sizes, self.pads, self.extents, strict=True))

    def positions(self, sizes: Sequence[int]) -> Shape:
        """How many positions it takes, the last ones not beyond the padded input."""
        return tuple(span // stride + 1 for span, stride in zip(self.spans(sizes), self.strides, strict=True))


def make_window(
    build: GraphBuilder,
    *,
    sizes: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int] = (),
    dilations: Sequence[int] = (),
    pads: Pads = (),
) -> Window:
    """A window over spatial axes of `sizes`; strides and dilations are 1, pads 0, where they are left out.

    Raises BadInput where the numbers are not one (pair) for each axis or not positive, or the window does not fit.
    """
    count = len(kernel)
    window = Window(
        kernel=tuple(kernel),
        strides=tuple(strides) or (1,) * count,
        dilations=tuple(dilations) or (1,) * count,
        pads=pads or ((0, 0),) * count,
    )
    if not count == len(sizes) == len(window.strides) == len(window.dilations) == len(window.pads):
        raise BadInput(f"'{build.scope}': kernel, strides, dilations and pads do not fit {len(sizes)} spatial axes")
    if min((*window.kernel, *window.strides, *window.dilations)) < 1 or min(map(min, window.pads)) < 0:
        raise BadInput(f"'{build.scope}': kernel, strides and dilations must be positive, and pads 0 or more")
    if min(window.spans(sizes)) < 0:
        raise BadInput(f"'{build.scope}': a window of {list(window.extents)} does not fit an input of {list(sizes)}")
    return window


def pad_to_keep_size(
    *, sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], odd_first: bool
) -> Pads:
    """The padding with which a window takes ceil(size / stride) positions; an odd element is first, or last."""
    pads = []
    for size, taps, stride, apart in zip(sizes, kernel, strides, dilations, strict=True):
        total = max((-(-size // stride) - 1) * stride + (taps - 1) * apart + 1 - size, 0)
        less, more = total // 2, total - total // 2
        pads.append((more, less) if odd_first else (less, more))
    return tuple(pads)


def pad_to_ceiling(window: Window, sizes: Sequence[int]) -> Window:
    """The window with more padding behind, so that a last position that begins inside of the input counts too."""
    pads = []
    for size, span, stride, (before, after) in zip(
        sizes, window.spans(sizes), window.strides, window.pads, strict=True
    ):
        steps = -(-span // stride)
        steps -= steps * stride >= size + before
        pads.append((before, after + max(steps * stride - span, 0)))
    return replace(window, pads=tuple(pads))


def trim(build: GraphBuilder, tensor: str, window: Window) -> tuple[str, Window]:
    """The tensor (N, spatial, C) and the window without what no position reaches, as TOSA asks for."""
    shape = build.shape(tensor)
    sizes, pads = [], []
    for size, span, stride, (before, after) in zip(
        shape[1:-1], window.spans(shape[1:-1]), window.strides, window.pads, strict=True
    ):
        surplus = span % stride
        pads.append((before, max(after - surplus, 0)))
        sizes.append(size - max(surplus - after, 0))
    kept = build.slice(tensor, (0,) * len(shape), (shape[0], *sizes, shape[-1]))
    return kept, replace(window, pads=tuple(pads))


def widen(window: Window) -> Window:
    """The window over two axes at least: one of size 1 comes before the only one."""
    if len(window.kernel) > 1:
        return window
    return Window(
        kernel=(1, *window.kernel),
        strides=(1, *window.strides),
        dilations=(1, *window.dilations),
        pads=((0, 0), *window.pads),
    )


def channels_last(rank: int) -> Axes:
    """The order (N, spatial axes, C) of the axes of (N, C, spatial axes)."""
    return (0, *range(2, rank), 1)
