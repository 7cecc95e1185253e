"""The example of docs/report.md runs as it stands, from the root of the repository."""

from __future__ import annotations

import re
from pathlib import Path

from chipsmith.reports.layers import MANY, SMALL
from chipsmith.reports.sections.timeline import INSTRUCTIONS_SHOWN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "report.md").read_text()


def test_the_example_runs(monkeypatch, capsys):
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(compile(example, "docs/report.md", "exec"), {})
    assert "digits on edge-256" in capsys.readouterr().out


def test_the_numbers_are_those_of_the_package():
    assert f"more than {MANY} kernels" in PAGE
    assert f"each below {100 * SMALL:g} %" in PAGE
    assert f"Beyond {INSTRUCTIONS_SHOWN:,} instructions" in PAGE
