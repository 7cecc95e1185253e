"""Loop nests: which elements a multiply-accumulate operator reads and writes, as affine functions of its loops.

They are what a mapper places on a chip's memories and arrays. No mapper reads them yet: today the tests alone do, which
hold each nest to its operator's meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, kw_only=True)
class AffineIndex:
    """One index of a tensor: the offset plus each loop's counter times its coefficient."""

    coefficients: Mapping[str, int]
    offset: int = 0


@dataclass(frozen=True, kw_only=True)
class LoopNest:
    """Loops with their bounds; each step adds the product of the two reads to the element written.

    A step whose index lies outside of a tensor (padding, cropping) adds nothing. Loops that do not occur in
    `write` are reductions. Reads are the operands that are multiplied, by the row's names.
    """

    bounds: Mapping[str, int]
    reads: Mapping[str, tuple[AffineIndex, ...]]
    write: tuple[AffineIndex, ...]

    @property
    def multiply_accumulates(self) -> int:
        """Steps of the nest, those that meet padding included."""
        return prod(self.bounds.values())

    @property
    def reductions(self) -> tuple[str, ...]:
        """Loops over which the output is summed."""
        written = {loop for index in self.write for loop in index.coefficients}
        return tuple(loop for loop in self.bounds if loop not in written)


def loop(name: str) -> AffineIndex:
    """The index that is one loop's counter."""
    return AffineIndex(coefficients={name: 1})
