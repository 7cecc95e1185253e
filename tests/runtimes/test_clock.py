"""The clock: as many samples as asked for, of warm calls, in microseconds."""

import gc
import time

import pytest

from chipsmith.errors import BadInput
from chipsmith.runtimes.clock import time_calls


def test_each_sample_is_a_call_of_its_own():
    latency = time_calls(lambda: time.sleep(0.002), inferences=5)
    assert latency.samples_us.shape == (5,)
    assert (latency.samples_us >= 2000).all()
    assert 2000 <= latency.p50_us <= latency.p99_us


def test_calls_that_warm_come_first_and_are_no_samples():
    """The first call is slow, as where a cache is cold; three calls come before the samples, however slow."""
    calls = []

    def call():
        time.sleep(0.2 if not calls else 0)
        calls.append(None)

    latency = time_calls(call, inferences=2)
    assert len(calls) == 3 + 2
    assert latency.samples_us.max() < 100_000


def test_quick_calls_warm_for_a_tenth_of_a_second():
    start = time.perf_counter()
    time_calls(lambda: None, inferences=1)
    assert time.perf_counter() - start >= 0.1


def test_the_garbage_collector_rests_and_is_as_it_was():
    seen = []
    time_calls(lambda: seen.append(gc.isenabled()), inferences=1)
    assert not any(seen)
    assert gc.isenabled()


def test_the_garbage_collector_is_as_it_was_after_a_failure():
    with pytest.raises(ZeroDivisionError):
        time_calls(lambda: 1 // 0, inferences=1)
    assert gc.isenabled()


@pytest.mark.parametrize("inferences", [0, -1])
def test_no_inference_cannot_be_timed(inferences):
    with pytest.raises(BadInput, match=f"{inferences} inferences cannot be timed: give 1 or more"):
        time_calls(lambda: None, inferences=inferences)
