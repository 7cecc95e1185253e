"""The edits that passes are made of: replace operators one by one, or let readers read another tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from chipsmith.tosa.graph import Array, DType, Graph, Operator, Tensor


@dataclass(frozen=True)
class Site:
    """A graph with its sources at hand: what a rule looks at."""

    graph: Graph

    @cached_property
    def sources(self) -> Mapping[str, Operator]:
        """The operator that makes each computed tensor."""
        return {name: op for op in self.graph.operators for name in op.outputs}

    def source(self, name: str, kind: str) -> Operator | None:
        """The operator that makes a tensor, if it is of that kind."""
        op = self.sources.get(name)
        return op if op is not None and op.kind == kind else None

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor."""
        return self.graph.tensor(name).shape

    def fresh(self, base: str) -> str:
        """A name that no tensor of the graph has yet."""
        while base in self.graph.tensors:
            base += "'"
        return base


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """Operators in place of one, the last of them making its output, with the constants and tensors that are new."""

    operators: tuple[Operator, ...]
    constants: Mapping[str, Constant] = field(default_factory=dict)
    tensors: tuple[Tensor, ...] = ()


@dataclass(frozen=True)
class Constant:
    """Data of a new constant tensor."""

    data: Array
    dtype: DType

    def tensor(self, name: str) -> Tensor:
        """Its declaration."""
        return Tensor(name=name, shape=self.data.shape, dtype=self.dtype)


Rule = Callable[[Site, Operator], Replacement | None]


def rewrite(graph: Graph, rule: Rule) -> Graph:
    """The graph with each operator for which the rule gives a Replacement replaced by it.

    A rule looks at the graph as it was: what it finds there is still computed afterwards, for nothing is removed.
    """
    site = Site(graph)
    found = {op.outputs[0]: rule(site, op) for op in graph.operators}
    replacements = {name: replacement for name, replacement in found.items() if replacement is not None}
    if not replacements:
        return graph
    return _replaced(graph, replacements)


def _replaced(graph: Graph, replacements: Mapping[str, Replacement]) -> Graph:
    tensors, constants = dict(graph.tensors), dict(graph.constants)
    for replacement in replacements.values():
        tensors |= {tensor.name: tensor for tensor in replacement.tensors}
        tensors |= {name: constant.tensor(name) for name, constant in replacement.constants.items()}
        constants |= {name: constant.data for name, constant in replacement.constants.items()}
    operators = tuple(_in_place(graph.operators, replacements))
    return replace(graph, tensors=tensors, constants=constants, operators=operators)


def _in_place(operators: tuple[Operator, ...], replacements: Mapping[str, Replacement]) -> Iterator[Operator]:
    for op in operators:
        replacement = replacements.get(op.outputs[0])
        yield from (op,) if replacement is None else replacement.operators


def bypass(graph: Graph, aliases: Mapping[str, str]) -> Graph:
    """The graph whose readers read, instead of each key, its value, an equal tensor; the key's operator goes.

    A graph output among the keys keeps its name, which its value takes where it can, else its operator stays.
    """
    inner = {name: _origin(name, aliases) for name in aliases if name not in graph.outputs}
    graph = _renamed(graph, inner, gone=set(inner))
    fixed = {*graph.inputs, *graph.outputs, *graph.constants}
    for output in (name for name in aliases if name in graph.outputs):
        value = _origin(output, aliases)
        if value not in fixed:
            graph = _renamed(graph, {value: output}, gone={output})
            fixed.add(value)
    return graph


def _origin(name: str, aliases: Mapping[str, str]) -> str:
    while name in aliases:
        name = aliases[name]
    return name


def _renamed(graph: Graph, names: Mapping[str, str], *, gone: set[str]) -> Graph:
    """Operators that make a tensor in `gone` leave; every other mention of a key in `names` becomes its value."""
    kept = [op for op in graph.operators if op.outputs[0] not in gone]
    operators = tuple(replace(op, inputs=_mapped(op.inputs, names), outputs=_mapped(op.outputs, names)) for op in kept)
    tensors = {name: tensor for name, tensor in graph.tensors.items() if name not in names}
    return replace(graph, operators=operators, tensors=tensors)


def _mapped(tensors: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names.get(name, name) for name in tensors)


def reshape(site: Site, op: Operator, source: str) -> Replacement:
    """A RESHAPE of `source` that makes the output of `op`."""
    shape = site.fresh(f"{op.outputs[0]}/shape")
    data = np.array(site.shape(op.outputs[0]), np.int64)
    return Replacement(
        operators=(replace(op, kind="RESHAPE", inputs=(source, shape), attributes={}),),
        constants={shape: Constant(data, DType.SHAPE)},
    )
