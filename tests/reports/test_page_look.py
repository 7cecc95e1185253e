"""The look of all pages: contrast in light and dark, the frame around the contents, what else is served."""

from __future__ import annotations

import itertools
import re
from importlib import resources

import pytest
from sample_runs import bare_record, full_record

from chipsmith.reports import charts as palette
from chipsmith.reports.html import fill_page, render_page
from chipsmith.reports.markup import list_sections, numbers, plot, section, table

PAGE = resources.files("chipsmith.reports") / "page"
CSS = (PAGE / "page.css").read_text(encoding="utf-8")
LIGHT, DARK = (dict(re.findall(r"--(\w+): (#\w{6});", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.S))
SCHEMES = {"light": LIGHT, "dark": DARK}
TEXTS = ("ink", "muted", "link", "good", "bad", "measured", "simulated", "estimated", "published")
TEXT, GRAPHICS = 4.5, 3.0
"""The contrast that WCAG 2.2 asks for at level AA, of text (1.4.3) and of graphics (1.4.11)."""


def luminance(colour: str) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: str, other: str) -> float:
    low, high = sorted((luminance(colour), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_has_the_greatest_contrast():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_texts_can_be_read_on_every_ground(scheme):
    colours = SCHEMES[scheme]
    low = {
        (text, ground): round(contrast(colours[text], colours[ground]), 2)
        for text in TEXTS
        for ground in ("surface", "panel")
    }
    assert min(low.values()) >= TEXT, low
    assert contrast(colours["ink"], colours["heat"]) >= TEXT


@pytest.mark.parametrize("scheme", SCHEMES)
def test_marks_of_charts_can_be_seen(scheme):
    colours = {name: value for name, value in vars(palette).items() if name.isupper() and isinstance(value, str)}
    assert {"BLUE", "GREY"} <= set(colours)
    low = {name: contrast(value, SCHEMES[scheme]["surface"]) for name, value in colours.items()}
    assert min(low.values()) >= GRAPHICS, low
    assert contrast(SCHEMES[scheme]["muted"], SCHEMES[scheme]["surface"]) >= GRAPHICS


def test_both_schemes_have_the_same_colours():
    assert set(LIGHT) == set(DARK)


def test_the_contents_lead_to_every_section_and_the_first_stop_is_past_them():
    page = render_page(full_record())
    names = re.findall(r'<section id="([^"]+)">', page)
    assert re.findall(r'<li><a href="#([^"]+)">', page) == names
    assert len(set(names)) == len(names)
    first = re.search(r"<body.*?<(a|button|summary)[^>]*>", page, re.S)
    assert first is not None
    assert first[0].endswith('<a class="skip" href="#content">')
    assert '<div id="content" tabindex="-1">' in page
    assert re.search(r'<footer>.*<a href="#top">', page)
    assert '<body id="top"' in page


def test_landmarks_and_headings_are_in_order():
    page = render_page(full_record())
    for landmark in ("<main>", "<footer>", '<nav class="contents" aria-label="Contents">'):
        assert page.count(landmark) == 1
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_a_link_text_may_be_shorter_than_the_heading():
    body = section("a", "A long <heading>", "text", link="short") + section("b", "B & C", "text")
    assert list_sections(body) == {"a": "short", "b": "B &amp; C"}


def test_a_page_of_one_section_has_no_contents():
    assert "<nav" not in fill_page("one", body=f"<main>{section('a', 'A', '')}</main>", charts={})
    assert render_page(bare_record()).count("<nav") == 1


def test_a_page_in_chinese_has_chinese_around_it():
    page = fill_page("页", body="<main></main>", charts={}, language="zh")
    assert '<html lang="zh">' in page
    assert "跳到正文" in page


def test_each_chart_says_what_it_is_and_has_its_numbers_as_a_table():
    place = plot("energy", "Energy <by kernel>")
    assert 'role="img" aria-label="Energy &lt;by kernel&gt;"' in place
    assert numbers("a table").startswith('<details class="numbers"><summary>')
    script = (PAGE / "page.js").read_text(encoding="utf-8")
    assert "places.forEach(offerNumbers);" in script


def test_a_frame_that_may_scroll_has_a_name_and_is_a_stop():
    assert '<div class="scroll" tabindex="0" role="group" aria-label="sizes">' in table(("a",), [("1",)], label="sizes")


@pytest.mark.parametrize(
    "rule",
    [
        "@media screen and (prefers-color-scheme: dark)",
        "@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }",
        "@media print",
        ":focus-visible { outline: 3px solid var(--link);",
        "@media (max-width: 520px)",
    ],
)
def test_the_style_serves_dark_windows_paper_and_keyboards(rule):
    assert rule in CSS


def test_every_colour_of_the_style_is_one_of_the_schemes():
    assert set(re.findall(r"var\(--(\w+)\)", CSS)) <= set(LIGHT)
    assert not re.search(r"#[0-9a-f]{3,6}\b", CSS.split("}\n}", 1)[1])
