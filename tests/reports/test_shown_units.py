"""What people are shown has one unit for each quantity: pages and tables as they come out, not as they are written."""

from __future__ import annotations

import io
import re

import pytest
from sample_runs import bare_record, full_record
from test_estimate_page import estimate
from toy_compression import FAST, MIDDLE, SLOW, toy_compression

from chipsmith.reports.compression import render_compression
from chipsmith.reports.estimates.page import draw_estimates
from chipsmith.reports.html import draw_body
from chipsmith.reports.terminal import comparison_table, cost_table, open_console, print_report
from chipsmith.studies.budget import Budget

STRAY = re.compile(r"\buJ\b|\d ?us\b|\bmm2\b|\bum2\b|\b[kK]B\b|\bMB\b|\d%")


def compression_body() -> str:
    page = render_compression(toy_compression(SLOW, MIDDLE, FAST, budget=Budget(max_latency_us=50)))
    return page[page.index("<main>") : page.index("</main>")]


PAGES = {
    "run": lambda: draw_body(full_record()).html,
    "bare": lambda: draw_body(bare_record()).html,
    "estimate": lambda: draw_estimates(estimate()).html,
    "compression": compression_body,
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_the_units_of_all_pages(page):
    text = re.sub(r"<[^>]*>", " ", PAGES[page]())
    assert not STRAY.findall(text)
    assert "µ" in text


def test_terminals_have_the_units_of_the_pages():
    stream = io.StringIO()
    print_report(full_record(), file=stream)
    chips = {row.name: row.inference for row in estimate().chips}
    console = open_console(stream)
    console.print(comparison_table("digits", chips), cost_table(chips))
    assert not STRAY.findall(stream.getvalue())
    assert "µJ" in stream.getvalue()
