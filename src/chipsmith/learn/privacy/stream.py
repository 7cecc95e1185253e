"""Random numbers that nobody can foretell without their key: a stream for each step and use, from SHAKE-256.

A generator made for simulations, such as torch's, can be foretold from what it gave; and one that is seeded by a
published number hides nothing. Here the numbers of step `number` for `use` are a hash of the key, so that a training
that goes on after an interruption needs the key and its place, and draws the same.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_KEY_BYTES = 32
_BITS = 53
"""Of a float64's fraction: uniform numbers are multiples of 2 ** -53."""
_SUMMED = 4
"""Normal numbers that are added for each that is given. The bits of the sum's float64 hide which they were.

Source: N. Holohan, S. Braghin: Secure random sampling in differential privacy, ESORICS 2021.
"""


@dataclass(frozen=True, kw_only=True)
class NoiseStream:
    """Streams of random numbers by use and step. The key is the secret."""

    key: bytes

    @classmethod
    def fresh(cls) -> NoiseStream:
        """A key of the operating system."""
        return cls(key=secrets.token_bytes(_KEY_BYTES))

    @classmethod
    def seeded(cls, seed: int) -> NoiseStream:
        """A key that anyone can compute from `seed`."""
        return cls(key=hashlib.sha256(b"chipsmith seed %d" % seed).digest())

    def uniform(self, use: str, step: int, count: int) -> NDArray[np.float64]:
        """`count` numbers from 0 to below 1."""
        whole = np.frombuffer(self._bytes(use, step, 8 * count), "<u8") >> np.uint64(64 - _BITS)
        return whole.astype(np.float64) * 2.0**-_BITS

    def normal(self, use: str, step: int, count: int) -> NDArray[np.float64]:
        """`count` standard normal numbers.

        Source: G. Box, M. Muller: A note on the generation of random normal deviates, 1958.
        """
        pairs = -(-count // 2)
        radius, angle = self.uniform(use, step, 2 * _SUMMED * pairs).reshape(2, _SUMMED, pairs)
        length = np.sqrt(-2 * np.log1p(-radius))
        turned = np.concatenate([length * np.cos(2 * np.pi * angle), length * np.sin(2 * np.pi * angle)], axis=1)
        total: NDArray[np.float64] = turned.sum(axis=0)[:count] / np.sqrt(_SUMMED)
        return total

    def seed(self, use: str, step: int) -> int:
        """A seed of 63 bits for a generator of somebody else's."""
        return int.from_bytes(self._bytes(use, step, 8), "little") >> 1

    def _bytes(self, use: str, step: int, count: int) -> bytes:
        return hashlib.shake_256(self.key + b"%s %d" % (use.encode(), step)).digest(count)
