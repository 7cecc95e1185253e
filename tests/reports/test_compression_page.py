"""The page of a compression, and its rows on a terminal."""

from __future__ import annotations

from toy_compression import FAST, MIDDLE, SLOW, toy_compression

from chipsmith.reports.compression import render_compression, search_chart, terminal_rows, verdict
from chipsmith.studies.budget import Budget
from chipsmith.studies.structure_search import Trial


def test_the_page_names_every_network_and_every_objective():
    page = render_compression(toy_compression(SLOW, MIDDLE, FAST, budget=Budget(max_latency_us=50)))
    assert all(network.name in page for network in (SLOW, MIDDLE, FAST))
    assert all(head in page for head in ("latency, µs", "energy, µJ"))
    assert "beaten by no other in all of metric, latency and energy" in page


def test_the_verdict_has_the_figures_of_the_choice():
    result = toy_compression(SLOW, MIDDLE, FAST, budget=Budget(max_latency_us=50))
    assert verdict(result) == (
        "The budget of at most 50 µs and 1 points lost is met by 'middle': 40.0 µs and 2.00 µJ, 2.50 times fewer "
        "cycles than the network it began with, 0.50 points lost on the test part."
    )


def test_rows_of_a_terminal_go_from_fast_to_slow():
    heads, rows = terminal_rows(toy_compression(SLOW, MIDDLE, FAST, budget=Budget(max_latency_us=50)))
    assert heads == ("network", "source", "int8", "npu", "lost", "cycles", "µs", "µJ", "faster")
    assert [row[0] for row in rows] == ["fast", "middle *", "slow"]
    assert rows[1][4:] == ("0.50", "4,000", "40.0", "2.00", "2.50")


def test_the_page_shows_the_best_of_both_samplers_by_trial():
    scores = {"tpe": (None, 0.5, 0.4), "random": (0.3, None, 0.6)}
    trials = tuple(
        Trial(sampler=sampler, chosen={"kernel": 3}, cycles=10, energy_uj=1.0, score=score)
        for sampler, row in scores.items()
        for score in row
    )
    chart = search_chart(trials)
    assert [trace["y"] for trace in chart["data"]] == [[None, 0.5, 0.5], [0.3, 0.3, 0.6]]
    page = render_compression(toy_compression(SLOW, MIDDLE).model_copy(update={"trials": trials}))
    assert 'data-chart="search"' in page
