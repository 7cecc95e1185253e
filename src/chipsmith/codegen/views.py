"""Affine views: which element of a tensor each step of a loop nest reads or writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

Sizes = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class AffineView:
    """Element (i0, i1, ...) of a view of `sizes` is element offset + i0 x strides[0] + ... of its tensor."""

    sizes: Sizes
    strides: Sizes
    offset: int = 0

    @property
    def is_contiguous(self) -> bool:
        """Whether it is so many neighbours in order, beginning with the offset."""
        whole = contiguous(self.sizes)
        return all(
            size == 1 or own == dense for size, own, dense in zip(self.sizes, self.strides, whole.strides, strict=True)
        )


def contiguous(shape: Sequence[int]) -> AffineView:
    """All of a tensor of that shape."""
    strides = list(accumulate([1, *reversed(shape)], lambda a, b: a * b))[:-1]
    return AffineView(sizes=tuple(shape), strides=tuple(reversed(strides)))


def broadcast(view: AffineView, sizes: Sequence[int]) -> AffineView:
    """The view repeated along its axes of size 1 until it has `sizes`."""
    spread = (0 if size == 1 else stride for size, stride in zip(view.sizes, view.strides, strict=True))
    return replace(view, sizes=tuple(sizes), strides=tuple(spread))


def block(view: AffineView, start: Sequence[int], size: Sequence[int]) -> AffineView:
    """The block of a view that begins at `start`."""
    offset = view.offset + sum(s * stride for s, stride in zip(start, view.strides, strict=True))
    return replace(view, sizes=tuple(size), offset=offset)


def permuted(view: AffineView, perms: Sequence[int]) -> AffineView:
    """The view with its axes in another order."""
    return replace(
        view, sizes=tuple(view.sizes[axis] for axis in perms), strides=tuple(view.strides[axis] for axis in perms)
    )


def flipped(view: AffineView, axis: int) -> AffineView:
    """The view with an axis turned round."""
    strides = list(view.strides)
    offset = view.offset + (view.sizes[axis] - 1) * strides[axis]
    strides[axis] = -strides[axis]
    return replace(view, strides=tuple(strides), offset=offset)


def collapse(sizes: Sequence[int], strides: Sequence[Sizes]) -> tuple[Sizes, tuple[Sizes, ...]]:
    """The same steps in as few loops as may be: axes of size 1 go, neighbours that are dense in all operands join.

    `strides` has a tuple an operand; so has the result.
    """
    kept: list[tuple[int, list[int]]] = []
    for axis, size in enumerate(sizes):
        steps = [operand[axis] for operand in strides]
        if size == 1:
            continue
        if kept and all(outer == inner * size for outer, inner in zip(kept[-1][1], steps, strict=True)):
            kept[-1] = (kept[-1][0] * size, steps)
        else:
            kept.append((size, steps))
    return tuple(size for size, _ in kept), tuple(
        tuple(steps[index] for _, steps in kept) for index in range(len(strides))
    )


def pixel_steps(view: AffineView) -> Mapping[str, int]:
    """Distances in elements between neighbours of images or volumes, by the fields of the kernels' structures."""
    image, *spatial, _ = view.strides
    step_z, step_y, step_x = (*(0,) * (3 - len(spatial)), *spatial)
    return {"step_n": image, "step_z": step_z, "step_y": step_y, "step_x": step_x}
