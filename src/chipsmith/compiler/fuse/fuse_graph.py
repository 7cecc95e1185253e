"""Fusion: a graph is covered with chains, from its outputs backwards, each as long as one kernel allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from chipsmith.compiler.fuse.chains import Chain
from chipsmith.compiler.fuse.graph_index import GraphIndex
from chipsmith.compiler.fuse.match import Matcher
from chipsmith.compiler.fuse.memo import Memo
from chipsmith.compiler.fuse.operators import COPIED, VIEWS
from chipsmith.tosa.graph import Graph, Operator


@dataclass(frozen=True, kw_only=True)
class FusedGraph:
    """A graph and the chains that compute every tensor of it which must stand in memory, in topological order.

    An operator may be part of several chains: a RESCALE is computed again where it enters each. One that is in none is
    a view, a CONCAT, or no output depends on it. `memo`: what the lowering found of the graph for all chips alike.
    """

    index: GraphIndex
    chains: tuple[Chain, ...]
    memo: Memo = field(default_factory=Memo, compare=False, repr=False)

    @cached_property
    def by_last_operator(self) -> Mapping[str, Chain]:
        """Each chain by the name of the operator that makes its output."""
        return {self.index.producers[chain.output].name: chain for chain in self.chains}

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        """A line for each chain, view and concatenation, in the graph's order."""
        for op in self.index.graph.operators:
            if op.name in self.by_last_operator:
                yield str(self.by_last_operator[op.name])
            elif op.kind in VIEWS:
                yield f"view ({op.inputs[0]}) -> {op.name} -> {op.outputs[0]}"
            elif op.kind in COPIED:
                yield f"join ({', '.join(op.inputs)}) -> {op.name} -> {op.outputs[0]}"


def fuse_graph(graph: Graph) -> FusedGraph:
    """The chains of a canonical graph; OperatorRefused names an operator that no instruction computes."""
    index = GraphIndex(graph)
    return FusedGraph(index=index, chains=tuple(reversed(list(_chains(index)))))


def _chains(index: GraphIndex) -> Iterator[Chain]:
    """The chains whose outputs are needed, from the graph's outputs backwards."""
    matcher = Matcher(index)
    needed = set(index.graph.outputs)
    for op in reversed(index.graph.operators):
        if needed.isdisjoint(op.outputs):
            continue
        if op.kind in VIEWS or op.kind in COPIED:
            needed.update(_viewed(op))
            continue
        chain = matcher.match(op)
        needed.update(chain.sources)
        yield chain


def _viewed(op: Operator) -> tuple[str, ...]:
    """The tensors whose bytes an operator shows in another order."""
    return op.inputs if op.kind in COPIED else op.inputs[:1]
