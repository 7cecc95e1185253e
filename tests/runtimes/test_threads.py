"""Numbers of threads: what may be asked for, and which are tried."""

from __future__ import annotations

import pytest

from chipsmith.errors import BadInput
from chipsmith.processors import processors
from chipsmith.runtimes.threads import read_threads, thread_counts


def test_threads_double_up_to_all():
    assert [thread_counts(cores) for cores in (1, 2, 6, 8)] == [(1,), (1, 2), (1, 2, 4, 6), (1, 2, 4, 8)]


def test_all_processors_is_the_default():
    assert read_threads(None) == processors()
    assert read_threads(64) == 64


@pytest.mark.parametrize("threads", [-1, 0, 1_000_000])
def test_numbers_that_no_runtime_starts_are_refused(threads):
    with pytest.raises(BadInput, match=f"{threads} threads (compute nothing|are more than)"):
        read_threads(threads)
