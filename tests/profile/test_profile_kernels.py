"""Kernels of an inference: all energy and all bytes are shared out among them."""

from __future__ import annotations

import dataclasses
import math

import pytest
from compiled import compiled_profile, compiled_program, named_program

from chipsmith.costs import estimate_energy
from chipsmith.profile.kernels import REST
from chipsmith.profile.measure import full_profile
from chipsmith.program.actions import count_program

NETWORKS = ("digits_cnn", "encoder_layer")


@pytest.mark.parametrize("network", NETWORKS)
def test_kernels_share_out_all_energy_and_all_bytes(network):
    profile, program = compiled_profile(network), compiled_program(network)
    energy = estimate_energy(program.chip, count_program(program), cycles=profile.latency.cold_cycles)
    for component, total in energy.by_component().items():
        shared = math.fsum(row.energy_pj[component] for row in profile.kernels)
        assert shared == pytest.approx(total, rel=1e-9, abs=1e-9)
    assert sum(row.external_bytes for row in profile.kernels) == profile.external_bytes
    assert all(value > -1e-6 for row in profile.kernels for value in row.energy_pj.values())


def test_a_kernel_pays_for_its_weights():
    """The first dense layer holds most weights of the digits network, so most bytes are loaded for it."""
    profile = compiled_profile()
    most = max(profile.kernels, key=lambda row: row.external_bytes)
    assert most.anchor == "CONV2D"
    assert most.external_bytes > 0.8 * profile.weight_bytes


def test_the_last_row_is_what_is_no_kernels_own():
    *kernels, rest = compiled_profile("encoder_layer").kernels
    assert [row.name for row in kernels] == [span.name for span in compiled_program("encoder_layer").manifest.kernels]
    assert (rest.name, rest.macs, rest.busy_cycles) == (REST, 0, 0)
    assert rest.energy_pj["leakage"] > 0


def test_a_kernel_has_the_authors_names_of_its_operators():
    program = named_program()
    sources = {row.name: row.source for row in program.manifest.operators}
    *kernels, rest = full_profile(program).kernels
    assert kernels[0].sources == ("part1", "part2")
    assert all(row.sources == tuple(filter(None, map(sources.get, row.operators))) for row in kernels)
    assert rest.sources == ()


def test_a_name_that_several_operators_share_stands_once():
    program = named_program()
    rows = tuple(dataclasses.replace(row, source="conv") for row in program.manifest.operators)
    shared = dataclasses.replace(program, manifest=dataclasses.replace(program.manifest, operators=rows))
    assert full_profile(shared).kernels[0].sources == ("conv",)
