"""A network's own graph to a Program whose manifest places every operator that the graph came with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chipsmith.chip import Chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.program.program import Placement, Program
from chipsmith.tosa.graph import Graph

_GONE = "done before the chip: constant, an identity, or part of an operator beside it"


def compile_network(graph: Graph, chip: Chip) -> Program:
    """The Program of a graph; its manifest has a row for every operator that the graph came with.

    Raises BadInput where the graph is illegal, OperatorRefused where the chip cannot hold it.
    """
    program = compile_graph(graph, chip)
    placements = tuple(_placements(graph, program.manifest.operators))
    return replace(program, manifest=replace(program.manifest, operators=placements))


def _placements(graph: Graph, compiled: tuple[Placement, ...]) -> Iterator[Placement]:
    """The graph's own operators in its order, then those that the compiler made."""
    placed = {one.name: one for one in compiled}
    for op in graph.operators:
        gone = Placement(name=op.name, kind=op.kind, placed="folded", reason=_GONE, kernel="")
        yield placed.pop(op.name, gone)
    yield from placed.values()
