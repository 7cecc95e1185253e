"""The author's names in tables: long ones by their end, many of them by their number, whole where one hovers."""

from __future__ import annotations

import pytest

from chipsmith.reports.author_names import AUTHOR_COLUMN, abridge, shorten, source_cell


@pytest.mark.parametrize(("letters", "text"), [(9, "encoder.0"), (8, "…coder.0"), (2, "…0")])
def test_of_a_long_name_the_end_is_left(letters, text):
    assert shorten("encoder.0", letters) == text


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ((), ""),
        (("a", "b", "a"), "a, b"),
        (("a", "b", "c"), "a, b, c"),
        (("a", "b", "c", "d", "e"), "a, b, c and 2 more"),
    ],
)
def test_of_many_names_a_few_are_left(names, text):
    assert abridge(names) == text


def test_a_cell_shows_the_whole_names_where_it_is_hovered_over():
    long = "model/batch_normalization/FusedBatchNormV3;model/conv2d/Conv2D"
    cell = source_cell(["dense", long])
    assert (cell.label, cell.title) == (AUTHOR_COLUMN, f"dense, {long}")
    assert cell.text.endswith("model/conv2d/Conv2D")
    assert len(cell.text) < 40
    assert source_cell(["dense"]).title == ""
