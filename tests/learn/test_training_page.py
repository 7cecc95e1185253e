"""The examples of docs/training.md run as they stand, in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "training.md"


def test_examples_run():
    pytest.importorskip("torch")
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(examples) == 6
    exec(compile("\n".join(examples), str(PAGE), "exec"), {})
