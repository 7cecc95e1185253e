"""Author's names in the locations of a `.tosa` file."""

from __future__ import annotations

import pytest
from nets import Net

from chipsmith.tosa.file import parse_tosa, read_named_tosa, read_tosa, serialize_tosa, write_tosa
from chipsmith.tosa.locations import format_location, parse_location


@pytest.mark.parametrize("name", ["features.3", "/layer1/0/Conv", 'a "quoted" \\ name', "model/a;model/b"])
def test_a_name_comes_back(name):
    assert parse_location(format_location(name)) == name


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ('loc("model/conv"("network.tflite":0:0))', "model/conv"),
        ('loc("network.mlir":3:7)', ""),
        ("loc(unknown)", ""),
        ("", ""),
        ('loc("a\x1b[31m")', ""),
        (f'loc("{"a" * 5000}")', ""),
    ],
)
def test_what_names_nothing_is_no_name(location, name):
    """The place in a file alone is none, and nor is what a terminal would take for orders."""
    assert parse_location(location) == name


def test_a_file_keeps_the_authors_names(tmp_path):
    net = Net(x=(1, 4))
    first = net.add("BITWISE_NOT", ("x",), (1, 4))
    graph = net.graph(net.add("BITWISE_NOT", (first,), (1, 4)))
    names = {first: "block.0"}
    write_tosa(graph, tmp_path / "named.tosa", operator_names=names)
    again, found_names = read_named_tosa(tmp_path / "named.tosa")
    assert found_names == names
    assert again.operators == graph.operators == read_tosa(tmp_path / "named.tosa").operators
    assert parse_tosa(serialize_tosa(graph), "n").operators == graph.operators
