"""Limits of memory and work as users write them, and what is said where they are passed."""

from __future__ import annotations

import pytest

from chipsmith.errors import BadInput
from chipsmith.program.limits import Limits, environment_limits, read_limits, read_memory, read_work

GIB = 1 << 30


@pytest.mark.parametrize(
    ("text", "memory_bytes"),
    [("3GiB", 3 * GIB), ("1.5 gib", 3 * GIB // 2), ("500MB", 500_000_000), ("1048576", 1 << 20), ("64KiB", 1 << 16)],
)
def test_memory_is_a_number_with_or_without_a_unit(text, memory_bytes):
    assert read_memory(text) == memory_bytes


@pytest.mark.parametrize("text", ["", "-1", "0", "nan", "inf", "3 apples", "1e9", "GiB", "9" * 30, "٣GiB"])
def test_what_is_no_memory_is_refused(text):
    with pytest.raises(BadInput, match="a limit of memory is a number of bytes, or such as 3GiB"):
        read_memory(text)


@pytest.mark.parametrize("text", ["", "0", "-5", "1.5", "nan", "9" * 30])
def test_what_is_no_work_is_refused(text):
    with pytest.raises(BadInput, match="a limit of work is a number of cycles above 0"):
        read_work(text)


def test_the_environment_stands_for_what_is_not_said():
    set_there = {"CHIPSMITH_MEMORY_LIMIT": "4GiB", "CHIPSMITH_WORK_LIMIT": "7"}
    assert environment_limits({}) == Limits(memory_bytes=2 * GIB, work_cycles=10**9)
    assert environment_limits(set_there) == Limits(memory_bytes=4 * GIB, work_cycles=7)


def test_what_is_said_stands_before_the_environment(monkeypatch):
    monkeypatch.setenv("CHIPSMITH_MEMORY_LIMIT", "4GiB")
    assert read_limits(None, None) is None
    assert read_limits("1GiB", None) == Limits(memory_bytes=GIB)
    assert read_limits(None, "5") == Limits(memory_bytes=4 * GIB, work_cycles=5)


def test_a_refusal_says_how_much_and_how_to_allow_it():
    message = r"executing it takes about 5\.5 GiB, more than the 2 GiB that it may: .* --memory-limit .* 6GiB$"
    with pytest.raises(BadInput, match=message):
        Limits().check_memory(11 * GIB // 2, "executing it")
    with pytest.raises(BadInput, match=r"2,000,000,000 cycles \(4 s on the chip\), more than .* --work-limit"):
        Limits().check_work(2 * 10**9, clock_mhz=500)
