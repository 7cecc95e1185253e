"""Reached positions in closed form and one by one."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.program.positions import Reach


def all_positions(reach):
    return {
        step * reach.stride + tap * reach.dilation - reach.pad
        for step in range(reach.steps)
        for tap in range(reach.taps)
    }


@pytest.mark.parametrize("seed", range(300))
def test_positions_are_those_of_steps_and_taps(seed):
    rng = np.random.default_rng(seed)
    steps, taps = (int(count) for count in rng.integers(1, 12, 2))
    stride, dilation = (int(step) for step in rng.integers(0, 9, 2))
    reach = Reach(steps=steps, stride=stride, taps=taps, dilation=dilation, pad=int(rng.integers(-20, 60)))
    limit, positions = int(rng.integers(1, 60)), all_positions(reach)
    assert reach.within(limit).tolist() == sorted(position for position in positions if 0 <= position < limit)
    assert reach.last_before_zero() == max((position for position in positions if position < 0), default=None)


def test_the_greatest_counts_take_no_longer():
    reach = Reach(steps=65535, stride=3, taps=65535, dilation=2, pad=32767)
    assert len(reach.within(65535)) == 65535
    assert reach.last_before_zero() == -1
