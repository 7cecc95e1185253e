"""Where the elements of a resized axis are read, and with which weights: arithmetic in float32, as frameworks do it."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Positions: TypeAlias = npt.NDArray[np.float32]
Distances: TypeAlias = npt.NDArray[np.floating[Any]]
Indices: TypeAlias = npt.NDArray[np.int64]
Matrix: TypeAlias = npt.NDArray[np.float64]
"""Weights: a row for each element of the result, a column for each of the source."""


class CoordinateMapping(enum.Enum):
    """How the index of a result becomes a position in the source, whose elements lie at 0, 1, 2 and so on."""

    HALF_PIXEL = "centres of elements lie half an element behind their edges"
    HALF_PIXEL_LONE_FIRST = "the same; a result of one element is the source's first"
    HALF_PIXEL_SYMMETRIC = "the same; what a rounded size leaves over is split between both ends"
    HALF_PIXEL_FLOOR = "half an element into the result, none back in the source"
    CORNER = "the first elements coincide"
    ALIGN_CORNERS = "the first and the last elements coincide"


class PositionRounding(enum.Enum):
    """How a position becomes an index."""

    HALF_DOWN = "to the nearest, halves down"
    HALF_UP = "to the nearest, halves up"
    FLOOR = "down"
    CEIL = "up"
    TRUNCATE_OR_CEIL = "down where the axis grows, up where it shrinks"


def sample_positions(mapping: CoordinateMapping, *, size: int, count: int, scale: float) -> Positions:
    """Positions in a source of `size` elements of each of `count`; `scale` is the enlargement that the author names."""
    index, factor, half = np.arange(count, dtype=np.float32), np.float32(scale), np.float32(0.5)
    match mapping:
        case CoordinateMapping.CORNER:
            return np.asarray(index / factor)
        case CoordinateMapping.ALIGN_CORNERS:
            return np.asarray(index * np.float32(size - 1) / np.float32(max(count - 1, 1)))
        case CoordinateMapping.HALF_PIXEL_FLOOR:
            return np.asarray((index + half) / factor)
        case CoordinateMapping.HALF_PIXEL_LONE_FIRST if count == 1:
            return np.zeros(1, np.float32)
        case CoordinateMapping.HALF_PIXEL_SYMMETRIC:
            share = np.float32(count) / (factor * np.float32(size))
            offset = np.float32(size) * half * (np.float32(1) - share)
            return np.asarray(offset + (index + half) / factor - half)
    return np.asarray((index + half) / factor - half)


def round_positions(positions: Positions, rounding: PositionRounding, *, size: int, scale: float) -> Indices:
    """The index of the nearest element that each position counts as, within the source."""
    match rounding:
        case PositionRounding.HALF_DOWN:
            rounded = np.ceil(positions - np.float32(0.5))
        case PositionRounding.HALF_UP:
            rounded = np.floor(positions + np.float32(0.5))
        case PositionRounding.CEIL:
            rounded = np.ceil(positions)
        case PositionRounding.TRUNCATE_OR_CEIL if scale < 1:
            rounded = np.ceil(positions)
        case _:
            rounded = np.floor(positions)
    return np.asarray(np.clip(rounded, 0, size - 1), np.int64)


def linear_weights(positions: Positions, size: int) -> Matrix:
    """Weights of the two neighbours of each position; beyond the ends that of the last element."""
    clipped = np.clip(positions.astype(np.float64), 0, size - 1)
    distance = np.abs(clipped[:, None] - np.arange(size))
    return np.asarray(np.maximum(1 - distance, 0))


def cubic_weights(positions: Positions, size: int, *, coefficient: float, exclude_outside: bool) -> Matrix:
    """Weights of the four neighbours of each position by Keys' cubic kernel.

    Neighbours beyond the ends count as the last element, or not at all, the others then summing to 1.
    """
    first = np.floor(positions.astype(np.float64)).astype(np.int64)
    matrix = np.zeros((len(positions), size))
    for offset in (-1, 0, 1, 2):
        neighbour = first + offset
        weight = cubic_kernel(positions - neighbour, coefficient)
        weight = np.where((neighbour < 0) | (neighbour >= size), 0, weight) if exclude_outside else weight
        np.add.at(matrix, (np.arange(len(positions)), np.clip(neighbour, 0, size - 1)), weight)
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True)) if exclude_outside else matrix


def cubic_kernel(distance: Distances, coefficient: float) -> npt.NDArray[np.float64]:
    """Keys' cubic convolution kernel, which is 0 from a distance of 2 on."""
    x = np.abs(distance.astype(np.float64))
    near = ((coefficient + 2) * x - (coefficient + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * coefficient - 4 * coefficient
    return np.asarray(np.where(x <= 1, near, np.where(x < 2, far, 0)))


def triangle_kernel(distance: Distances) -> npt.NDArray[np.float64]:
    """Linear interpolation's kernel, which is 0 from a distance of 1 on."""
    return np.asarray(np.maximum(1 - np.abs(distance.astype(np.float64)), 0))


def antialiased_weights(
    positions: Positions,
    size: int,
    *,
    scale: float,
    kernel: Callable[[Distances], npt.NDArray[np.float64]],
    exclude_outside: bool,
) -> Matrix:
    """Weights by a kernel that widens as the axis shrinks, so that it averages what falls together; rows sum to 1.

    Elements beyond the ends count as the last, or not at all where `exclude_outside`.
    """
    shrink = min(scale, 1.0)
    reach = int(np.ceil(2 / shrink)) + 1
    places = np.floor(positions.astype(np.float64))[:, None] + np.arange(-reach, reach + 1)
    weights = kernel((places - positions[:, None]) * shrink)
    inside = (places >= 0) & (places < size)
    weights = np.where(inside, weights, 0) if exclude_outside else weights
    matrix = np.zeros((len(positions), size))
    rows = np.broadcast_to(np.arange(len(positions))[:, None], places.shape)
    np.add.at(matrix, (rows, np.clip(places, 0, size - 1).astype(np.int64)), weights)
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))
