"""A network's own graph to a Program whose manifest places every operator that the graph came with."""

from __future__ import annotations

from dataclasses import replace

from chipsmith.chip import Chip
from chipsmith.compiler.compilation import Compilation
from chipsmith.compiler.compile import compile_stages
from chipsmith.compiler.emit.placements import place_source_operators
from chipsmith.program.program import Program
from chipsmith.tosa.graph import Graph


def compile_network(graph: Graph, chip: Chip) -> Program:
    """The Program of a graph; its manifest has a row for every operator that the graph came with.

    Raises BadInput where the graph is illegal, OperatorRefused where the chip cannot hold it.
    """
    return compile_network_stages(graph, chip).program


def compile_network_stages(graph: Graph, chip: Chip) -> Compilation:
    """What each stage makes of a network, and the Program of compile_network; raises as that does."""
    compilation = compile_stages(graph, chip)
    manifest = compilation.program.manifest
    operators = tuple(place_source_operators(graph, manifest.operators))
    return replace(compilation, program=replace(compilation.program, manifest=replace(manifest, operators=operators)))
