"""Which examples are for training, validation and test: indices in three parts that share none, chosen by seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from chipsmith.errors import BadInput
from chipsmith.shown import Shown

Indices = NDArray[np.int64]


class Shares(Shown, BaseModel):
    """Shares of the examples that are held out; the rest is for training."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    validation: float = Field(default=0.1, gt=0, lt=0.5, description="share of the examples that chooses the epoch")
    test: float = Field(default=0.2, gt=0, lt=0.5, description="share of the examples that judges the network")

    def counts(self, total: int) -> tuple[int, int, int]:
        """Numbers of examples for training, validation and test. Raises BadInput where a part would be empty."""
        validation, test = round(self.validation * total), round(self.test * total)
        counts = (total - validation - test, validation, test)
        if min(counts) < 1:
            raise BadInput(f"{total} examples are too few for a split into training, validation and test {counts}")
        return counts


@dataclass(frozen=True, kw_only=True, eq=False)
class Split(Shown):
    """Indices of the examples of each part, int64; no index is in two parts.

    `groups` is the number of the group of each example of the whole set, where whole groups were held out.
    """

    train: Indices
    validation: Indices
    test: Indices
    groups: Indices | None = None


def split_stratified(labels: Indices, counts: tuple[int, int, int], *, seed: int) -> Split:
    """Every part, and every leading stretch of one, has the classes (n) in proportion.

    Raises BadInput where there are fewer examples than counted.
    """
    ends = np.cumsum(counts)
    if ends[-1] > len(labels):
        raise BadInput(f"a split of {counts} needs {ends[-1]} examples, there are {len(labels)}")
    order = stratified_order(labels, np.random.default_rng(seed))
    train, validation, test = np.split(order[: ends[-1]], ends[:2])
    return Split(train=train, validation=validation, test=test)


def split_random(total: int, counts: tuple[int, int, int], *, seed: int) -> Split:
    """Parts drawn evenly from `total` examples. Raises BadInput as split_stratified."""
    return split_stratified(np.zeros(total, np.int64), counts, seed=seed)


def split_groups(groups: Sequence[Any], *, validation: Sequence[Any], test: Sequence[Any], seed: int) -> Split:
    """Whole groups are held out (speakers, patients): those named for validation and test; parts in a random order.

    Raises BadInput for a group that is named for both, that no example is of, or where a part is empty.
    """
    both, absent = set(validation) & set(test), {*validation, *test} - set(groups)
    if both or absent:
        wrong = sorted(map(str, both or absent))
        raise BadInput(f"{', '.join(wrong)}: {'held out for validation and test both' if both else 'no example is of'}")
    held_out = np.array([2 if group in test else 1 if group in validation else 0 for group in groups])
    order = np.random.default_rng(seed).permutation(len(held_out))
    parts = [order[held_out[order] == part] for part in range(3)]
    if min(len(part) for part in parts) == 0:
        raise BadInput("every group is held out for one part: leave examples for training, validation and test")
    _, numbers = np.unique(np.array(groups), return_inverse=True)
    return Split(train=parts[0], validation=parts[1], test=parts[2], groups=numbers.astype(np.int64))


def draw_groups(groups: Sequence[str], shares: Shares, *, seed: int) -> Split:
    """Whole groups are held out, drawn by `seed` until the shares of the examples are reached or passed.

    Raises BadInput for fewer than three groups, or where none is left for training.
    """
    names, counts = np.unique(np.array(groups), return_counts=True)
    if len(names) < 3:
        raise BadInput(f"three groups or more are needed to hold whole groups out, not {', '.join(names)}")
    drawn = np.random.default_rng(seed).permutation(len(names))
    test = _until(drawn, counts, shares.test * len(groups))
    validation = _until(drawn[test:], counts, shares.validation * len(groups))
    return split_groups(
        groups,
        validation=[str(names[group]) for group in drawn[test : test + validation]],
        test=[str(names[group]) for group in drawn[:test]],
        seed=seed,
    )


def _until(drawn: Indices, counts: Indices, wanted: float) -> int:
    """How many groups, one or more, hold `wanted` examples."""
    return 1 + int(np.searchsorted(np.cumsum(counts[drawn]), wanted))


def cut_validation(labels: Indices, count: int, *, seed: int) -> tuple[Indices, Indices]:
    """A training and a validation part (of `count`) of examples whose test part is given elsewhere; stratified."""
    if not 0 < count < len(labels):
        raise BadInput(f"a validation part of {count} cannot be cut from {len(labels)} training examples")
    order = stratified_order(labels, np.random.default_rng(seed))
    return order[count:], order[:count]


def cut_text(total: int, shares: Shares) -> tuple[slice, slice, slice]:
    """Three stretches of a text of `total` tokens, in order: training, validation, test."""
    train, validation, _ = shares.counts(total)
    return slice(0, train), slice(train, train + validation), slice(train + validation, total)


def stratified_order(labels: Indices, generator: np.random.Generator) -> Indices:
    """A random order in which each stretch has every class in proportion: classes are spread evenly, then merged."""
    shuffled = generator.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    counts = np.bincount(labels)
    ranks = np.concatenate([np.arange(count) for count in counts])
    places = (ranks + 0.5) / counts[labels[by_class]]
    return by_class[np.argsort(places, kind="stable")]
