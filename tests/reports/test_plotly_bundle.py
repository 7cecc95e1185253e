"""The copies of plotly.js: unchanged, of one version, the smallest that draws a page; and pages stay small."""

from __future__ import annotations

import hashlib
from importlib import resources

import pytest
from sample_runs import bare_record, full_record

from chipsmith.reports.charts import chart
from chipsmith.reports.html import draw_body, fill_page, render_page
from chipsmith.reports.plotly_bundle import BUNDLES, VERSION, choose_bundle, load_plotly, trace_types

LARGEST_PAGE = 2_000_000
PAGE = resources.files("chipsmith.reports") / "page"


def drawn(kind: str) -> dict[str, dict]:
    return {"one": chart([{"type": kind, "x": [1], "y": [2]}], height=100, x_title="", y_title="")}


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.file)
def test_a_bundle_is_the_published_file_of_its_version(bundle):
    content = (PAGE / bundle.file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == bundle.sha256
    assert f"minified) v{VERSION}\n".encode() in content[:100]
    assert b"</script" not in content


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.file)
def test_a_bundle_draws_the_kinds_that_it_is_said_to_draw(bundle):
    content = (PAGE / bundle.file).read_text(encoding="utf-8")
    registered = {
        kind for kind in (*BUNDLES[-1].traces, "parcoords", "scatter3d") if f'"trace",name:"{kind}"' in content
    }
    assert registered == bundle.traces


def test_the_full_bundle_is_of_the_same_version():
    from packaging.version import Version
    from plotly import __version__
    from plotly.offline import get_plotlyjs_version

    if Version(__version__) < Version("7.1"):
        pytest.skip(f"plotly {__version__} has another plotly.js")
    assert get_plotlyjs_version() == VERSION


def test_the_smallest_bundle_that_draws_all_traces_is_chosen():
    assert choose_bundle(frozenset()) is BUNDLES[0]
    assert choose_bundle(frozenset({"scatter", "bar"})) is BUNDLES[0]
    assert choose_bundle(frozenset({"scatter", "heatmap"})) is BUNDLES[1]
    assert choose_bundle(frozenset({"scatter", "parcoords"})) is None
    assert trace_types([{"data": [{"x": [1]}, {"type": "bar"}]}]) == {"scatter", "bar"}


def test_what_no_partial_bundle_draws_gets_the_full_one():
    assert "parcoords" in load_plotly(drawn("parcoords"))
    assert load_plotly({}) == ""


def test_pages_of_runs_are_small():
    assert len(render_page(full_record()).encode()) < LARGEST_PAGE
    charts = {name: chart for name, chart in draw_body(bare_record()).charts.items() if name != "confusion"}
    assert len(fill_page("bare", body="<main></main>", charts=charts).encode()) < 1_400_000
