"""The section of the page that says why, and what would help; and its record, from JSON and back."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from compiled import NETWORKS
from sample_runs import bare_record, sample_advice

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.reports.advice_page import render_advice
from chipsmith.reports.html import render_page
from chipsmith.reports.record import RunRecord, record_from_plain, record_to_plain
from chipsmith.reports.result import read_result, result_to_plain, write_result
from chipsmith.reports.sections.advice import PATH_CHART, SECTION, draw_advice
from chipsmith.studies.advice.diagnose import diagnose
from chipsmith.studies.advice.record import Subject
from chipsmith.tosa.file import read_tosa


@cache
def advised_record() -> RunRecord:
    """A bare record with the advice that its run would keep."""
    return replace(bare_record(), advice=sample_advice())


def test_an_advice_goes_to_a_result_and_back(tmp_path: Path) -> None:
    write_result(advised_record(), tmp_path / "result.json")
    assert read_result(tmp_path / "result.json") == advised_record()


def test_an_advice_of_before_has_what_each_layer_is_busy_with() -> None:
    """It called that the layer's bound, as it called what the path waits for and the side of the ridge."""
    fields = json.loads(json.dumps(record_to_plain(advised_record())))
    for layer in fields["advice"]["layers"]:
        layer["bound"] = layer.pop("busy_bound")
    assert record_from_plain(fields, name="result.json") == advised_record()


def test_the_table_of_layers_tells_waiting_from_being_busy() -> None:
    advice = advised_record().advice
    assert advice is not None
    markup = draw_advice(advice).html
    heads = re.findall(r"<button type=\"button\">(.*?)</button>", markup)
    assert {"critical cycles", "waits for", "busy", "busy with"} <= set(heads)
    dense = max(advice.layers, key=lambda layer: layer.external_bytes)
    row = next(row for row in re.findall(r"<tr>(.*?)</tr>", markup) if html.escape(dense.label) in row)
    assert dense.path_bound is not None
    assert f"<td>{dense.path_bound.value}</td>" in row
    assert dense.busy_bound is not None
    assert f"<td>{dense.busy_bound.value}</td>" in row


def test_a_record_of_before_has_no_advice_and_no_section() -> None:
    fields = {name: value for name, value in record_to_plain(bare_record()).items() if name != "advice"}
    record = record_from_plain(json.loads(json.dumps(fields)), name="result.json")
    assert record.advice is None
    assert SECTION.draw(record) is None
    assert f'id="{SECTION.name}"' not in render_page(record)


def test_two_runs_in_two_folders_keep_the_same_advice() -> None:
    assert "/" not in json.dumps(result_to_plain(advised_record())["record"]["advice"]["subject"])


def test_the_section_stands_high_up_before_the_table_of_all_figures() -> None:
    page = render_page(advised_record())
    sections = re.findall(r'<section id="(\w+)">', page)
    assert sections.index("advice") < sections.index("figures")
    assert 'href="#advice"' in page


def test_bars_of_the_path_sum_to_the_latency() -> None:
    advice = advised_record().advice
    assert advice is not None
    bars = draw_advice(advice).charts[PATH_CHART]["data"]
    warm, cold = (sum(bar["x"][place] for bar in bars) for place in (0, 1))
    assert (warm, cold) == (advice.figures.warm_cycles, advice.figures.cold_cycles)


def test_every_change_has_its_command_and_every_figure_its_kind() -> None:
    advice = advised_record().advice
    assert advice is not None
    markup = draw_advice(advice).html
    changes = (*advice.remedies, *advice.networks, *advice.room, *advice.savings, *advice.chips)
    joined = [each for each in (advice.together, advice.smaller) if each is not None]
    assert len(re.findall(r"<code>chipsmith (?:estimate|explain) digits_cnn\.tosa", markup)) == len(changes) + len(
        joined
    )
    assert "Time is simulated, energy, area and price are estimated" in html.unescape(markup)


def test_names_cannot_plant_markup() -> None:
    advice = advised_record().advice
    assert advice is not None
    bad = "<script>alert(1)</script>"
    layers = tuple(replace(layer, layer=bad) for layer in advice.layers)
    planted = replace(advice, network=bad, layers=layers, subject=Subject(model=bad, chip=bad))
    page = render_advice(planted, bare_record().inference)
    assert "<script>alert" not in page.replace("\\u003c", "<<")


@pytest.mark.parametrize("least", [0.005, 0.1])
@pytest.mark.parametrize("network", ["digits_cnn", "families/mobilenet_v2"])
def test_the_rows_of_what_bounds_the_layers_sum_to_the_whole(
    network: str, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernels below a share have no row of their own, and stand in one together."""
    monkeypatch.setattr("chipsmith.reports.sections.advice._LEAST_ROW", least)
    program = compile_graph(read_tosa(NETWORKS / f"{network}.tosa"), load_chip("edge-256"))
    advice = diagnose(program, subject=Subject(model="", chip=""))
    markup = draw_advice(advice).html
    rows = re.findall(r"<tr>(.*?)</tr>", markup[markup.index("critical cycles") :], flags=re.S)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, flags=re.S) for row in rows if "<td" in row]
    texts = [[re.sub(r"<[^>]*>", "", cell) for cell in row] for row in cells]
    assert sum(int(row[1].replace(",", "")) for row in texts) == advice.figures.cold_cycles
    assert sum(int(row[4].replace(",", "")) for row in texts) == advice.figures.warm_cycles
    assert any(re.fullmatch(r"\d+ others?", row[0]) for row in texts) == (len(texts) < len(advice.layers))
    assert len(texts) < len(advice.layers) or least < 0.1


def test_a_page_of_its_own_has_the_graph() -> None:
    advice = advised_record().advice
    assert advice is not None
    assert 'class="graph"' in render_advice(advice, bare_record().inference)


def test_a_program_alone_says_what_its_section_leaves_out() -> None:
    advice = advised_record().advice
    assert advice is not None
    alone = replace(advice, remedies=(), networks=(), savings=(), chips=(), together=None, simulated=0)
    assert "only its program is here" in draw_advice(alone).html
