"""From a graph of integers to its CModule."""

from __future__ import annotations

from collections.abc import Callable, Container

from chipsmith.codegen.arena import plan_arena
from chipsmith.codegen.convolutions import SUMS, Sums, sums_step
from chipsmith.codegen.ctext import c_identifier, unique_identifiers
from chipsmith.codegen.elementwise import Chain, chain_step, is_elementwise
from chipsmith.codegen.fuse import Group, fuse
from chipsmith.codegen.indexing import INDEXING, indexing_step
from chipsmith.codegen.library import kernel_texts
from chipsmith.codegen.module import CModule, CPort
from chipsmith.codegen.movement import MOVEMENTS, movement_step
from chipsmith.codegen.pools import POOLS, pool_step
from chipsmith.codegen.reductions import REDUCTIONS, reduction_step
from chipsmith.codegen.source import header_text, source_text
from chipsmith.codegen.step import CStep
from chipsmith.codegen.storage import GraphLayout, lay_out
from chipsmith.errors import OperatorRefused
from chipsmith.tosa.graph import Graph, Operator
from chipsmith.tosa.passes.canonicalize import PASSES, canonicalize
from chipsmith.tosa.passes.cleanup import drop_dead
from chipsmith.tosa.passes.convolution import plain_convolutions, single_channel_convolutions
from chipsmith.tosa.verify import verify

_PASSES = tuple(single_channel_convolutions if rewrite is plain_convolutions else rewrite for rewrite in PASSES)
"""Those of the compiler, but weights are not filled with zeros, which an array of multipliers has for nothing."""


def generate_c(graph: Graph, *, name: str) -> CModule:
    """The C of any legal graph, in canonical form; `name` is the C identifier that its global names begin with.

    Raises BadInput and OperatorRefused as verify does.
    """
    return generate_canonical(canonicalize(graph, passes=_PASSES), name=name)


def generate_canonical(graph: Graph, *, name: str) -> CModule:
    """As generate_c, of the graph operator by operator as it stands."""
    verify(graph)
    layout = lay_out(drop_dead(graph))
    steps = tuple(_step(layout, group) for group in fuse(layout))
    arena = plan_arena(layout, steps)
    inputs, outputs = _ports(graph, name)
    source = source_text(layout, name=c_identifier(name), steps=steps, arena=arena, inputs=inputs, outputs=outputs)
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


def _step(layout: GraphLayout, group: Group) -> CStep:
    operator = group.operators[0]
    if is_elementwise(operator):
        return chain_step(Chain(layout=layout, operators=group.operators, stored=group.stored))
    if operator.kind in SUMS:
        return sums_step(Sums(layout=layout, operator=operator, narrowing=group.narrowing))
    for kinds, make_step in _MAKERS:
        if operator.kind in kinds:
            return make_step(layout, operator)
    raise OperatorRefused(f"{operator.kind} '{operator.name}': C code has no kernel for it")


_MAKERS: tuple[tuple[Container[str], Callable[[GraphLayout, Operator], CStep]], ...] = (
    (MOVEMENTS, movement_step),
    (POOLS, pool_step),
    (REDUCTIONS, reduction_step),
    (INDEXING, indexing_step),
)
