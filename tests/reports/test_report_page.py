"""report.html: one file, nothing fetched, the record's numbers, tables that sum, names that stay text."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
import re
from html.parser import HTMLParser

import pytest
from sample_runs import bare_record, full_record, named_record

from chipsmith.chip import load_chip
from chipsmith.profile.prices import describe_timing
from chipsmith.profile.profile import BufferRole, MemorySpan
from chipsmith.reports import charts as palette
from chipsmith.reports import plotly_bundle
from chipsmith.reports.html import draw_body, render_page, write_page
from chipsmith.reports.markup import Cell, table
from chipsmith.reports.roofs import read_roofs, roof_points
from chipsmith.reports.sections import SECTIONS
from chipsmith.reports.verdict import verdict

NAMED_SECTIONS = ("placement", "latency")
BACKGROUNDS = ("#ffffff", "#15181d")


class Elements(HTMLParser):
    """All elements with their attributes, and the content of the scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data):
        if self._in_script:
            self.scripts[-1] += data


@pytest.fixture(scope="module")
def page() -> str:
    return render_page(full_record())


@pytest.fixture(scope="module")
def elements(page) -> Elements:
    return Elements(page)


def test_nothing_is_fetched(elements):
    fetching = {"src", "srcset", "poster", "data", "action"}
    for tag, attributes in elements.elements:
        if tag == "img":
            assert attributes["src"].startswith("data:image/png;base64,")
            continue
        assert not fetching & set(attributes), tag
        assert tag not in ("link", "iframe", "object", "embed")
        assert attributes.get("href", "#").startswith("#")
    policy = next(attributes["content"] for _, attributes in elements.elements if attributes.get("http-equiv"))
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy
    body = draw_body(full_record()).html
    assert not re.search(r"https?://|url\(|@import", body)


def test_plotly_is_in_the_page_once(elements):
    assert len(elements.scripts) == 3
    unpacked = gzip.decompress(base64.b64decode(elements.scripts[1])).decode()
    assert f"v{plotly_bundle.VERSION}" in unpacked[:200]
    assert unpacked == plotly_bundle.load_plotly(json.loads(elements.scripts[0]))


def test_places_and_charts_fit_together(elements):
    places = [attributes["data-chart"] for _, attributes in elements.elements if "data-chart" in attributes]
    assert sorted(places) == sorted(json.loads(elements.scripts[0]))
    assert sorted(places) == sorted(draw_body(full_record()).charts)


def test_a_bare_record_has_no_empty_places():
    body = draw_body(bare_record())
    places = re.findall(r'data-chart="([^"]+)"', body.html)
    assert sorted(places) == sorted(body.charts)
    assert "Training" not in body.html


def test_sections_stand_in_their_order_and_links_lead_to_them():
    page = render_page(full_record())
    shown = re.findall(r'<section id="([^"]+)"><h2[^>]*>([^<]+)</h2>', page)
    assert shown == [(section.name, section.title) for section in SECTIONS]
    links = re.findall(r'<li><a href="#([^"]+)">([^<]+)</a>', page)
    assert links == [(section.name, section.link or section.title) for section in SECTIONS]


def test_no_link_leads_to_a_section_that_is_not_shown():
    page = render_page(bare_record())
    assert set(re.findall(r'<li><a href="#([^"]+)">', page)) == set(re.findall(r'<section id="([^"]+)">', page))


def test_the_page_is_the_same_every_time(tmp_path, page):
    write_page(full_record(), tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == page


def test_the_verdict_says_what_came_out():
    record = full_record()
    cycles = record.inference.latency.cold_cycles
    assert "The chip classifies 97.90 % of 1,000 test examples right." in verdict(record)
    assert "✓ All 10,000 outputs equal those of tosa_reference_model, bit for bit." in verdict(record)
    assert f"{cycles:,} cycles" in verdict(record)
    wrong = dataclasses.replace(record, bit_exact=dataclasses.replace(record.bit_exact, mismatches=3))
    assert "✗ 3 of 10,000 outputs differ" in verdict(wrong)
    assert '<div class="verdict bad">' in draw_body(wrong).html


def test_the_card_of_the_cost_has_its_range_and_parts():
    cost = full_record().inference.cost
    body = draw_body(full_record()).html
    assert f'<span class="value">{cost.chip_usd.value:.2f} USD</span>' in body
    assert re.search(r"of 1,000,000 chips: die 0\.06, package 0\.30, test 0\.18, masks 1\.20, design \d", body)


def test_a_clock_in_doubt_stands_in_the_verdict():
    slow = bare_record("digits_cnn", "edge-1024")
    timing = describe_timing(load_chip("edge-1024", {"clock_mhz": "800"}))
    fast = dataclasses.replace(slow, inference=dataclasses.replace(slow.inference, timing=timing))
    assert "Its clock_mhz = 800 may be too fast: its longest path, reads of the on-chip memory, has" in verdict(fast)
    assert "too fast" not in verdict(slow)
    assert "too fast" not in verdict(bare_record("digits_cnn", "edge-256"))


@pytest.mark.parametrize(
    "label", ["Latency by kernel", "Energy by kernel", "By component in µJ", "By component in mm²", "Cost of a chip"]
)
def test_tables_sum_to_their_last_line(label):
    body = draw_body(full_record()).html
    text = body[body.index(f'aria-label="{label}"') :].partition("</table>")[0]
    rows, total = text.split("<tfoot>")
    values = [float(re.findall(r'data-value="([^"]+)"', row)[0]) for row in rows.split("<tr>")[2:]]
    assert sum(values) == pytest.approx(float(re.findall(r'data-value="([^"]+)"', total)[0]))


def test_totals_are_the_records(page):
    profile = full_record().inference
    assert f'data-value="{profile.latency.cold_cycles}">{profile.latency.cold_cycles:,}</td>' in page
    assert f'data-value="{profile.energy.total!r}">{profile.energy.total / 1e6:,.4f}</td>' in page
    assert f'data-value="{profile.area.total!r}">{profile.area.total:.4f}</td>' in page


def test_charts_hold_the_records_numbers():
    profile, drawn = full_record().inference, draw_body(full_record()).charts
    assert sum(sum(bar["x"]) for bar in drawn["latency"]["data"]) == profile.latency.cold_cycles
    assert sum(sum(bar["x"]) for bar in drawn["energy"]["data"]) == pytest.approx(profile.energy.total / 1e6)
    assert drawn["quantisation"]["data"][0]["x"] == [38.5]
    assert drawn["loss"]["data"][1]["y"] == [1.0, 0.6]
    assert drawn["score"]["data"][0]["y"] == pytest.approx([55, 75])
    bars = {start for bar in drawn["timeline"]["data"] for start in bar["base"]}
    assert {row.start_cycle for row in profile.instructions[:-1]} <= bars


def test_a_layer_without_a_ratio_has_no_bar():
    body = draw_body(full_record()).html
    assert "Without a bar, for no error or no signal: pool." in body
    assert draw_body(full_record()).charts["quantisation"]["data"][0]["y"] == ["conv1"]


def test_memory_is_drawn_at_its_addresses():
    profile = full_record().inference
    bars = [bar for bar in draw_body(full_record()).charts["memory"]["data"] if bar["type"] == "bar"]
    drawn = {
        (start, start + length, (middle - size / 2) * 1024, size * 1024)
        for bar in bars
        for start, length, middle, size in zip(bar["base"], bar["x"], bar["y"], bar["width"], strict=True)
    }
    assert drawn == {(span.first_cycle, span.last_cycle, span.address, span.size_bytes) for span in profile.memory}


def test_kernels_stand_under_the_flat_roof_of_their_engine():
    record = full_record()
    points = roof_points(record.inference.kernels, read_roofs(record))
    assert [point.row for point in points] == list(record.inference.kernels[:-1])
    for point in points:
        assert point.rate <= {"tensor": 256, "vector": 16}[point.row.kind]
    array, lanes, *_ = draw_body(record).charts["roofline"]["data"]
    assert (array["x"][1], array["y"][1]) == (32, 256)
    assert (lanes["x"][1], lanes["y"][1]) == (2, 16)


def test_a_long_timeline_is_left_to_the_trace():
    record = full_record()
    many = record.inference.instructions * 300
    long = dataclasses.replace(record, inference=dataclasses.replace(record.inference, instructions=many))
    assert "timeline" not in draw_body(long).charts
    assert "open trace.json in the Perfetto viewer" in draw_body(long).html


def test_names_stay_text():
    name = "</script><script>alert(1)</script>"
    record = full_record()
    span = MemorySpan(name=name, role=BufferRole.CONSTANT, address=0, size_bytes=1, first_cycle=0, last_cycle=1)
    inference = dataclasses.replace(record.inference, memory=(span,))
    page = render_page(dataclasses.replace(record, network=name, inference=inference))
    assert "<script>alert" not in page
    assert len(Elements(page).scripts) == 3


def test_numeric_columns_sort_by_value():
    text = table(("name", "cycles"), [("a", Cell(text="1,000", number=1000))], label="t")
    assert '<td class="number" data-value="1000">1,000</td>' in text
    assert '<th scope="col" class="number">' in text


@pytest.mark.parametrize("colour", ["BLUE", "ORANGE", "GREEN", "PURPLE", "PINK", "GOLD", "GREY"])
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_colours_stand_out(colour, background):
    """WCAG 2.2, 1.4.11: graphical objects have a contrast of at least 3 to what is beside them."""
    assert contrast(getattr(palette, colour), background) >= 3


def contrast(colour: str, background: str) -> float:
    bright, dark = sorted((luminance(colour), luminance(background)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_backgrounds_are_those_of_the_page(page):
    assert all(f"--surface: {background};" in page for background in BACKGROUNDS)


def test_what_the_network_made_and_confused_is_shown():
    body = draw_body(full_record()).html
    for text in ("mostly taken for", "&lt;dog&gt; (20)", "Expected calibration error: npu 2.9 %", "Drawn from noise"):
        assert text in body
    assert "accuracy over 2 folds: 97.50 %, standard deviation 0.50 %" in body
    assert "<b>To be</b> or &lt;not&gt;" in body
    assert draw_body(full_record()).charts["confusion"]["data"][0]["z"][0] == [0.96, 0.04]
    assert "confusion" not in draw_body(bare_record()).html


def test_placement_and_latency_have_the_authors_names():
    page = render_page(named_record())
    placement, latency = (re.search(rf'<section id="{name}">.*?</section>', page, re.S)[0] for name in NAMED_SECTIONS)
    for row in named_record().inference.operators:
        assert re.search(
            rf'<td>{re.escape(row.name)}</td><td data-label="author&#x27;s name">{row.source}</td>', placement
        )
    assert "<td>part1 (k0)</td>" in placement
    assert latency.count(">author&#x27;s name</button>") == 2
    assert latency.count(">part1 (k0)</td>") == 2
    assert latency.count(">part1, part2</td>") == 2
    assert r"part1, part2\u003cbr>DEPTHWISE_CONV2D as CONV2D: tosa_" in page


def test_a_page_without_the_authors_names_has_no_column_for_them():
    page = render_page(bare_record())
    assert "author&#x27;s name" not in page


def test_a_page_of_a_long_network_is_small():
    """Its charts and tables, and plotly.js, which is packed."""
    record = full_record()
    (kernel, *_) = record.inference.kernels
    longer = tuple(dataclasses.replace(kernel, name=f"k{number}:layer_{number}") for number in range(100, 400))
    inference = dataclasses.replace(record.inference, kernels=(*record.inference.kernels, *longer))
    page = render_page(dataclasses.replace(record, inference=inference))
    assert "(k399)" in page
    assert len(page.encode()) < 2_000_000


def test_the_costs_of_a_chip_have_lines_over_their_ranges_on_an_axis_that_holds_them():
    drawn = draw_body(full_record()).charts["cost-parts"]
    (bars,) = drawn["data"]
    parts = full_record().inference.cost.parts.values()
    ends = [value + above for value, above in zip(bars["x"], bars["error_x"]["array"], strict=True)]
    assert ends == pytest.approx([part.high for part in parts])
    assert [value - below for value, below in zip(bars["x"], bars["error_x"]["arrayminus"], strict=True)] == (
        pytest.approx([part.low for part in parts])
    )
    assert drawn["layout"]["xaxis"]["range"][1] > max(ends)


def test_the_graph_stands_before_the_table_of_all_figures():
    names = [section.name for section in SECTIONS]
    assert names[:2] == ["advice", "graph"]
    assert names.index("figures") > names.index("silicon")
