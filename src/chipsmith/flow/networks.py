"""A network that a user names, and the whole way from it to a Program with every operator's placement."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from chipsmith.chip import Chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.frontends.border import HostStep as BorderStep
from chipsmith.frontends.load import is_onnx, load_graph, load_network, load_onnx
from chipsmith.program.program import Placement, Program
from chipsmith.report.record import HostStep
from chipsmith.tosa.graph import Graph

_FILES = (".tosa", ".tflite")
_GONE = "done before the chip: constant, an identity, or part of an operator beside it"


@dataclass(frozen=True, kw_only=True)
class Network:
    """A graph, and what the host does before and after it."""

    graph: Graph
    host_steps: tuple[HostStep, ...] = ()


def load_model(model: str, calibration: str | os.PathLike[str] | None = None) -> Network:
    """The network of a `.tosa`, `.tflite` or `.onnx` file, or of `package.module:function`; raises as load_graph."""
    if Path(model).suffix.lower() in _FILES:
        return Network(graph=load_graph(model, calibration))
    lowered = load_onnx(model, calibration) if is_onnx(model) else load_network(model, calibration)
    return Network(graph=lowered.graph, host_steps=describe_steps(lowered.host_steps, lowered.graph))


def describe_steps(steps: tuple[BorderStep, ...], graph: Graph) -> tuple[HostStep, ...]:
    """The host's steps as the record of a run holds them."""
    return tuple(
        HostStep(name=one.name, when="before" if one.tensor in graph.inputs else "after", reason=one.reason)
        for one in steps
    )


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
