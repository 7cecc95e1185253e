"""Layers of several runs, matched by name, whatever kernels they were computed in."""

from __future__ import annotations

import dataclasses

import pytest
from sample_runs import bare_record, named_record

from chipsmith.profile.kernels import REST
from chipsmith.program.layer_names import shorten_layer
from chipsmith.reports.author_names import layer_of_row
from chipsmith.reports.comparison.layers import OUTSIDE, compare_layers


def renamed(profile, names):
    """The profile with other author's names of its kernels, in order; kernels beyond them have none."""
    kernels = [row for row in profile.kernels if row.name != REST]
    named = [
        dataclasses.replace(row, sources=own, layer=own[0] if own else row.layer)
        for row, own in zip(kernels, [*names, *[()] * len(kernels)], strict=False)
    ]
    rest = [row for row in profile.kernels if row.name == REST]
    return dataclasses.replace(profile, kernels=(*named, *rest))


@pytest.mark.parametrize("chips", [("edge-256", "nano-64"), ("edge-256", "edge-256", "edge-1024")])
def test_cycles_and_energies_sum_to_those_of_each_run(chips):
    profiles = [bare_record(chip=chip).inference for chip in chips]
    layers = compare_layers(profiles)
    for index, profile in enumerate(profiles):
        shown = [layer.figures[index] for layer in layers if layer.figures[index] is not None]
        assert sum(row.cycles for row in shown) == profile.latency.cold_cycles
        assert sum(row.energy_pj for row in shown) == pytest.approx(profile.energy.total)
        assert sum(row.macs for row in shown) == sum(row.macs for row in profile.kernels)


def test_layers_have_their_authors_names_and_the_order_of_the_first_run():
    profile = named_record().inference
    layers = compare_layers([profile, profile])
    assert [layer.name for layer in layers[:-1]] == list(
        dict.fromkeys(shorten_layer(layer_of_row(row)) for row in profile.kernels if row.name != REST)
    )
    assert layers[-1].name == OUTSIDE
    assert all(layer.matched for layer in layers)


def test_what_one_run_fuses_and_another_does_not_is_one_row():
    profile = bare_record().inference
    fused = renamed(profile, [("conv", "relu"), ("pool",), ("head",)])
    apart = renamed(profile, [("conv",), ("relu",), ("pool",), ("tail",)])
    layers = {layer.name: layer for layer in compare_layers([fused, apart])}
    assert [len(figures.kernels) for figures in layers["conv, relu"].figures] == [1, 2]
    assert layers["pool"].matched
    assert layers["head"].figures[1] is None
    assert layers["tail"].figures[0] is None
    assert layers["tail"].matched is False


def test_a_run_without_a_chip_has_no_layers():
    layers = compare_layers([bare_record().inference, None])
    assert all(layer.figures[1] is None for layer in layers)
    assert compare_layers([None, None]) == ()
