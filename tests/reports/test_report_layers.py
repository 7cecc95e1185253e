"""Rows of the charts layer by layer: they sum to the latency and to the energy."""

from __future__ import annotations

import math

import pytest
from compiled import compiled_profile

from chipsmith.profile.kernels import REST
from chipsmith.reports.layers import MANY, profile_layers


@pytest.mark.parametrize("network", ["digits_cnn", "encoder_layer"])
def test_layers_sum_to_the_latency_and_to_the_energy(network):
    profile = compiled_profile(network)
    rows = profile_layers(profile)
    assert sum(row.added_cycles for row in rows) == profile.latency.cold_cycles
    assert math.fsum(row.total_pj for row in rows) == pytest.approx(profile.energy.total)
    shown = [kernel.name for row in rows for kernel in row.kernels]
    assert sorted(shown) == sorted(row.name for row in profile.kernels if row.name != REST)


def test_small_neighbours_share_a_row_where_there_are_many():
    profile = compiled_profile("gru")
    assert len(profile.kernels) > MANY
    rows = profile_layers(profile)
    assert len(rows) < len(profile.kernels)
    assert len({row.label for row in rows}) == len(rows)
