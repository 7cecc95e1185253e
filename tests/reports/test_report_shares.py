"""Where the time goes: the rows add up to the latency, and say what it was spent on."""

from __future__ import annotations

import pytest
from sample_runs import program

from chipsmith.console.presentation import print_tables
from chipsmith.profile.time_breakdown import REST, time_shares
from chipsmith.reports.terminal import time_table
from chipsmith.sim.cycle import simulate


@pytest.mark.parametrize("network", ["digits_cnn", "encoder_layer"])
def test_all_rows_add_up_to_the_latency(network):
    one = program(network)
    timeline = simulate(one)
    rows = time_shares(one, timeline)
    assert sum(row.cycles for row in rows) == timeline.latency_cycles
    assert sum(row.macs for row in rows) == sum(span.macs for span in one.manifest.kernels)
    assert sum(row.kernels for row in rows) == len(one.manifest.kernels)
    assert all(min(row.computing_cycles, row.external_cycles, row.other_cycles) >= 0 for row in rows)


def test_the_longest_kind_stands_first_and_the_rest_last():
    rows = time_shares(program(), simulate(program()))
    assert rows[0].kind == "CONV2D"
    assert rows[-1].kind == REST
    assert [row.cycles for row in rows[:-1]] == sorted((row.cycles for row in rows[:-1]), reverse=True)


def test_a_program_that_only_waits_for_its_first_load_waits_for_external_memory():
    first = time_shares(program(), simulate(program()))[0]
    assert first.external_cycles >= program().chip.external.latency_cycles


def test_the_table_names_each_kind(capsys):
    one, timeline = program(), simulate(program())
    print_tables(time_table(one.chip, time_shares(one, timeline)))
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("CONV2D", "computes", "loading", "array"))
