"""Each example once: which are decoded where there are many, and when two are the same."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.data import Split
from chipsmith.learn.data.decoded import Undecoded
from chipsmith.learn.data.examples import ArrayExamples, Decoder
from chipsmith.learn.data.origin import Origin
from chipsmith.learn.data.unreadable import UnreadableExamples
from chipsmith.learn.inspection import look
from chipsmith.learn.inspection.look import look_at_files, look_at_part


class Clock:
    """Goes on by so many seconds with each look at it."""

    def __init__(self, step_s: float) -> None:
        self.now_s, self.step_s = 0.0, step_s

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s


def undecoded(count: int, decode) -> Undecoded:
    places = np.arange(count)
    split = Split(train=places[: count // 2], validation=places[count // 2 : -5], test=places[-5:])
    origin = Origin(split=split, name_item=str)
    decoder = Decoder(decode=decode, finish=lambda values: values)
    return Undecoded(decoder=decoder, origin=origin, labels=places, fit=lambda: None)


def value_of(item: int) -> np.ndarray:
    return np.array([item, item + 1], np.float32)


def test_all_files_are_looked_at_within_the_time(monkeypatch):
    monkeypatch.setattr(look, "ALWAYS", 20)
    looked = look_at_files(undecoded(100, value_of), seed=0, clock=Clock(0.1))
    assert sorted(looked.items.tolist()) == list(range(100))
    assert np.array_equal(looked.lowest, looked.items)


@pytest.mark.parametrize("step_s", [1.0, 10.0])
def test_of_more_files_than_the_time_allows_the_same_sample_counts(monkeypatch, step_s):
    """However fast the machine is: the sample is the first of an order that the seed draws."""
    monkeypatch.setattr(look, "ALWAYS", 20)
    looked = look_at_files(undecoded(500, value_of), seed=3, clock=Clock(step_s))
    assert np.array_equal(looked.items, np.random.default_rng(3).permutation(500)[:20])


def test_all_faults_are_collected():
    def decode(item: int) -> np.ndarray:
        if item % 10 == 3:
            raise BadInput(f"{item} is broken")
        return value_of(item)

    with pytest.raises(UnreadableExamples, match="is broken") as caught:
        look_at_files(undecoded(50, decode), seed=0)
    assert sorted(caught.value.faults) == sorted(f"{item} is broken" for item in (3, 13, 23, 33, 43))
    assert caught.value.total == 50


def test_digests_are_equal_where_rows_are():
    """The witness compares every row with every other; minus zero is zero."""
    generator = np.random.default_rng(0)
    rows = generator.integers(-1, 2, (300, 5)).astype(np.float32) * np.float32(0.5)
    rows[rows == 0] *= -1
    looked = look_at_part(ArrayExamples(inputs=rows, all_targets=np.zeros(300, np.int64)))
    equal = (rows[:, None] == rows[None]).all(axis=2)
    assert np.array_equal(looked.digests[:, None] == looked.digests[None], equal)


def test_rows_with_flipped_signs_are_different():
    rows = np.array([[1, 1, 1, 1], [-1, 1, -1, 1], [1, -1, 1, -1], [-1, -1, -1, -1]], np.float32)
    looked = look_at_part(ArrayExamples(inputs=rows, all_targets=np.zeros(4, np.int64)))
    assert len(set(looked.digests.tolist())) == 4
    hashed = hashlib.blake2b((16).to_bytes(8, "little") + rows[0].tobytes(), digest_size=8)
    assert looked.digests[0] == int.from_bytes(hashed.digest(), "little", signed=True)
