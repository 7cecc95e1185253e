"""The byte-addressed memories of a batch of inferences, and strided views of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Bytes: TypeAlias = npt.NDArray[np.int8]
Array: TypeAlias = npt.NDArray[Any]
Loops: TypeAlias = tuple[tuple[int, int], ...]

UNDEFINED = 0x5A
"""What stands in bytes that the machine leaves undefined: not zero, so that no program leans on zeros."""

_CACHED_BYTES = 1 << 21


@dataclass(frozen=True, kw_only=True)
class Memories:
    """What a batch of inferences holds; every array is C-contiguous int8.

    `local`: on-chip memory, [inferences, bytes]. `constants`: external memory from address 0, [bytes], the same
    for all. `private`: external memory above the constants, [inferences, bytes].
    """

    local: Bytes
    constants: Bytes
    private: Bytes

    @property
    def inferences(self) -> int:
        """Inferences of the batch."""
        return len(self.local)

    def external(self, first: int, last: int) -> tuple[Bytes, int]:
        """A memory to read that holds the external bytes `first` to `last`, and the address of its column 0.

        It is [inferences, bytes], or [1, bytes] where all of these bytes are constants.
        """
        split = len(self.constants)
        if last < split:
            return self.constants[None], 0
        if first >= split:
            return self.private, split
        shared = np.broadcast_to(self.constants[first:], (self.inferences, split - first))
        return np.concatenate([shared, self.private[:, : last + 1 - split]], axis=1), first


def blank_memories(*, inferences: int, local_bytes: int, constants: bytes, external_bytes: int) -> Memories:
    """Memories as they are at the doorbell: the constants in place, all else UNDEFINED."""
    return Memories(
        local=np.full((inferences, local_bytes), UNDEFINED, np.int8),
        constants=np.frombuffer(constants, np.int8),
        private=np.full((inferences, external_bytes - len(constants)), UNDEFINED, np.int8),
    )


def parts(inferences: int, *, bytes_each: int) -> Iterator[slice]:
    """Slices of a batch whose intermediate values, `bytes_each` an inference, stay in a second-level cache."""
    step = max(1, _CACHED_BYTES // bytes_each)
    return (slice(start, min(start + step, inferences)) for start in range(0, inferences, step))


def strided(memory: Bytes, *, base: int, loops: Loops, dtype: str = "<i1") -> Array:
    """The elements at `base` plus the sum of index*stride, as a view [inferences, counts of the loops].

    `memory` is [inferences, bytes], C-contiguous; `loops` are (count, stride in bytes). Every element lies in the
    memory of its inference: what program.verify refuses before a program runs is not looked for here.
    """
    shape = (len(memory), *(count for count, _ in loops))
    strides = (memory.strides[0], *(stride for _, stride in loops))
    return np.ndarray(shape, dtype, buffer=memory, offset=base, strides=strides)
