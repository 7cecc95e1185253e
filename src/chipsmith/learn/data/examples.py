"""One part of a data set, in memory or decoded as it is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.data.fingerprint import Digests, digest_examples
from chipsmith.shown import Shown

Values = NDArray[Any]
Indices = NDArray[np.int64]

DECODED_BYTES = 512 * 2**20
"""Decoded examples that are kept in memory, in bytes, of one data set."""


_HASHED_EXAMPLES = 256
"""Examples that are looked at together, for their hashes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """`inputs` (n, ...) float32, or int32 tokens (n, T), and what the network is to answer.

    `targets`: int64 classes (n), float32 values (n, k), int64 next tokens (n, T), or the inputs themselves.
    """

    inputs: Values
    targets: Values


class Examples(Shown, ABC):
    """One part of a data set. Two calls with the same indices give the same bits."""

    @abstractmethod
    def __len__(self) -> int: ...

    @property
    @abstractmethod
    def targets(self) -> Values:
        """The targets of all examples, in order, in the form of Batch.targets; read-only.

        Where the targets of a batch are its inputs these are int64 (n): 0 normal, 1 anomaly.
        """

    @property
    def groups(self) -> Indices | None:
        """The number of the group of each example (a speaker, a stretch of a text) int64 (n); None without groups.

        Whoever divides the part further keeps groups whole.
        """
        return None

    @abstractmethod
    def batch(self, chosen: Indices) -> Batch:
        """The examples at these indices, in this order."""

    @abstractmethod
    def select(self, chosen: Indices) -> Examples:
        """The examples at these indices as a part of their own (for folds); nothing is copied that is lazy."""

    def first(self, count: int) -> Examples:
        """The first `count` examples (all, where there are fewer)."""
        return self.select(np.arange(min(count, len(self))))

    def batches(self, size: int) -> Iterator[Batch]:
        """All examples in order, `size` at a time; the last batch may be smaller."""
        for start in range(0, len(self), size):
            yield self.batch(np.arange(start, min(start + size, len(self))))

    def whole(self) -> Batch:
        """All examples in one batch."""
        return self.batch(np.arange(len(self)))

    @cached_property
    def digests(self) -> Digests:
        """A hash of each example's input and target, in order: two parts that give the same batches give the same.

        Reckoned once: checkpoint, compression and bill of materials all ask for it.
        """
        return self._hash_each()

    def _hash_each(self) -> Digests:
        rows = (
            row for batch in self.batches(_HASHED_EXAMPLES) for row in zip(batch.inputs, batch.targets, strict=True)
        )
        return digest_examples((inputs.tobytes(), targets.tobytes()) for inputs, targets in rows)


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayExamples(Examples):
    """Examples in memory: `inputs` float32 or int32 (n, ...) and `targets` (n, ...), kept as read-only.

    Raises BadInput where there are none, where they do not pair, or where a value is no finite number.
    """

    inputs: Values
    all_targets: Values

    def __post_init__(self) -> None:
        if len(self.inputs) == 0 or len(self.inputs) != len(self.all_targets):
            raise BadInput(f"{len(self.inputs)} inputs and {len(self.all_targets)} targets do not pair")
        if self.inputs.dtype not in (np.float32, np.int32):
            raise BadInput(f"inputs must be float32 values or int32 tokens, not {self.inputs.dtype}")
        for name, values in (("inputs", self.inputs), ("targets", self.all_targets)):
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise BadInput(f"{name} must be finite numbers; {_not_finite(values)} of {values.size} are not")
            values.setflags(write=False)

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def targets(self) -> Values:
        """As Examples.targets."""
        return self.all_targets

    def batch(self, chosen: Indices) -> Batch:
        """As Examples.batch; both arrays are copies."""
        return Batch(inputs=self.inputs[chosen], targets=self.all_targets[chosen])

    def select(self, chosen: Indices) -> ArrayExamples:
        """As Examples.select."""
        return ArrayExamples(inputs=self.inputs[chosen], all_targets=self.all_targets[chosen])


def _not_finite(values: Values) -> int:
    return int(np.count_nonzero(~np.isfinite(values)))


@dataclass(kw_only=True, eq=False)
class Decoder:
    """Decodes the items of a data set, and keeps what it decoded up to `limit_bytes`.

    `decode` makes an array of item i, always of the same shape and type; `finish` makes the network's inputs of a stack
    of them. `encoded`, where it is given, gives bytes that stand for what item i is decoded of: hashing takes no
    decoding. What is kept stays kept: in random orders, one epoch after another, throwing out the oldest would throw
    out what is needed soonest.
    """

    decode: Callable[[int], Values]
    finish: Callable[[Values], Values]
    encoded: Callable[[int], bytes] | None = None
    limit_bytes: int = DECODED_BYTES
    _kept: dict[int, Values] = field(default_factory=dict, repr=False)
    _kept_bytes: int = 0

    def stack(self, items: Indices) -> Values:
        """The inputs (n, ...) of these items."""
        return self.finish(np.stack([self.item(int(item)) for item in items]))

    @property
    def kept_bytes(self) -> int:
        """Bytes of decoded items in memory: at most `limit_bytes`."""
        return self._kept_bytes

    def item(self, item: int) -> Values:
        """What `decode` makes of an item. Raises what it raises."""
        known = self._kept.get(item)
        if known is not None:
            return known
        decoded = self.decode(item)
        if self._kept_bytes + decoded.nbytes <= self.limit_bytes:
            self._kept[item] = decoded
            self._kept_bytes += decoded.nbytes
        return decoded


@dataclass(frozen=True, kw_only=True, eq=False)
class LazyExamples(Examples):
    """Examples that `decoder` decodes as they are asked for: the items at `items`, with their targets (n, ...)."""

    decoder: Decoder
    items: Indices
    all_targets: Values

    def __post_init__(self) -> None:
        if len(self.items) == 0 or len(self.items) != len(self.all_targets):
            raise BadInput(f"{len(self.items)} inputs and {len(self.all_targets)} targets do not pair")
        self.all_targets.setflags(write=False)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def targets(self) -> Values:
        """As Examples.targets."""
        return self.all_targets

    def batch(self, chosen: Indices) -> Batch:
        """As Examples.batch. Raises BadInput, naming the file, where one cannot be read."""
        return Batch(inputs=self.decoder.stack(self.items[chosen]), targets=self.all_targets[chosen])

    def select(self, chosen: Indices) -> LazyExamples:
        """As Examples.select."""
        return LazyExamples(decoder=self.decoder, items=self.items[chosen], all_targets=self.all_targets[chosen])

    def _hash_each(self) -> Digests:
        """Of the undecoded bytes, where the decoder has them."""
        encoded = self.decoder.encoded
        if encoded is None:
            return super()._hash_each()
        pairs = zip(self.items, self.all_targets, strict=True)
        return digest_examples((encoded(int(item)), target.tobytes()) for item, target in pairs)


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupedExamples(Examples):
    """Other examples, each with the number of its group: `all_groups` int64 (n)."""

    examples: Examples
    all_groups: Indices

    def __post_init__(self) -> None:
        if len(self.examples) != len(self.all_groups):
            raise BadInput(f"{len(self.examples)} examples and {len(self.all_groups)} groups do not pair")

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def targets(self) -> Values:
        """As Examples.targets."""
        return self.examples.targets

    @property
    def groups(self) -> Indices:
        """As Examples.groups."""
        return self.all_groups

    def batch(self, chosen: Indices) -> Batch:
        """As Examples.batch."""
        return self.examples.batch(chosen)

    def select(self, chosen: Indices) -> GroupedExamples:
        """As Examples.select."""
        return GroupedExamples(examples=self.examples.select(chosen), all_groups=self.all_groups[chosen])

    def _hash_each(self) -> Digests:
        """Groups are no part of it."""
        return self.examples.digests


STRETCHES = 20
"""Stretches of a text whose windows are one group each."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WindowExamples(Examples):
    """Windows of one long text: `length` tokens from each of `starts`, and as targets the tokens one further.

    The groups are STRETCHES stretches of the text, by where a window starts.
    """

    tokens: NDArray[np.int32]
    starts: Indices
    length: int

    def __post_init__(self) -> None:
        if len(self.starts) == 0 or int(self.starts.max()) + self.length >= len(self.tokens):
            raise BadInput(f"a text of {len(self.tokens)} tokens has no windows of {self.length} with a next token")
        self.tokens.setflags(write=False)

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def targets(self) -> Values:
        """As Examples.targets: int64 (n, length)."""
        return self._cut(self.starts + 1).astype(np.int64)

    @property
    def groups(self) -> Indices:
        """As Examples.groups."""
        return self.starts * STRETCHES // len(self.tokens)

    def batch(self, chosen: Indices) -> Batch:
        """As Examples.batch."""
        starts = self.starts[chosen]
        return Batch(inputs=self._cut(starts), targets=self._cut(starts + 1).astype(np.int64))

    def select(self, chosen: Indices) -> WindowExamples:
        """As Examples.select."""
        return WindowExamples(tokens=self.tokens, starts=self.starts[chosen], length=self.length)

    def _cut(self, starts: Indices) -> NDArray[np.int32]:
        return self.tokens[starts[:, None] + np.arange(self.length)]


@dataclass(frozen=True, kw_only=True, eq=False)
class InputsAsTargets(Examples):
    """Other examples, with their inputs as the targets of each batch.

    `anomalous` int64 (n): 0 normal, 1 anomaly.
    """

    examples: Examples
    anomalous: Indices

    def __post_init__(self) -> None:
        if len(self.examples) != len(self.anomalous):
            raise BadInput(f"{len(self.examples)} inputs and {len(self.anomalous)} marks of anomalies do not pair")
        self.anomalous.setflags(write=False)

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def targets(self) -> Values:
        """As Examples.targets: 0 normal, 1 anomaly."""
        return self.anomalous

    @property
    def groups(self) -> Indices | None:
        """As Examples.groups."""
        return self.examples.groups

    def batch(self, chosen: Indices) -> Batch:
        """As Examples.batch."""
        inputs = self.examples.batch(chosen).inputs
        return Batch(inputs=inputs, targets=inputs)

    def select(self, chosen: Indices) -> InputsAsTargets:
        """As Examples.select."""
        return InputsAsTargets(examples=self.examples.select(chosen), anomalous=self.anomalous[chosen])

    def _hash_each(self) -> Digests:
        """The targets, which are the inputs, are not hashed again."""
        return digest_examples(
            (digest.tobytes(), mark.tobytes())
            for digest, mark in zip(self.examples.digests, self.anomalous, strict=True)
        )
