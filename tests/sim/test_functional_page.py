"""The example of docs/functional-simulation.md runs as it stands, from the root of the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "functional-simulation.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_runs(example, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    exec(compile(example, "docs/functional-simulation.md", "exec"), {})
    assert re.search(r"\(50, 10\) int8", capsys.readouterr().out)
