"""Random numbers from a key: their distribution, and that nothing but key, use and step decides them."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.learn.privacy.stream import NoiseStream

stats = pytest.importorskip("scipy.stats")


def test_normal_and_uniform_numbers_are_distributed_as_they_say():
    stream = NoiseStream.seeded(1)
    normal, uniform = stream.normal("noise", 0, 40_001), stream.uniform("sample", 0, 40_001)
    assert stats.kstest(normal, "norm").pvalue > 0.01
    assert stats.kstest(uniform, "uniform").pvalue > 0.01
    assert len(normal) == len(uniform) == 40_001
    assert abs(np.corrcoef(normal[:-1], normal[1:])[0, 1]) < 0.02


def test_the_same_key_use_and_step_give_the_same_numbers():
    first, again = NoiseStream.seeded(3), NoiseStream(key=NoiseStream.seeded(3).key)
    assert np.array_equal(first.normal("noise", 7, 5), again.normal("noise", 7, 5))
    others = [first.normal("noise", 8, 5), first.normal("other", 7, 5), NoiseStream.seeded(4).normal("noise", 7, 5)]
    assert not any(np.array_equal(first.normal("noise", 7, 5), numbers) for numbers in others)


def test_a_fresh_key_is_another_each_time():
    assert NoiseStream.fresh().key != NoiseStream.fresh().key
    assert len(NoiseStream.fresh().key) == 32


def test_a_seed_fits_the_generators_of_others():
    assert 0 <= NoiseStream.seeded(0).seed("other draws", 3) < 1 << 63
