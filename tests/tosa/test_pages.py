"""The examples of the pages about operators and networks run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("page", "count"), [("how-to-add-an-operator.md", 2), ("tosa.md", 4)])
def test_the_examples_run(page, count):
    examples = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    assert len(examples) == count
    exec("\n".join(examples), {})
