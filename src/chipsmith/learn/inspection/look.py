"""Looking at each example once: a digest of its inputs, their range, and what its file says of itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.data import Examples
from chipsmith.learn.data.decoded import Undecoded
from chipsmith.learn.data.fingerprint import Digests, digest_examples
from chipsmith.learn.data.unreadable import UnreadableExamples

ALWAYS = 10_000
"""Files of a data set that are decoded whatever it takes; of more, all that LIMIT_S allows, or only these."""
LIMIT_S = 60.0
_BATCH = 1_000
_STACKED = 64

Clock = Callable[[], float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Looked:
    """Items that were looked at: `items` int64 (n), and of the inputs of each a digest and its range, all (n).

    Two examples with one digest have the same inputs.
    """

    items: NDArray[np.int64]
    digests: Digests
    lowest: NDArray[np.float64]
    mean: NDArray[np.float64]
    highest: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.items)

    @property
    def blank(self) -> NDArray[np.bool_]:
        """Whether all values of an example are the same, bool (n)."""
        return np.asarray(self.lowest == self.highest)

    def within(self, chosen: NDArray[np.int64]) -> Looked:
        """Those of `chosen` that were looked at, in its order; their `items` are places in it."""
        places = np.full(1 + max(int(self.items.max()), int(chosen.max())), -1, np.int64)
        places[self.items] = np.arange(len(self.items))
        here = places[chosen]
        return self._take(here[here >= 0], items=np.flatnonzero(here >= 0))

    def first(self, count: int) -> Looked:
        """The first `count` of them."""
        return self._take(np.arange(count), items=self.items[:count])

    def _take(self, chosen: NDArray[np.int64], *, items: NDArray[np.int64]) -> Looked:
        return Looked(
            items=items,
            digests=self.digests[chosen],
            lowest=self.lowest[chosen],
            mean=self.mean[chosen],
            highest=self.highest[chosen],
        )


def look_at_files(undecoded: Undecoded, *, seed: int, clock: Clock = time.monotonic) -> Looked:
    """Decode every item, in an order drawn by `seed`: all where these are no more than ALWAYS or take LIMIT_S at most.

    Else the first ALWAYS of that order count. Raises UnreadableExamples, with all that could not be decoded.
    """
    order = np.random.default_rng(seed).permutation(len(undecoded.labels))
    faults: list[str] = []
    decoded = _decode(undecoded, _hurry(order.tolist(), clock), faults)
    looked = _look(_stacked(decoded), order)
    if faults:
        raise UnreadableExamples(faults, total=len(looked) + len(faults))
    return looked if len(looked) == len(order) else looked.first(ALWAYS)


def look_at_part(part: Examples) -> Looked:
    """Look at every example of a part."""
    return _look((batch.inputs for batch in part.batches(_BATCH)), np.arange(len(part)))


def _hurry(items: Iterable[int], clock: Clock) -> Iterator[int]:
    end = clock() + LIMIT_S
    for count, item in enumerate(items):
        if count >= ALWAYS and clock() > end:
            return
        yield item


def _decode(undecoded: Undecoded, items: Iterable[int], faults: list[str]) -> Iterator[NDArray[Any]]:
    """Each item; the faults of those that cannot be decoded are kept in `faults`."""
    for item in items:
        try:
            yield undecoded.decoder.item(item)
        except BadInput as fault:
            faults.append(str(fault))


def _stacked(decoded: Iterator[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    while batch := list(islice(decoded, _STACKED)):
        yield np.stack(batch)


def _look(batches: Iterable[NDArray[Any]], items: NDArray[np.int64]) -> Looked:
    digests: list[Digests] = []
    ranges: list[NDArray[np.float64]] = []
    for inputs in batches:
        rows = np.ascontiguousarray(inputs).reshape(len(inputs), -1)
        digests.append(_digest_rows(rows))
        ranges.append(np.stack([rows.min(axis=1), rows.mean(axis=1), rows.max(axis=1)]).astype(np.float64))
    lowest, mean, highest = np.concatenate([np.zeros((3, 0)), *ranges], axis=1)
    all_digests = np.concatenate([np.zeros(0, np.int64), *digests])
    return Looked(
        items=items[: len(all_digests)],
        digests=all_digests,
        lowest=lowest,
        mean=mean,
        highest=highest,
    )


def _digest_rows(rows: NDArray[Any]) -> Digests:
    """What equal rows share, and different ones once in 2 ** 64."""
    exact = rows + rows.dtype.type(0) if rows.dtype.kind == "f" else rows  # -0.0 becomes 0.0
    return digest_examples((row.tobytes(),) for row in exact)
