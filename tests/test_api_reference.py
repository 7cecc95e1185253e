"""The API reference says a signature and a docstring as they stand in the source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture
def reference(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    import reference

    return reference


def scale(values: list[int], *, factor: Annotated[int, "a help"] = 2, name: str = "x") -> list[int]:
    """Each value times `factor`.

    More of it.
    """
    return [value * factor for value in values]


def test_a_function_has_its_signature_and_its_words(reference):
    assert reference.describe_function(scale) == (
        "### `scale`\n\n"
        '```py\nscale(values: list[int], *, factor: int = 2, name: str = "x") -> list[int]\n```\n\n'
        "Each value times `factor`.\n\nMore of it."
    )


def test_a_class_has_its_fields_and_methods(reference):
    section = reference.describe_class("chipsmith.tosa.graph:Graph")
    assert section.startswith("### `Graph`\n\n`from chipsmith.tosa.graph import Graph`\n\n")
    assert "- `name: str`" in section
    assert "- `tensor(name: str) -> Tensor`" in section


def test_every_verb_has_a_section(reference):
    import chipsmith

    sections = reference.verb_sections()
    assert [name for name in chipsmith.__all__ if f"### `{name}`\n" not in sections] == []
