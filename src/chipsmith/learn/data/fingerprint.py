"""What tells whether two data sets hold the same examples: eight bytes of a hash for each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from chipsmith.learn.data.dataset import Dataset

Digests = NDArray[np.int64]
"""Eight bytes for each example, in the examples' order: int64 (n)."""

_BYTES = 8


def hash_parts(dataset: Dataset) -> dict[str, str]:
    """What tells the content of each part of a data set from another's: how many examples it has, and their hash."""
    parts = {"training": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return {name: summarise(part.digests) for name, part in parts.items()}


def summarise(digests: Digests) -> str:
    """What tells some examples in their order from others: how many they are, and their hash."""
    return f"{len(digests):,} examples, sha256 {hashlib.sha256(digests.tobytes()).hexdigest()}"


def digest_examples(contents: Iterable[tuple[bytes, ...]]) -> Digests:
    """The digests of examples, each given by bytes: of its input, and of its target where that counts."""
    return np.frombuffer(b"".join(_digest(parts) for parts in contents), np.int64)


def describe_difference(part: str, before: Digests, now: Digests) -> str | None:
    """How the examples of a part differ from those that it had before, in a few words; None where they do not."""
    if len(before) != len(now):
        return f"the {part} part had {len(before):,} examples and now has {len(now):,}"
    different = np.flatnonzero(before != now)
    if len(different) == 0:
        return None
    if np.array_equal(np.sort(before), np.sort(now)):
        return f"the {part} part has the same examples in another order"
    verb = "differs" if len(different) == 1 else "differ"
    return f"{len(different):,} of {len(now):,} {part} examples {verb}, the first is number {different[0] + 1:,}"


def _digest(parts: tuple[bytes, ...]) -> bytes:
    digest = hashlib.blake2b(digest_size=_BYTES)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()
