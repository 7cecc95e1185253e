"""docs/operators.md says what the rows say."""

from __future__ import annotations

from pathlib import Path

from chipsmith.tosa.document import document
from chipsmith.tosa.operators import ROWS

PAGE = Path(__file__).parents[2] / "docs" / "operators.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == document(), "run: python -m chipsmith.tosa.document docs/operators.md"


def test_every_rule_has_one_sentence_that_is_its_message():
    for row in ROWS.values():
        for constraint in row.constraints:
            message = constraint.__doc__ or ""
            assert message.endswith(".")
            assert "\n" not in message


def test_the_page_names_every_operator_once():
    headings = [line for line in document().splitlines() if line.startswith("### ")]
    assert sorted(headings) == sorted(f"### {kind}" for kind in ROWS)
