"""A graph printed as text reads back as the same graph."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from chipsmith.errors import BadInput
from chipsmith.tosa.file import read_tosa
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.text import format_graph, outline_graph, parse_graph

TINY = """\
graph "tiny"
input image : int8[1,2,3]
const flat_shape : shape[2] = [1, 6]
const limits : int8[] = 3
flat : int8[1,6] = RESHAPE(image, flat_shape)
clamped : int8[1,6] = CLAMP @"the clamp (last)"(flat) min_val=-3 max_val=90 nan_mode="PROPAGATE"
output clamped, "flat, too"
"""
NETWORKS = sorted((Path(__file__).parents[1] / "networks").glob("*.tosa"))


def assert_equal(left: Graph, right: Graph) -> None:
    assert (left.name, left.inputs, left.outputs) == (right.name, right.inputs, right.outputs)
    assert (dict(left.tensors), left.operators) == (dict(right.tensors), right.operators)
    assert list(left.constants) == list(right.constants)
    for name, array in left.constants.items():
        np.testing.assert_array_equal(array, right.constants[name], strict=True)


def test_a_small_graph_reads_and_prints():
    graph = parse_graph(TINY)
    clamp = graph.operators[1]
    assert clamp.name == "the clamp (last)"
    assert clamp.attributes == {"min_val": -3, "max_val": 90, "nan_mode": "PROPAGATE"}
    assert graph.outputs == ("clamped", "flat, too")
    assert graph.constants["limits"].shape == ()
    assert_equal(parse_graph(format_graph(graph)), graph)


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_whole_networks_keep_every_bit(path):
    graph = read_tosa(path)
    assert_equal(parse_graph(format_graph(graph)), graph)


def test_odd_names_survive():
    graph = parse_graph(TINY)
    odd = 'a "name", with : (all) = of [it]'
    tensors = {**graph.tensors, odd: dataclasses.replace(graph.tensor("image"), name=odd)}
    renamed = dataclasses.replace(
        graph,
        tensors={name: tensor for name, tensor in tensors.items() if name != "image"},
        inputs=(odd,),
        operators=(dataclasses.replace(graph.operators[0], inputs=(odd, "flat_shape")), graph.operators[1]),
    )
    again = parse_graph(format_graph(renamed))
    assert again.inputs == (odd,)
    assert again.operators == renamed.operators


def test_tensors_may_be_called_as_keywords_are():
    text = """graph "g"\ninput input : int32[1]\noutput : int32[1] = ABS(input)\noutput output\n"""
    graph = parse_graph(text)
    assert (graph.inputs, graph.outputs, graph.operators[0].inputs) == (("input",), ("output",), ("input",))
    assert format_graph(graph) == text


def test_the_outline_leaves_large_constants_out():
    graph = read_tosa(NETWORKS[0])
    outline = outline_graph(graph)
    assert " = ...\n" in outline
    assert "base64" not in outline


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("input image", "line 1 .*'name : type"),
        ("input image : int7[2]", "line 1 .*INT7"),
        ("x : int8[1] = RESHAPE image", "line 1 .*KIND"),
        ("x : int8[1] = CLAMP(y) min_val=", "line 1 .*attributes"),
        ("const x : int8[3] = [1, 2]", "line 1 "),
        ("const x : int8[3] = base64 AAAA!", "line 1 "),
        ("const x : int8[4] = base64 AAAA", "line 1 .*3 bytes are no int8"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line, message):
    with pytest.raises(BadInput, match=message):
        parse_graph(line)
