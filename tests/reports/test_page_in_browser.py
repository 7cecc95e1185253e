"""Pages as a browser makes them: charts, their numbers and colours, anchors; the checker of accessibility.

Skipped where there is no Chromium, and the checker where its packages are not installed beside it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from html import unescape
from pathlib import Path

import pytest
from sample_pages import PAGES
from test_page_look import GRAPHICS, SCHEMES, contrast

CHECKER = Path(__file__).parents[2] / "benchmarks" / "page_check"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HEADLESS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
DARK_ALONE = ("@media screen and (prefers-color-scheme: dark)", "@media screen")
"""What makes a page dark whatever the system prefers."""
TELL = "<script>window.addEventListener('load', () => setTimeout(() => { %s }, 4000));</script></body>"
MARKS = """
const marks = {};
const selector = ".errorbar path, .shapelayer path, .js-line, .points path, .points text, .annotation-text, "
  + ".annotation-arrow-g path, .textpoint text";
for (const place of document.querySelectorAll("[data-chart]")) {
  for (const mark of place.querySelectorAll(selector)) {
    const style = getComputedStyle(mark);
    const line = style.stroke !== "none" && parseFloat(style.strokeWidth) > 0 && style.strokeOpacity !== "0";
    const colour = line ? style.stroke : style.fill;
    marks[`${place.dataset.chart} ${mark.getAttribute("class")} ${colour}`] = colour;
  }
}
document.body.dataset.told = JSON.stringify(marks);
"""
ANCHOR = """
const section = document.getElementById(location.hash.slice(1));
document.body.dataset.told = JSON.stringify({ top: section.getBoundingClientRect().top, height: window.innerHeight });
"""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")


@cache
def written(name: str, folder: Path) -> Path:
    path = folder / f"{name}.html"
    path.write_text(PAGES[name](), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("pages")


def dump(page: Path, *, width: int, anchor: str = "") -> str:
    """The page's document after its scripts have run."""
    return subprocess.run(
        [
            BROWSER,
            *HEADLESS,
            f"--user-data-dir={page.parent / 'profile'}",
            f"--window-size={width},900",
            "--virtual-time-budget=20000",
            "--dump-dom",
            f"{page.as_uri()}#{anchor}",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout


def told(page: Path, script: str, **view: object) -> dict[str, object]:
    """What a script says of the page when all has been drawn, by `document.body.dataset.told`."""
    asking = page.with_name(f"asking_{page.name}")
    asking.write_text(page.read_text(encoding="utf-8").replace("</body>", TELL % script), encoding="utf-8")
    return json.loads(unescape(re.search(r'<body[^>]* data-told="([^"]*)"', dump(asking, **view))[1]))


@pytest.mark.parametrize(("name", "width"), [("run", 1280), ("estimate", 400)])
def test_every_chart_is_drawn_from_the_disk_and_has_its_numbers(folder, name, width):
    page = written(name, folder)
    drawn = dump(page, width=width)
    places = re.findall(
        r'<div class="chart"><div class="plot([^"]*)" data-chart="([^"]+)"(.*?)</div></div>', drawn, re.S
    )
    expected = re.findall(r'data-chart="([^"]+)"', page.read_text(encoding="utf-8"))
    assert [chart for _, chart, _ in places] == expected
    assert all("js-plotly-plot" in kind for kind, _, _ in places)
    assert drawn.count('<details class="numbers">') == len(expected)
    assert len(re.findall(r'aria-current="location"', drawn)) <= 1


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_every_mark_of_every_chart_can_be_seen(folder, name, scheme):
    """Bars of errors, lines, points and texts, as drawn: what has no colour of the page's is black in plotly."""
    page = folder / f"{name}_{scheme}.html"
    text = PAGES[name]()
    page.write_text(text.replace(*DARK_ALONE) if scheme == "dark" else text, encoding="utf-8")
    marks = told(page, MARKS, width=1280)
    ground = SCHEMES[scheme]["surface"]
    low = {mark: contrast(as_hex(colour), ground) for mark, colour in marks.items() if as_hex(colour)}
    assert len(low) >= 3
    assert min(low.values()) >= GRAPHICS, {mark: value for mark, value in low.items() if value < GRAPHICS}


def as_hex(colour: str) -> str:
    """A colour as the browser computed it; empty of a mark without one, and of one that is seen through."""
    parts = [float(part) for part in re.findall(r"[\d.]+", colour)]
    return f"#{bytes(map(int, parts)).hex()}" if len(parts) == 3 else ""


@pytest.mark.parametrize("anchor", ["energy", "roofline", "silicon"])
def test_an_anchor_leads_to_its_section_whatever_is_drawn_above(folder, anchor):
    place = told(written("run", folder), ANCHOR, width=1280, anchor=anchor)
    assert 0 <= place["top"] < place["height"] / 4


def test_the_checker_finds_nothing(folder):
    if not (CHECKER / "node_modules" / "axe-core").is_dir() or shutil.which("node") is None:
        pytest.skip(f"the packages of {CHECKER.name}/check.mjs are not installed")
    pages = [str(written(name, folder)) for name in PAGES]
    checked = subprocess.run(
        ["node", "check.mjs", *pages, "--chromium", BROWSER], cwd=CHECKER, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout[:4000]
