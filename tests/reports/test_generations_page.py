"""The page of the generations: every figure with its label, in two languages, and nothing that it fetches."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from chipsmith.profile.profile import Evidence
from chipsmith.reports.generations.page import render_generations
from chipsmith.reports.generations.pictures import draw_pictures, thread_curves
from chipsmith.reports.generations.spine import best_row
from chipsmith.systems.comparison import Collected, Comparison, MachineRoof, RoofPoint
from chipsmith.systems.published_rows import load_published
from chipsmith.systems.row import Generation, LeftOut, SystemRow
from chipsmith.systems.texts import Language, texts_in

ENGLISH = texts_in(Language.ENGLISH)


def measured(system: str, generation: Generation, latency_us: float | None, **changes) -> SystemRow:
    fields = {
        "network": "image",
        "organisation": "this computer",
        "system": system,
        "generation": generation,
        "how": Evidence.MEASURED,
        "latency_us": latency_us,
        "p99_us": None if latency_us is None else 2 * latency_us,
        "boundary": "Latency: arrays in, arrays out.",
        "source": "a library 1.0",
        "software": "library",
        "precision": "int8",
    }
    return SystemRow(**{**fields, **changes})


CHIP = measured(
    "edge-256",
    Generation.DEDICATED,
    110.0,
    organisation="Chipsmith",
    how=Evidence.SIMULATED,
    p99_us=None,
    energy_uj=12.0,
    energy_band_uj=(8.0, 26.0),
    energy_how=Evidence.ESTIMATED,
)
BOARD = measured(
    "mps2-an386",
    Generation.ONE_CORE,
    None,
    how=Evidence.SIMULATED,
    instructions=1_234_567,
)
QUANTUM = measured(
    "kernel, exact",
    Generation.QUANTUM,
    None,
    network="digits",
    how=Evidence.SIMULATED,
    accuracy=0.899,
    accuracy_interval=(0.89, 0.908),
)
HERE = (
    measured("library, int8, 1 thread", Generation.ONE_CORE, 400.0, threads=1),
    measured("library, int8, 2 threads", Generation.MANY_CORES, 250.0, threads=2),
)
HOSTILE = measured(
    "<script>alert(1)</script>", Generation.GPU, 10.0, organisation='"><img src=x onerror=alert(2)>', source="</script>"
)


def compare(*rows: SystemRow) -> Comparison:
    published = load_published()
    return Comparison(
        networks=("image", "digits"),
        collected=Collected(
            rows=(*published.rows_of("image"), *rows),
            left_out=(LeftOut(what="openvino, int8", reason="openvino is not here; mend: pip install openvino"),),
            roofs=(
                MachineRoof(
                    machine="edge-256",
                    precision="int8",
                    operations_per_s=256e9,
                    bytes_per_s=4e9,
                    measured=False,
                    obtained="256 multipliers",
                ),
            ),
            points=(
                RoofPoint(
                    machine="edge-256",
                    precision="int8",
                    network="image",
                    operations_per_s=2e11,
                    operations_per_byte=240.0,
                ),
            ),
        ),
        other_tasks=published.other_tasks,
        computer="A processor",
    )


ALL = compare(CHIP, BOARD, QUANTUM, *HERE, HOSTILE)


class Cells(HTMLParser):
    """The cells with a number in all tables, and the text of badges and options."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._inside = False

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "td" and "data-value" in dict(attrs):
            self._inside = True
            self.numbers.append("")

    def handle_endtag(self, tag):
        self._inside = self._inside and tag != "td"

    def handle_data(self, data):
        if self._inside:
            self.numbers[-1] += data


def read(language: Language, comparison: Comparison = ALL) -> tuple[str, Cells]:
    page = render_generations(comparison, language)
    body = page[page.index("<main>") : page.index("</main>")]
    cells = Cells()
    cells.feed(body)
    return body, cells


@pytest.mark.parametrize("language", Language)
def test_every_cell_with_a_figure_bears_its_label(language):
    labels = tuple(texts_in(language).evidence.values())
    _, cells = read(language)
    assert len(cells.numbers) > 150
    assert all(text.startswith(labels) for text in cells.numbers)


def test_a_chips_time_is_simulated_and_its_energy_estimated_with_a_band():
    body, _ = read(Language.ENGLISH)
    (row,) = re.findall(r"<tr data-network[^>]*>(?:(?!</tr>).)*Chipsmith: edge-256.*?</tr>", body)
    assert "simulated</span>110</td>" in row
    assert "estimated</span>12<small>8 – 26</small></td>" in row


def test_instructions_have_no_time():
    body, _ = read(Language.ENGLISH)
    (row,) = re.findall(r"<tr data-network[^>]*>(?:(?!</tr>).)*mps2-an386.*?</tr>", body)
    assert "1,234,567" in row
    assert row.count("data-value") == 1


def test_texts_of_records_are_plain_text():
    body, cells = read(Language.ENGLISH)
    assert not any(tag in ("script", "img") for tag, _ in cells.tags)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    page = render_generations(ALL, Language.ENGLISH)
    assert page.count("</script>") == 3


@pytest.mark.parametrize("language", Language)
def test_the_page_says_its_language_and_fetches_nothing(language):
    page = render_generations(ALL, language)
    assert f'<html lang="{language}">' in page
    assert "default-src 'none'" in page
    body, cells = read(language)
    assert not any(attributes.get("src") or "://" in str(attributes.get("href")) for _, attributes in cells.tags)
    assert texts_in(language).headings.table in body


def test_quantum_rows_stand_below_the_line_and_on_no_axis_of_time():
    body, _ = read(Language.ENGLISH)
    line = body.index('class="line"')
    assert line < body.index("kernel, exact")
    assert line > body.index('id="rows-table"')
    assert "89.9 % (89.0–90.8)" in body
    assert "kernel" not in json.dumps(draw_pictures(ALL, ENGLISH).charts)


def test_the_picture_of_latency_and_energy_has_the_rows_with_both():
    chart = draw_pictures(ALL, ENGLISH).charts["latency-energy-0"]
    points = [trace for trace in chart["data"] if trace["mode"] == "markers"]
    published = [row for row in load_published().rows_of("image") if row.energy_uj and row.latency_us]
    assert sum(len(trace["x"]) for trace in points) == len(published) + 1
    (chip,) = [trace for trace in points if "error_y" in trace]
    assert (chip["x"], chip["y"]) == ([110.0], [12.0])
    assert (chip["error_y"]["array"], chip["error_y"]["arrayminus"]) == ([14.0], [4.0])
    assert chart["layout"]["xaxis"]["type"] == chart["layout"]["yaxis"]["type"] == "log"


def test_a_line_of_equal_product_has_the_same_product_all_along():
    chart = draw_pictures(ALL, ENGLISH).charts["latency-energy-0"]
    lines = [trace for trace in chart["data"] if trace["mode"] == "lines+text" and trace["x"]]
    assert len(lines) >= 2
    for trace in lines:
        products = [x * y for x, y in zip(trace["x"], trace["y"], strict=True)]
        assert products[0] == pytest.approx(products[1])
        power = "⁰¹²³⁴⁵⁶⁷⁸⁹".index(trace["name"].removeprefix("10").removesuffix(" µs·µJ")[-1])
        assert round(products[0]) % 10 ** (power or 10) == 0


def test_a_roof_bends_where_the_memory_feeds_the_array():
    chart = draw_pictures(ALL, ENGLISH).charts["roofline"]
    roof = chart["data"][0]
    assert (roof["x"][1], roof["y"][1]) == (64.0, 256e9)
    assert roof["y"][0] / roof["x"][0] == pytest.approx(4e9)


def test_a_curve_over_threads_is_of_one_library_and_begins_at_1():
    (curve,) = thread_curves(ALL.rows)
    assert [row.threads for row in curve] == [1, 2]
    (cores,) = [trace for trace in draw_pictures(ALL, ENGLISH).charts["cores"]["data"] if "hovertext" in trace]
    assert cores["name"] == "this computer: image (ResNet8), library int8"
    assert cores["x"] == [1, 2]
    assert cores["y"] == [1.0, 1.6]


def test_the_best_row_of_a_generation_is_the_least():
    fastest = best_row(ALL.rows, "image", Generation.ONE_CORE, lambda row: row.latency_us)
    assert fastest is HERE[0]
    assert best_row(ALL.rows, "digits", Generation.GPU, lambda row: row.latency_us) is None


def test_what_is_left_out_stands_with_its_reason():
    body, _ = read(Language.ENGLISH)
    assert "openvino, int8: openvino is not here; mend: pip install openvino" in body
    count = sum(load_published().other_tasks.values())
    assert f"{count} published rows are of other tasks" in body


def test_rows_can_be_filtered_by_what_the_controls_offer():
    _, cells = read(Language.ENGLISH)
    rows = [attributes for tag, attributes in cells.tags if tag == "tr" and "data-network" in attributes]
    assert {row["data-generation"] for row in rows} == set(Generation) - {Generation.QUANTUM}
    assert {row["data-how"] for row in rows} == {Evidence.PUBLISHED, Evidence.MEASURED, Evidence.SIMULATED}
    offered = {attributes.get("value") for tag, attributes in cells.tags if tag == "option"}
    assert {row["data-generation"] for row in rows} <= offered
    controls = {attributes.get("data-filter") for tag, attributes in cells.tags if tag in ("select", "input")}
    assert controls >= {"network", "generation", "how", "text"}


def test_a_comparison_without_rows_still_is_a_page():
    empty = Comparison(networks=("image",), collected=Collected(), computer="A processor")
    page = render_generations(empty, Language.ENGLISH)
    assert ENGLISH.notes.nothing_here in page
