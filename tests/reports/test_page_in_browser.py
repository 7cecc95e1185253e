"""Pages as a browser makes them: every chart is drawn and has its numbers; the checker of accessibility finds nothing.

Skipped where there is no Chromium, and the checker where its packages are not installed beside it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from sample_runs import full_record
from test_estimate_page import estimate

from chipsmith.reports.estimates.page import render_estimates
from chipsmith.reports.html import render_page

CHECKER = Path(__file__).parents[2] / "benchmarks" / "page_check"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PAGES = {"run": lambda: render_page(full_record()), "estimate": lambda: render_estimates(estimate())}
HEADLESS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")


@cache
def written(name: str, folder: Path) -> Path:
    path = folder / f"{name}.html"
    path.write_text(PAGES[name](), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.mark.parametrize(("name", "width"), [("run", 1280), ("estimate", 400)])
def test_every_chart_is_drawn_from_the_disk_and_has_its_numbers(folder, name, width):
    page = written(name, folder)
    drawn = subprocess.run(
        [
            BROWSER,
            *HEADLESS,
            f"--user-data-dir={folder / 'profile'}",
            f"--window-size={width},900",
            "--virtual-time-budget=20000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    places = re.findall(
        r'<div class="chart"><div class="plot([^"]*)" data-chart="([^"]+)"(.*?)</div></div>', drawn, re.S
    )
    expected = re.findall(r'data-chart="([^"]+)"', PAGES[name]())
    assert [chart for _, chart, _ in places] == expected
    assert all("js-plotly-plot" in kind for kind, _, _ in places)
    assert drawn.count('<details class="numbers">') == len(expected)
    assert len(re.findall(r'aria-current="location"', drawn)) <= 1


def test_the_checker_finds_nothing(folder):
    if not (CHECKER / "node_modules" / "axe-core").is_dir() or shutil.which("node") is None:
        pytest.skip(f"the packages of {CHECKER.name}/check.mjs are not installed")
    pages = [str(written(name, folder)) for name in PAGES]
    checked = subprocess.run(
        ["node", "check.mjs", *pages, "--chromium", BROWSER], cwd=CHECKER, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout[:4000]
