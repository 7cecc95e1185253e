"""Which inputs of a graph are indices of tables, which indices exist, and which of given inputs do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from chipsmith.tosa.graph import Array, DType, Graph, Operator
from chipsmith.tosa.passes.cleanup import drop_dead
from chipsmith.tosa.reference import evaluate_batch

INDEXED = ("GATHER", "SCATTER")
"""Operators whose second operand holds indices of the rows of the first."""
_FOLLOWED = (DType.INT32, DType.BOOL)


@dataclass(frozen=True, kw_only=True)
class StrayIndex:
    """An index of given inputs that names no row: the operator, the index, and how many rows there are."""

    operator: str
    index: int
    rows: int

    def __str__(self) -> str:
        return f"{self.operator} is given index {self.index}, and its table has rows 0 to {self.rows - 1}"


def find_index_limits(graph: Graph) -> dict[str, int]:
    """For each int32 input of which indices are computed: they exist where all of its elements are below the limit.

    The limit is at least 1. Indices that values of other types have a part in are nobody's input.
    """
    indexing = _Indexing.of(graph)
    return {name: indexing.find_limit(name) for name in indexing.graph.inputs}


def find_stray_indices(graph: Graph, inputs: Mapping[str, Array]) -> list[StrayIndex]:
    """What operators of a graph are given outside of their tables, the first for each, by inputs (n, *shape).

    Indices that values of other types than int32 have a part in are not looked at.
    """
    return list(_Indexing.of(graph).strays(inputs))


@dataclass(frozen=True, kw_only=True)
class _Indexing:
    """The part of a graph from int32 inputs to indices; `rows` are those of the table of each operator, by its name."""

    graph: Graph
    operators: tuple[Operator, ...]
    rows: Mapping[str, int]

    @classmethod
    def of(cls, graph: Graph) -> _Indexing:
        reached = {name for name in graph.inputs if graph.tensor(name).dtype is DType.INT32}
        followed = []
        for operator in graph.operators if reached else ():
            computed = {name for name in operator.inputs if name not in graph.constants}
            if computed and computed <= reached and graph.tensor(operator.outputs[0]).dtype in _FOLLOWED:
                followed.append(operator)
                reached.update(operator.outputs)
        ends = [each for each in graph.operators if each.kind in INDEXED and each.inputs[1] in reached]
        outputs = tuple(dict.fromkeys(end.inputs[1] for end in ends))
        part = drop_dead(replace(graph, inputs=(), operators=tuple(followed), outputs=outputs))
        read = {*part.outputs, *(name for operator in part.operators for name in operator.inputs)}
        inputs = tuple(name for name in graph.inputs if name in read)
        tensors = {name: graph.tensor(name) for name in (*inputs, *part.tensors)}
        return cls(
            graph=replace(part, inputs=inputs, tensors=tensors),
            operators=tuple(ends),
            rows={end.name: graph.tensor(end.inputs[0]).shape[1] for end in ends},
        )

    def find_limit(self, name: str) -> int:
        """The greatest limit below which all indices exist, as they do not sink while the input's elements rise."""
        least, beyond = 1, max(self.rows.values()) + 1
        while beyond - least > 1:
            middle = (least + beyond) // 2
            least, beyond = (middle, beyond) if self._all_exist(name, middle - 1) else (least, middle)
        return least

    def _all_exist(self, name: str, value: int) -> bool:
        given = {each: self._fill(each, value if each == name else 0) for each in self.graph.inputs}
        return next(self.strays(given), None) is None

    def _fill(self, name: str, value: int) -> Array:
        return np.full((1, *self.graph.tensor(name).shape), value, np.int32)

    def strays(self, inputs: Mapping[str, Array]) -> Iterator[StrayIndex]:
        if not self.operators:
            return
        indices = evaluate_batch(self.graph, {name: inputs[name] for name in self.graph.inputs})
        for operator in self.operators:
            values, rows = np.asarray(indices[operator.inputs[1]], np.int32), self.rows[operator.name]
            outside = values[(values < 0) | (values >= rows)]
            if outside.size:
                yield StrayIndex(operator=f"{operator.kind} '{operator.name}'", index=int(outside[0]), rows=rows)
