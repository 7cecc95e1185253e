"""Which indices exist: of a table that an input indexes, through what a front end computes with them."""

from __future__ import annotations

import numpy as np
import pytest
from nets import Net

from chipsmith.tosa.graph import DType, Graph
from chipsmith.tosa.index_ranges import find_index_ranges, find_stray_indices
from chipsmith.tosa.reference import evaluate_batch

TABLE = np.arange(1, 51, dtype=np.int8).reshape(1, 10, 5)


def looking_up(*, raised: bool = False, doubled: bool = False) -> Graph:
    """Rows of a table of 10; indices that count from the end where `raised`, every second row where `doubled`."""
    net = Net()
    net.inputs.append(net.tensor("tokens", (1, 4), DType.INT32))
    indices = "tokens"
    if raised:
        below = net.add("GREATER", (net.constant([[0]], DType.INT32), "tokens"), (1, 4), DType.BOOL)
        more = net.add("ADD", ("tokens", net.constant([[10]], DType.INT32)), (1, 4), DType.INT32)
        indices = net.add("SELECT", (below, more, "tokens"), (1, 4), DType.INT32)
    if doubled:
        indices = net.add("ADD", (indices, indices), (1, 4), DType.INT32)
    return net.graph(net.add("GATHER", (net.constant(TABLE), indices), (1, 4, 5)))


@pytest.mark.parametrize(
    ("graph", "legal"),
    [
        (looking_up(), (0, 9)),
        (looking_up(raised=True), (-10, 9)),
        (looking_up(doubled=True), (0, 4)),
    ],
)
def test_the_range_ends_where_rows_do(graph, legal):
    assert find_index_ranges(graph) == {"tokens": legal}
    for value, there in ((legal[0] - 1, False), (legal[0], True), (legal[1], True), (legal[1] + 1, False)):
        (rows,) = evaluate_batch(graph, {"tokens": np.full((1, 1, 4), value, np.int32)}).values()
        assert rows.any() == there, value


def test_the_smaller_of_two_tables_counts():
    net = Net()
    net.inputs.append(net.tensor("tokens", (1, 4), DType.INT32))
    tables = [net.constant(TABLE[:, :rows]) for rows in (10, 7)]
    graph = net.graph(*(net.add("GATHER", (table, "tokens"), (1, 4, 5)) for table in tables))
    assert find_index_ranges(graph) == {"tokens": (0, 6)}


def test_an_input_that_is_no_index_has_no_range():
    net = Net()
    net.inputs.append(net.tensor("counts", (1, 4), DType.INT32))
    assert find_index_ranges(net.graph(net.add("ABS", ("counts",), (1, 4), DType.INT32))) == {}


def test_indices_that_a_network_computes_of_other_values_are_nobodys_input():
    net = Net(scores=(1, 4, 10))
    best = net.add("ARGMAX", ("scores",), (1, 4), DType.INT32, axis=2, nan_mode="PROPAGATE")
    graph = net.graph(net.add("GATHER", (net.constant(TABLE), best), (1, 4, 5)))
    assert find_index_ranges(graph) == {}
    assert find_stray_indices(graph, {"scores": np.zeros((1, 1, 4, 10), np.int8)}) == []


def test_the_first_index_that_does_not_exist_is_told_with_the_rows():
    graph = looking_up(raised=True)
    tokens = np.array([[[3, -10, 9, 0]], [[1, 12, -11, 2]]], np.int32)
    (stray,) = find_stray_indices(graph, {"tokens": tokens})
    assert "index 12 is outside of the rows 0 to 9 and gives the integer 0" in str(stray)
    assert find_stray_indices(graph, {"tokens": tokens[:1]}) == []
