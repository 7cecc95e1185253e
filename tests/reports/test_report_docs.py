"""The examples of docs/report.md print what the page promises, and its numbers are the package's."""

from __future__ import annotations

import re
from pathlib import Path

from chipsmith.reports.layers import MANY, SMALL
from chipsmith.reports.sections.timeline import INSTRUCTIONS_SHOWN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "report.md").read_text()


def test_the_examples_print_a_run_and_its_peak(monkeypatch, capsys):
    examples = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(ROOT)
    exec(compile("\n".join(examples), "docs/report.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "digits on edge-256" in printed
    assert "34,512 bytes at once" in printed


def test_the_numbers_are_those_of_the_package():
    assert f"more than {MANY} kernels" in PAGE
    assert f"each below {100 * SMALL:g} %" in PAGE
    assert f"Beyond {INSTRUCTIONS_SHOWN:,} instructions" in PAGE
