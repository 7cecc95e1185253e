"""How the output channels of a kernel are cut."""

from __future__ import annotations

import pytest

from chipsmith.chip import load_chip
from chipsmith.mapping.channels import WeightedKernel, channel_parts

CHIP = load_chip("edge-256")  # 16 columns, 256 MACs and 8 external bytes a cycle, groups of 16 KiB


def test_a_kernel_that_computes_longer_than_it_loads_is_one_part():
    # 16 KiB of weights load in 2,048 cycles; a million multiply-accumulates take 3,907.
    assert channel_parts(WeightedKernel(channels=64, channel_bytes=256, macs=1_000_000), CHIP) == ((0, 64),)


def test_a_kernel_bound_by_its_weights_is_cut_in_parts_of_a_bank_group():
    # Weights of one pixel: 640 channels of 128 bytes fill five groups.
    parts = channel_parts(WeightedKernel(channels=640, channel_bytes=128, macs=640 * 128), CHIP)
    assert parts == ((0, 128), (128, 256), (256, 384), (384, 512), (512, 640))


def test_parts_are_whole_blocks_of_columns():
    # 25 channels of 640 bytes would fit a group; 16 fill the array.
    parts = channel_parts(WeightedKernel(channels=128, channel_bytes=640, macs=128 * 640), CHIP)
    assert parts == tuple((first, first + 16) for first in range(0, 128, 16))


def test_weights_of_one_part_leave_room_for_others():
    kernel = WeightedKernel(channels=512, channel_bytes=2304, macs=10**9)
    for first, last in channel_parts(kernel, CHIP):
        assert (last - first) * kernel.channel_bytes <= CHIP.memory_bytes / 4


@pytest.mark.parametrize("channels", [1, 7, 16, 17, 100, 1000])
@pytest.mark.parametrize("channel_bytes", [1, 9, 500, 20_000])
@pytest.mark.parametrize("macs", [1, 10**9])
def test_parts_cover_all_channels_once(channels, channel_bytes, macs):
    parts = channel_parts(WeightedKernel(channels=channels, channel_bytes=channel_bytes, macs=macs), CHIP)
    assert [channel for first, last in parts for channel in range(first, last)] == list(range(channels))
