"""The page of an estimate: every chip's figures, what bounds it, its layers; nothing fetched."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache

import pytest
from compiled import compiled_program

from chipsmith.profile.kernels import REST
from chipsmith.reports.estimates.charts import draw_trades
from chipsmith.reports.estimates.page import draw_estimates, render_estimates, write_estimates_page
from chipsmith.reports.estimates.record import EstimateRecord, estimate_in_full
from chipsmith.reports.estimates.words import COMPARED, bound_sentence, verdict_sentences
from chipsmith.reports.layer_times import compare_layers
from chipsmith.units import format_energy, format_time

CHIPS = ("nano-64", "edge-256", "edge-1024")


@cache
def estimate(*chips: str) -> EstimateRecord:
    rows = tuple(
        estimate_in_full(compiled_program("digits_cnn", chip), name=chip, volume=1_000_000) for chip in chips or CHIPS
    )
    return EstimateRecord(network="digits", chips=rows)


@cache
def page() -> str:
    return render_estimates(estimate())


def test_each_chip_has_its_figures_in_a_row():
    body = draw_estimates(estimate()).html
    text = body[body.index('aria-label="figures of each chip"') :].partition("</table>")[0]
    rows = re.findall(r"<tr><td>(.*?)</tr>", text)
    assert [row.partition("<")[0] for row in rows] == list(CHIPS)
    for row, chip in zip(rows, estimate().chips, strict=True):
        assert f">{chip.inference.latency.cold_cycles:,}</td>" in row
        values = [float(value) for value in re.findall(r'data-value="([^"]+)"', row)]
        assert {figure.read(chip) for figure in COMPARED} <= set(values)


def test_the_best_of_each_figure_is_marked_once_and_said():
    body = draw_estimates(estimate()).html
    assert body.count(" ◂</td>") == len(COMPARED)
    (best, *_) = verdict_sentences(estimate())
    fastest = min(estimate().chips, key=lambda row: row.inference.latency.cold_us)
    assert f"Fastest: {fastest.name} ({format_time(fastest.inference.latency.cold_us)})" in best


def test_a_chip_that_is_beaten_in_everything_is_named():
    row = estimate().chips[1]
    few = estimate_in_full(compiled_program("digits_cnn", "edge-256"), name="few", volume=1_000)  # dearer, else alike
    *_, last = verdict_sentences(EstimateRecord(network="digits", chips=(row, few)))
    assert last == "few is in nothing better than edge-256, and in some of it worse."
    *_, last = verdict_sentences(estimate("nano-64", "edge-256"))
    assert last.startswith("Each chip is better than each other one in something")


def test_what_bounds_a_chip_is_its_busiest_engine():
    for row in estimate().chips:
        sentence = bound_sentence(row)
        busiest = max(row.inference.latency.engines, key=lambda engine: engine.busy_cycles)
        assert f"{busiest.name} engine" in sentence
        assert f"{100 * busiest.busy_cycles / row.inference.latency.cold_cycles:.0f} %" in sentence


def test_the_time_of_each_chip_sums_to_its_latency():
    drawn = draw_estimates(estimate()).charts["time"]["data"]
    for index, row in enumerate(estimate().chips):
        assert row.computing_cycles + row.external_cycles + row.other_cycles == row.inference.latency.cold_cycles
        assert sum(bar["x"][index] for bar in drawn) == pytest.approx(row.inference.latency.cold_us)


def test_parts_sum_to_the_energy_the_area_and_the_cost():
    drawn = draw_estimates(estimate()).charts
    for index, row in enumerate(estimate().chips):
        whole = {
            "energy": row.inference.energy_uj,
            "area": row.inference.area.total,
            "cost": row.inference.cost.chip_usd.value,
        }
        for name, value in whole.items():
            assert sum(bar["x"][index] for bar in drawn[name]["data"]) == pytest.approx(value), name


def test_each_chip_is_a_point_of_latency_against_energy_area_and_cost():
    charts = draw_trades(estimate().chips)
    assert list(charts) == ["latency-energy", "latency-area", "latency-cost"]
    for drawn in charts.values():
        assert [trace["name"] for trace in drawn["data"]] == list(CHIPS)
        ticks = drawn["layout"]["xaxis"]["tickvals"]
        assert len(ticks) >= 2
        assert ticks == sorted(ticks)


def test_layers_have_the_kernels_of_every_chip_with_their_times_and_energies():
    rows = estimate().chips
    layers = compare_layers([row.inference for row in rows])
    for index, row in enumerate(rows):
        kernels = [kernel for kernel in row.inference.kernels if kernel.name != REST]
        assert sum(layer.energies_uj[index] for layer in layers) == pytest.approx(
            sum(kernel.total_pj for kernel in kernels) / 1e6
        )
        assert 0 < sum(layer.times_us[index] for layer in layers) <= row.inference.latency.cold_us
    assert len({layer.label for layer in layers}) == len(layers)


def test_a_single_chip_has_cards_and_no_trades():
    body = draw_estimates(estimate("edge-256")).html
    assert '<div class="cards">' in body
    assert 'id="trades"' not in body
    (row,) = estimate("edge-256").chips
    assert f'<span class="value">{format_energy(row.inference.energy_uj)}</span>' in body


def test_places_and_charts_fit_together_and_nothing_is_fetched():
    text = page()
    charts = json.loads(re.search(r'id="charts">(.*?)</script>', text, re.S)[1])
    assert sorted(re.findall(r'data-chart="([^"]+)"', text)) == sorted(charts)
    body = draw_estimates(estimate()).html
    assert not re.search(r'https?://|url\(|@import| (?:src|srcset)="', body)
    assert len(text.encode()) < 2_000_000


def test_names_stay_text():
    planted = "\"><script>planted()</script><b onplanted='x'>"
    rows = tuple(replace(row, name=f"{planted} {row.name}") for row in estimate().chips)
    text = render_estimates(EstimateRecord(network=planted, chips=rows))
    assert "<script>planted" not in text
    assert "<b onplanted" not in text


def test_the_page_is_written_whole(tmp_path):
    write_estimates_page(estimate(), tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page()


def test_the_graph_is_drawn_with_the_costs_of_the_first_chip():
    body = draw_estimates(estimate()).html
    assert body.count('<section id="graph">') == 1
    assert f"Costs are those on {CHIPS[0]}, the first of the chips." in body
    kernels = [row for row in estimate().chips[0].inference.kernels if row.name != REST]
    assert body.count('<circle cx="') == len(kernels) + 2
    assert "the first of the chips" not in draw_estimates(estimate("edge-256")).html
