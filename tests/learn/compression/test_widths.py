"""Graphs whose shapes are functions of the widths of their groups of channels."""

from __future__ import annotations

import pytest

from chipsmith.errors import BadInput
from chipsmith.learn.compression.widths import scale_graph, shrink_widths
from chipsmith.tosa.file import read_tosa


def test_narrower_widths_have_ratios_of_their_own():
    widths = {"a": 16, "b": 16, "c": 32, "d": 64}
    narrow = shrink_widths(widths)
    assert len({narrow[name] / widths[name] for name in widths}) == len(widths)
    assert shrink_widths({"a": 2, "b": 2}) is None


def test_graphs_of_two_structures_are_not_one_that_scales():
    convolutions, recurrent = (read_tosa(f"tests/networks/{name}.tosa") for name in ("digits_cnn", "lstm"))
    with pytest.raises(BadInput, match="another structure"):
        scale_graph(convolutions, {"a": 8}, recurrent, {"a": 7})
