"""The memories of a chip in words: all parts, and that they are the whole."""

from __future__ import annotations

import re

import pytest

from chipsmith.chip import catalogue, load_chip
from chipsmith.reports.memory_words import describe_memories, summarise_memories


def test_edge_256_says_what_the_other_16_kib_are():
    assert describe_memories(load_chip("edge-256")) == (
        "256 KiB on the chip: 240 KiB for activations and weights, 8 KiB of accumulators, 4 KiB of instructions and "
        "4 KiB of tables"
    )


@pytest.mark.parametrize("name", catalogue())
def test_the_parts_are_the_whole(name):
    chip = load_chip(name)
    units = {"KiB": 1 << 10, "MiB": 1 << 20}
    sizes = [float(size) * units[unit] for size, unit in re.findall(r"([\d.]+) (KiB|MiB)", describe_memories(chip))]
    assert sizes[0] == sum(sizes[1:]) == chip.on_chip_bytes
    assert summarise_memories(chip).startswith(describe_memories(chip).partition(":")[0])
