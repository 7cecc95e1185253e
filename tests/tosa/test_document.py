"""docs/operators.md says what the rows say."""

from __future__ import annotations

from chipsmith.tosa.document import document
from chipsmith.tosa.operators import OPERATORS


def test_every_rule_has_one_sentence_that_is_its_message():
    for row in OPERATORS.values():
        for constraint in row.constraints:
            message = constraint.__doc__ or ""
            assert message.endswith(".")
            assert "\n" not in message


def test_the_page_names_every_operator_once():
    headings = [line for line in document().splitlines() if line.startswith("### ")]
    assert sorted(headings) == sorted(f"### {kind}" for kind in OPERATORS)
