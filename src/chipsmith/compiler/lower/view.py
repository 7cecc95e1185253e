"""Where a tensor stands: a buffer and the byte strides of a view into it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chipsmith.tosa.graph import Array, DType, Tensor


@dataclass(frozen=True, kw_only=True)
class View:
    """A tensor as bytes of a buffer: `offset` of its element 0 and a stride in bytes for each dimension."""

    buffer: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: DType

    @property
    def extent(self) -> tuple[int, int]:
        """First byte and the byte after the last one that the view touches, within the buffer."""
        reach = [(size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True)]
        low = self.offset + sum(distance for distance in reach if distance < 0)
        high = self.offset + sum(distance for distance in reach if distance > 0)
        return low, high + self.dtype.size_bytes

    @property
    def dense(self) -> bool:
        """Whether the view is row-major without gaps."""
        wanted = dense_strides(self.shape, self.dtype.size_bytes)
        return all(
            size == 1 or stride == other for size, stride, other in zip(self.shape, self.strides, wanted, strict=True)
        )

    def reshape(self, shape: tuple[int, ...]) -> View | None:
        """The view with another shape over the same bytes, or None where only a copy could have it."""
        probe = _probe(self.shape, self.strides)
        try:
            shaped = np.reshape(probe, shape, copy=False)
        except ValueError:
            return None
        return replace(self, shape=shape, strides=tuple(shaped.strides))

    def shaped(self, shape: tuple[int, ...]) -> View:
        """The view of a dense tensor in another shape; ValueError where only a copy could have it."""
        shaped = self.reshape(shape)
        if shaped is None:
            raise ValueError(f"a view of {self.buffer} with strides {self.strides} has no shape {shape}")
        return shaped

    def transpose(self, permutation: tuple[int, ...]) -> View:
        """The view with its dimensions in another order."""
        return replace(
            self,
            shape=tuple(self.shape[axis] for axis in permutation),
            strides=tuple(self.strides[axis] for axis in permutation),
        )

    def read(self, data: bytes) -> Array:
        """The elements, from the bytes of the view's buffer."""
        whole = np.frombuffer(data, self.dtype.numpy.newbyteorder("<"), offset=self.offset, count=1)
        return np.lib.stride_tricks.as_strided(whole, self.shape, self.strides, writeable=False)

    def slice(self, start: tuple[int, ...], size: tuple[int, ...]) -> View:
        """The elements from `start` on, `size` along each axis."""
        offset = self.offset + sum(index * stride for index, stride in zip(start, self.strides, strict=True))
        return replace(self, offset=offset, shape=size)

    def every(self, axis: int, *, first: int, count: int, step: int = 1) -> View:
        """Positions `first`, `first + step`, ... of an axis, so many of them."""
        shape = tuple(count if dimension == axis else size for dimension, size in enumerate(self.shape))
        strides = tuple(stride * step if dimension == axis else stride for dimension, stride in enumerate(self.strides))
        return replace(self, offset=self.offset + first * self.strides[axis], shape=shape, strides=strides)

    def split(self, axis: int, inner: int) -> View:
        """An axis as two, of which the second has size `inner`; one of size 1, which is repeated, as two of size 1."""
        size, stride = self.shape[axis], self.strides[axis]
        sizes = (1, 1) if size == 1 else (size // inner, inner)
        shape = (*self.shape[:axis], *sizes, *self.shape[axis + 1 :])
        return replace(self, shape=shape, strides=(*self.strides[:axis], stride * inner, *self.strides[axis:]))

    def insert(self, axis: int) -> View:
        """The view with one more axis, of size 1."""
        shape = (*self.shape[:axis], 1, *self.shape[axis:])
        return replace(self, shape=shape, strides=(*self.strides[:axis], 0, *self.strides[axis:]))

    def reverse(self, axis: int) -> View:
        """The view with one axis backwards."""
        offset = self.offset + (self.shape[axis] - 1) * self.strides[axis]
        strides = tuple(-stride if dimension == axis else stride for dimension, stride in enumerate(self.strides))
        return replace(self, offset=offset, strides=strides)

    def broadcast(self, shape: tuple[int, ...]) -> View:
        """The view repeated to a shape of the same rank, with stride 0 where its size is 1."""
        strides = tuple(
            0 if mine == 1 and wanted != 1 else stride
            for mine, wanted, stride in zip(self.shape, shape, self.strides, strict=True)
        )
        return replace(self, shape=shape, strides=strides)


def inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that undoes another."""
    return tuple(order.index(axis) for axis in range(len(order)))


def dense_strides(shape: tuple[int, ...], size_bytes: int) -> tuple[int, ...]:
    """Row-major strides in bytes."""
    strides: list[int] = []
    step = size_bytes
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def dense_view(tensor: Tensor, buffer: str) -> View:
    """The view of a tensor that fills a buffer row-major."""
    strides = dense_strides(tensor.shape, tensor.dtype.size_bytes)
    return View(buffer=buffer, offset=0, shape=tensor.shape, strides=strides, dtype=tensor.dtype)


def _probe(shape: tuple[int, ...], strides: tuple[int, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    # One byte stands for the whole buffer: only shape and strides are looked at, nothing is read.
    return np.lib.stride_tricks.as_strided(np.zeros(1, np.int8), shape, strides, writeable=False)
