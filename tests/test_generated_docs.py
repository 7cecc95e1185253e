"""What the documentation takes from the code is what the code says now."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture
def generate(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    sys.modules.pop("generate", None)
    import generate

    return generate


def test_no_page_is_stale(generate):
    assert list(generate.stale_pages()) == [], "run: python docs/generate.py"


def test_a_stale_part_is_seen(generate, tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in generate.PAGES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text((DOCS / name).read_text())
    (folder / "chips.md").write_text((DOCS / "chips.md").read_text().replace("| 16 x 16 |", "| 17 x 16 |"))
    assert generate.stale_pages(folder) == {"chips.md": (DOCS / "chips.md").read_text()}


def test_a_part_that_the_page_has_not_is_refused(generate):
    with pytest.raises(ValueError, match="'fields' stands 0 times"):
        generate.replace_parts("a page", {"fields": "a table"})
