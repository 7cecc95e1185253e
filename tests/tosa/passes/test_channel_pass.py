"""Graphs with other numbers of channels: legal, compiled, and tied where channels are tied."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.errors import BadInput
from chipsmith.tosa.file import parse_tosa, read_tosa, serialize_tosa
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.passes.channels import CHANNEL_LAYERS, output_channels, set_channels
from chipsmith.tosa.reference import evaluate
from chipsmith.tosa.verify import verify

NETWORKS = Path(__file__).parents[2] / "networks"
FILES = (
    "digits_cnn",
    "encoder_layer",
    *(f"families/{path.stem}" for path in sorted((NETWORKS / "families").glob("*"))),
)


def layers_of(graph: Graph) -> list[str]:
    return [operator.name for operator in graph.operators if operator.kind in CHANNEL_LAYERS]


def weight_shapes(graph: Graph) -> dict[str, tuple[int, ...]]:
    kinds = ("CONV2D", "DEPTHWISE_CONV2D")
    return {each.name: graph.tensors[each.inputs[1]].shape for each in graph.operators if each.kind in kinds}


@pytest.mark.parametrize("change", [-3, 5])
def test_whatever_changes_is_legal_and_is_compiled(change: int) -> None:
    changed, refused = 0, 0
    for name in FILES:
        graph = read_tosa(NETWORKS / f"{name}.tosa")
        for layer in layers_of(graph)[:4]:
            channels = max(1, output_channels(graph, layer) + change)
            try:
                other = set_channels(graph, layer, channels)
            except BadInput:
                refused += 1
                continue
            changed += 1
            verify(other)
            assert output_channels(other, layer) == channels
            assert compile_graph(other, load_chip("edge-256")).instructions
    assert changed > 25
    assert refused > 5


def test_what_reads_the_channels_follows() -> None:
    """digits: a depthwise layer shares the channels of the one before, a dense layer reads each 49 times or so."""
    graph = read_tosa(NETWORKS / "digits_cnn.tosa")
    before, after = weight_shapes(graph), weight_shapes(set_channels(graph, "tosa_conv2d_default", 12))
    first, second = before["tosa_conv2d_default"], before["tosa_conv2d_default_1"]
    assert after["tosa_conv2d_default"] == (12, *first[1:])
    assert after["tosa_conv2d_default_1"] == (second[0], *second[1:3], second[3] * 12 // first[0])


def test_as_many_channels_as_before_answer_as_before() -> None:
    graph = read_tosa(NETWORKS / "digits_cnn.tosa")
    same = set_channels(graph, "tosa_conv2d_default", output_channels(graph, "tosa_conv2d_default"))
    (name,) = graph.inputs
    values = np.random.default_rng(3).integers(-128, 128, graph.tensors[name].shape).astype(np.int8)
    (expected,), (answer,) = (
        [evaluate(each, {name: values})[output] for output in each.outputs] for each in (graph, same)
    )
    assert np.array_equal(answer, expected)


def test_a_wider_layer_repeats_its_channels() -> None:
    graph = read_tosa(NETWORKS / "digits_cnn.tosa")
    wide = set_channels(graph, "tosa_conv2d_default", output_channels(graph, "tosa_conv2d_default") + 2)
    weights = next(wide.constants[each.inputs[1]] for each in wide.operators if each.name == "tosa_conv2d_default")
    assert np.array_equal(weights[-2:], weights[:2])


def test_the_changed_graph_goes_to_a_file_and_back() -> None:
    other = set_channels(read_tosa(NETWORKS / "digits_cnn.tosa"), "tosa_conv2d_default", 12)
    again = parse_tosa(serialize_tosa(other), name="other.tosa")
    assert weight_shapes(again) == weight_shapes(other)


def test_an_output_of_the_network_keeps_its_channels() -> None:
    graph = read_tosa(NETWORKS / "digits_cnn.tosa")
    with pytest.raises(BadInput, match="'tosa_conv2d_default_2' cannot change: 'output' is an input or an output"):
        set_channels(graph, "tosa_conv2d_default_2", 8)


def test_a_name_that_is_no_convolution_is_refused_with_those_that_are() -> None:
    graph = read_tosa(NETWORKS / "digits_cnn.tosa")
    with pytest.raises(BadInput, match="'nothing' is no convolution of digits_cnn; its convolutions are tosa_conv2d"):
        set_channels(graph, "nothing", 8)
    for channels in (0, 1 << 20):
        with pytest.raises(BadInput, match="may have 1 to"):
            set_channels(graph, "tosa_conv2d_default", channels)
