"""A network's own graph to a Program whose manifest places every operator that the graph came with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chipsmith.chip import Chip
from chipsmith.compiler.compilation import Compilation
from chipsmith.compiler.compile import compile_stages
from chipsmith.compiler.emit.placements import place_source_operators
from chipsmith.errors import OperatorRefused
from chipsmith.program.layer_names import find_owner, shorten_layer
from chipsmith.program.program import Program
from chipsmith.tosa.graph import Graph

_NO_NAMES: Mapping[str, str] = {}


def compile_network(
    graph: Graph, chip: Chip, *, operator_names: Mapping[str, str] = _NO_NAMES, wipe: bool = False
) -> Program:
    """The Program of a graph; its manifest has a row for every operator that the graph came with.

    `operator_names`: the author's names by the names of the graph's operators, for these rows; those that are not known
    are left out. `wipe`: behind each inference it clears all that depends on the inputs but the outputs.

    Raises BadInput where the graph is illegal, OperatorRefused where the chip cannot hold it.
    """
    return compile_network_stages(graph, chip, operator_names=operator_names, wipe=wipe).program


def compile_network_stages(
    graph: Graph, chip: Chip, *, operator_names: Mapping[str, str] = _NO_NAMES, wipe: bool = False
) -> Compilation:
    """What each stage makes of a network, and the Program of compile_network; arguments and errors as that has."""
    try:
        compilation = compile_stages(graph, chip, wipe=wipe)
    except OperatorRefused as error:
        raise _name_layer(error, operator_names) from error
    manifest = compilation.program.manifest
    operators = tuple(place_source_operators(graph, manifest.operators, operator_names))
    return replace(compilation, program=replace(compilation.program, manifest=replace(manifest, operators=operators)))


def _name_layer(error: OperatorRefused, operator_names: Mapping[str, str]) -> OperatorRefused:
    """The refusal with the author's name of what it is about, where that is known."""
    layer = operator_names.get(find_owner(error.part, operator_names), "")
    return type(error)(f"layer {shorten_layer(layer)}: {error}", part=error.part) if layer else error
