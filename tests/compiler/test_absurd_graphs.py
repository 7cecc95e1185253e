"""Graphs with absurd sizes: refused by name, at once, and without memory of that size."""

from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nets import Net
from random_graphs import random_graph

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_canonical, compile_graph
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.errors import BadInput, ChipsmithError
from chipsmith.tosa.graph import DType, Graph
from chipsmith.tosa.verify import verify

NANO = load_chip("nano-64")
MOST_BYTES = 200 << 20
ABSURD = st.sampled_from([-(1 << 31), -1, 0, 1, 3, 127, 8192, 8193, 65_535, 65_536, 1 << 24, (1 << 31) - 1, 1 << 31])


@contextlib.contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()


def larger_by(seed: int, place: int, value: int) -> Graph:
    """A random graph with one number of a shape, an attribute or a shape constant replaced."""
    graph = random_graph(seed % 40, operators=6)
    places = [*_dimensions(graph, value), *_attributes(graph, value), *_constants(graph, value)]
    return places[place % len(places)]


def _dimensions(graph: Graph, value: int) -> Iterator[Graph]:
    for tensor in graph.tensors.values():
        for axis in range(len(tensor.shape) if tensor.name not in graph.constants else 0):
            shape = (*tensor.shape[:axis], value, *tensor.shape[axis + 1 :])
            yield replace(graph, tensors={**graph.tensors, tensor.name: replace(tensor, shape=shape)})


def _attributes(graph: Graph, value: int) -> Iterator[Graph]:
    for index, op in enumerate(graph.operators):
        for name, kept in op.attributes.items():
            changed = value if isinstance(kept, int) else (*kept[:-1], value) if isinstance(kept, tuple) else kept
            mutated = replace(op, attributes={**op.attributes, name: changed})
            yield replace(graph, operators=(*graph.operators[:index], mutated, *graph.operators[index + 1 :]))


def _constants(graph: Graph, value: int) -> Iterator[Graph]:
    for name, data in graph.constants.items():
        if graph.tensor(name).dtype is DType.SHAPE and data.size:
            changed = data.copy()
            changed[-1] = value
            yield replace(graph, constants={**graph.constants, name: changed})


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 39), place=st.integers(0, 10_000), value=ABSURD)
def test_absurd_numbers_end_in_one_message_or_a_program(seed, place, value):
    graph = larger_by(seed, place, value)
    with little_memory(), contextlib.suppress(ChipsmithError):
        compile_graph(graph, NANO)


def test_sizes_beyond_the_level_are_refused_by_the_tensors_name():
    net = Net(x=(1 << 16, 1 << 16))
    with pytest.raises(BadInput, match=r"tensor 'x' of shape \[65536, 65536\] has more than 2147483647 elements"):
        net.graph(net.add("REVERSE", ("x",), (1 << 16, 1 << 16), axis=0))


def test_sizes_that_wrap_64_bits_are_refused_too():
    net = Net(x=(1 << 32, 1 << 32))
    with pytest.raises(BadInput, match="more than 2147483647 elements"):
        net.graph(net.add("REVERSE", ("x",), (1 << 32, 1 << 32), axis=0))


@pytest.mark.parametrize("lower", [compile_graph, compile_canonical])
def test_a_tensor_beyond_the_external_memory_is_refused_before_any_work(lower):
    net = Net(x=(1, 1))
    tiled = net.add("TILE", (net.constant([[7]]), net.shape(1 << 15, 1 << 15)), (1 << 15, 1 << 15))
    graph = net.graph(tiled, net.reshape("x", 1))
    with little_memory(), pytest.raises(DoesNotFit, match=r"tensor t\d+ of network net has 1073741824 elements"):
        lower(graph, NANO)


@pytest.mark.parametrize("kind", ["MAX_POOL2D", "AVG_POOL2D"])
def test_a_long_pooled_axis_takes_little_memory(kind):
    net = Net(x=(1, 1, 1 << 17, 1))
    zeros = [net.constant([0]), net.constant([0])] if kind == "AVG_POOL2D" else []
    more = {"acc_type": "INT32"} if kind == "AVG_POOL2D" else {"nan_mode": "PROPAGATE"}
    shape = (1, 1, 1 << 17, 1)
    output = net.add(kind, ("x", *zeros), shape, kernel=(1, 3), stride=(1, 1), pad=(0, 0, 1, 1), **more)
    with little_memory():
        verify(net.graph(output))
        assert len(compile_graph(net.graph(output), NANO).instructions) > 2
