"""From a graph of integers to its CModule."""

from __future__ import annotations

from chipsmith.codegen.arena import plan_arena
from chipsmith.codegen.ctext import c_identifier, unique_identifiers
from chipsmith.codegen.elementwise import Chain, chain_step, is_elementwise
from chipsmith.codegen.indexing import INDEXING, indexing_step
from chipsmith.codegen.library import kernel_texts
from chipsmith.codegen.module import CModule, CPort
from chipsmith.codegen.movement import MOVEMENTS, movement_step
from chipsmith.codegen.reductions import REDUCTIONS, reduction_step
from chipsmith.codegen.source import header_text, source_text
from chipsmith.codegen.step import Step
from chipsmith.codegen.storage import places_of
from chipsmith.codegen.windows import CONVOLUTIONS, POOLS, convolution_step, pool_step
from chipsmith.errors import OperatorRefused
from chipsmith.tosa.graph import Graph, Operator
from chipsmith.tosa.passes.canonicalize import canonicalize
from chipsmith.tosa.verify import verify


def generate_c(graph: Graph, *, name: str) -> CModule:
    """The C of any legal graph, in canonical form; `name` is the C identifier that its global names begin with.

    Raises BadInput and OperatorRefused as verify does.
    """
    return generate_canonical(canonicalize(graph), name=name)


def generate_canonical(graph: Graph, *, name: str) -> CModule:
    """As generate_c, of the graph operator by operator as it stands."""
    verify(graph)
    steps = _steps(graph)
    arena = plan_arena(graph, places_of(graph), steps)
    inputs, outputs = _ports(graph, name)
    source = source_text(graph, name=c_identifier(name), steps=steps, arena=arena, inputs=inputs, outputs=outputs)
    return CModule(
        name=c_identifier(name),
        header=header_text(c_identifier(name), inputs, outputs, arena.size_bytes, source.constant_bytes),
        source=source.text,
        inputs=inputs,
        outputs=outputs,
        arena_bytes=arena.size_bytes,
        live_bytes=arena.live_bytes,
        constant_bytes=source.constant_bytes,
    )


def _ports(graph: Graph, name: str) -> tuple[tuple[CPort, ...], tuple[CPort, ...]]:
    words = unique_identifiers([*graph.inputs, *graph.outputs], taken=(name, *kernel_texts()))
    ports = tuple(
        CPort(tensor=tensor, identifier=word, shape=graph.tensor(tensor).shape, dtype=graph.tensor(tensor).dtype)
        for tensor, word in zip((*graph.inputs, *graph.outputs), words, strict=True)
    )
    return ports[: len(graph.inputs)], ports[len(graph.inputs) :]


def _steps(graph: Graph) -> tuple[Step, ...]:
    places = places_of(graph)
    computing = [op for op in graph.operators if places[op.outputs[0]].root == op.outputs[0]]
    return tuple(_step(graph, operator) for operator in computing)


def _step(graph: Graph, operator: Operator) -> Step:
    if is_elementwise(operator):
        sizes = graph.tensor(operator.outputs[0]).shape
        return chain_step(Chain(graph=graph, operators=(operator,), stored=operator.outputs, sizes=sizes))
    if operator.kind in MOVEMENTS:
        return movement_step(graph, operator)
    if operator.kind in CONVOLUTIONS:
        return convolution_step(graph, operator, None)
    if operator.kind in POOLS:
        return pool_step(graph, operator)
    if operator.kind in REDUCTIONS:
        return reduction_step(graph, operator)
    if operator.kind in INDEXING:
        return indexing_step(graph, operator)
    raise OperatorRefused(f"{operator.kind} '{operator.name}': C code has no kernel for it")
