"""Who reads what of whom, by the bytes: chains, residual connections, parts of a concatenation, spilled tensors."""

from __future__ import annotations

from itertools import pairwise

from compiled import compiled_program
from nets import Net

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.profile.edges import find_edges
from chipsmith.tosa.graph import DType


def pairs(program):
    """(source, target) of each edge, kernels by their numbers."""
    kernels = {span.name for span in program.manifest.kernels}
    short = {name: name.partition(":")[0] for name in kernels}
    return [(short.get(edge.source, edge.source), short.get(edge.target, edge.target)) for edge in find_edges(program)]


def test_a_chain_reads_what_is_before_it():
    program = compiled_program()
    kernels = [f"k{index}" for index in range(len(program.manifest.kernels))]
    assert pairs(program) == list(pairwise(["image", *kernels, "output"]))


def test_an_addition_reads_both_of_its_operands():
    net = Net(x=(1, 4, 4, 8))
    first = net.add("ABS", (net.rescale("x", DType.INT32),), (1, 4, 4, 8), DType.INT32)
    second = net.add("CLZ", (first,), (1, 4, 4, 8), DType.INT32)
    total = net.add("ADD", (first, second), (1, 4, 4, 8), DType.INT32)
    program = compile_graph(net.graph(total), load_chip("nano-64"))
    (output,) = program.manifest.outputs
    assert pairs(program) == [("x", "k0"), ("k0", "k1"), ("k0", "k2"), ("k1", "k2"), ("k2", output.name)]


def test_a_reader_of_one_part_of_a_concatenation_does_not_read_the_other():
    """The parts lie between one another in the same buffer, pixel by pixel."""
    net = Net(x=(1, 4, 4, 8))
    left = net.add("BITWISE_NOT", ("x",), (1, 4, 4, 8))
    right = net.add("NEGATE", ("x", net.constant([0]), net.constant([0])), (1, 4, 4, 8))
    joined = net.add("CONCAT", (left, right), (1, 4, 4, 16), axis=3)
    start, size = (net.constant(values, DType.SHAPE) for values in ([0, 0, 0, 8], [1, 4, 4, 8]))
    part = net.add("SLICE", (joined, start, size), (1, 4, 4, 8))
    program = compile_graph(net.graph(net.add("BITWISE_NOT", (part,), (1, 4, 4, 8)), joined), load_chip("nano-64"))
    readers = [(source, target) for source, target in pairs(program) if target == "k2"]
    assert readers == [("k1", "k2")]


def test_what_goes_through_external_memory_is_said():
    shape = (1, 32, 32, 16)
    net = Net(x=shape)
    first = net.add("ABS", (net.rescale("x", DType.INT32),), shape, DType.INT32)
    second = net.add("CLZ", (first,), shape, DType.INT32)
    graph = net.graph(net.add("ADD", (first, second), shape, DType.INT32))
    small, large = (find_edges(compile_graph(graph, load_chip(chip))) for chip in ("nano-64", "edge-1024"))
    assert [(edge.source, edge.target) for edge in small] == [(edge.source, edge.target) for edge in large]
    assert [edge.spilled for edge in small] == [False, True, True, True, False]
    assert not any(edge.spilled for edge in large)
