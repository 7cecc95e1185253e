"""Bytes of on-chip memory over the cycles of an inference, and their one peak."""

from __future__ import annotations

import itertools

import pytest
from compiled import compiled_profile, compiled_program

from chipsmith.profile.memory import Residence, memory_peak_bytes, memory_use
from chipsmith.sim.cycle import simulate

NETWORKS = ("digits_cnn", "encoder_layer", "families/resnet_cifar")


def test_spans_are_the_buffers_in_cycles():
    timeline, spans = simulate(compiled_program()), compiled_profile().memory
    for span, buffer in zip(spans, compiled_program().manifest.buffers, strict=True):
        assert (span.name, span.address, span.size_bytes) == (buffer.name, buffer.address, buffer.size_bytes)
        assert span.first_cycle == timeline.start[buffer.first_instruction]
        assert span.first_cycle < span.last_cycle <= timeline.latency_cycles
    roles = [span.role for span in spans]
    assert (roles.count("input"), roles.count("output")) == (1, 1)
    assert {"activation", "constant"} < set(roles)


def test_use_rises_and_falls_with_the_buffers():
    image = Residence(first_cycle=0, last_cycle=20, size_bytes=64)
    weights = Residence(first_cycle=10, last_cycle=30, size_bytes=16)
    assert memory_use([image, weights]) == ((0, 64), (10, 80), (20, 16), (30, 0))


def test_a_buffer_that_begins_where_another_ends_does_not_add_to_it():
    first, second = (Residence(first_cycle=cycle, last_cycle=cycle + 5, size_bytes=8) for cycle in (0, 5))
    assert max(used for _, used in memory_use([first, second])) == 8


@pytest.mark.parametrize("network", NETWORKS)
def test_the_peak_is_the_greatest_use_that_is_drawn(network):
    program, profile = compiled_program(network), compiled_profile(network)
    assert profile.memory_peak_bytes == memory_peak_bytes(program, simulate(program))
    assert profile.memory_peak_bytes == max(used for _, used in profile.memory_use)
    assert profile.memory_use[-1][1] == 0


@pytest.mark.parametrize("network", NETWORKS)
def test_buffers_in_use_at_once_never_share_bytes(network):
    """So the sum of their sizes is what is occupied."""
    for span, other in itertools.combinations(compiled_profile(network).memory, 2):
        together = span.first_cycle < other.last_cycle and other.first_cycle < span.last_cycle
        apart = span.address + span.size_bytes <= other.address or other.address + other.size_bytes <= span.address
        assert apart or not together


def test_a_load_that_runs_ahead_counts_beside_what_is_still_read():
    """In the order of instructions the image is done before the next weights arrive; in time they stand together."""
    profile = compiled_profile("encoder_layer")
    by_order = {
        index: sum(
            span.size_bytes
            for span in compiled_program("encoder_layer").manifest.buffers
            if span.first_instruction <= index <= span.last_instruction
        )
        for index in range(len(profile.instructions))
    }
    assert profile.memory_peak_bytes > max(by_order.values())


@pytest.mark.parametrize("network", NETWORKS)
def test_weights_that_stay_take_their_bytes_at_every_cycle(network):
    program, profile = compiled_program(network), compiled_profile(network)
    stay = {span.name for span in profile.memory} & set(program.manifest.resident)
    counted = max(
        sum(
            span.size_bytes
            for span in profile.memory
            if span.name in stay or span.first_cycle <= cycle < span.last_cycle
        )
        for cycle in {span.first_cycle for span in profile.memory}
    )
    assert stay == set(program.manifest.resident)
    assert profile.resident_peak_bytes == counted
    assert profile.memory_peak_bytes <= counted <= program.chip.memory_bytes
