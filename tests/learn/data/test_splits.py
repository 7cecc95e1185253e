"""Splits: no example in two parts, classes in proportion, whole groups held out, the same by the same seed."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipsmith.errors import BadInput
from chipsmith.learn.data.splits import (
    Shares,
    Split,
    cut_text,
    cut_validation,
    draw_groups,
    split_groups,
    split_random,
    split_stratified,
)


def parts(split: Split) -> list[list[int]]:
    return [part.tolist() for part in (split.train, split.validation, split.test)]


def test_unequal_classes_keep_their_proportion():
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    split = split_stratified(labels, (700, 100, 200), seed=0)
    assert np.bincount(labels[split.train]).tolist() == [420, 210, 70]
    assert np.bincount(labels[split.validation]).tolist() == [60, 30, 10]
    assert np.bincount(labels[split.test]).tolist() == [120, 60, 20]


@given(st.lists(st.integers(0, 4), min_size=10, max_size=80), st.integers(0, 2**32 - 1))
def test_no_example_is_in_two_parts(labels, seed):
    counts = Shares().counts(len(labels))
    split = split_stratified(np.array(labels), counts, seed=seed)
    assert [len(part) for part in parts(split)] == list(counts)
    assert sorted(chain(*parts(split))) == list(range(len(labels)))


def test_the_seed_chooses_the_parts():
    assert parts(split_random(50, (30, 10, 10), seed=1)) == parts(split_random(50, (30, 10, 10), seed=1))
    assert parts(split_random(50, (30, 10, 10), seed=1)) != parts(split_random(50, (30, 10, 10), seed=2))


def test_whole_groups_are_held_out():
    speakers = ["ann", "ben", "cid", "dan"] * 5
    split = split_groups(speakers, validation=["ben"], test=["dan"], seed=0)
    heard = [{speakers[index] for index in part} for part in parts(split)]
    assert heard == [{"ann", "cid"}, {"ben"}, {"dan"}]
    assert sorted(chain(*parts(split))) == list(range(20))
    assert split.groups.tolist() == [0, 1, 2, 3] * 5


@pytest.mark.parametrize(
    ("validation", "test", "message"),
    [
        (["ann"], ["ann"], "ann: held out for validation and test both"),
        (["ann"], ["zoe"], "zoe: no example is of"),
        (["ann", "ben"], ["cid"], "leave examples for training"),
    ],
)
def test_groups_that_cannot_be_held_out_are_refused(validation, test, message):
    with pytest.raises(BadInput, match=message):
        split_groups(["ann", "ben", "cid"], validation=validation, test=test, seed=0)


@pytest.mark.parametrize("seed", range(5))
def test_drawn_groups_reach_the_shares(seed):
    groups = [f"g{number % 10}" for number in range(200)]
    split = draw_groups(groups, Shares(validation=0.1, test=0.2), seed=seed)
    assert [len(part) for part in parts(split)] == [140, 20, 40]
    assert not {groups[index] for index in split.train} & {groups[index] for index in (*split.validation, *split.test)}


def test_two_groups_are_too_few():
    with pytest.raises(BadInput, match="three groups or more"):
        draw_groups(["a", "b"], Shares(), seed=0)


def test_a_validation_part_is_cut_from_training():
    train, validation = cut_validation(np.repeat([0, 1], 50), 20, seed=0)
    assert sorted([*train, *validation]) == list(range(100))
    assert np.bincount(np.repeat([0, 1], 50)[validation]).tolist() == [10, 10]


def test_stretches_of_a_text_are_in_order():
    assert cut_text(100, Shares(validation=0.1, test=0.2)) == (slice(0, 70), slice(70, 80), slice(80, 100))


def test_too_few_examples_are_refused():
    with pytest.raises(BadInput, match="3 examples are too few"):
        Shares().counts(3)
    with pytest.raises(BadInput, match="needs 11 examples, there are 10"):
        split_random(10, (9, 1, 1), seed=0)
