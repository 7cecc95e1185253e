"""Which inputs of a graph are indices of tables, which indices exist, and which of given inputs do not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from chipsmith.tosa.graph import Array, DType, Graph, Operator
from chipsmith.tosa.passes.cleanup import drop_dead
from chipsmith.tosa.reference import evaluate_batch

INDEXED = ("GATHER", "SCATTER")
"""Operators whose second operand holds indices of the rows of the first."""
IndexRange: TypeAlias = tuple[int, int]
"""The least and the greatest value of an input whose indices exist: below 0 where these count from the end."""
_FOLLOWED = (DType.INT32, DType.BOOL)


@dataclass(frozen=True, kw_only=True)
class StrayIndex:
    """An index of given inputs that names none of the `rows` of an operator's table."""

    operator: Operator
    index: int
    rows: int

    def __str__(self) -> str:
        does = "gives the integer 0" if self.operator.kind == "GATHER" else "writes nothing"
        name = f"{self.operator.kind} '{self.operator.name}'"
        return f"{name}: index {self.index} is outside of the rows 0 to {self.rows - 1} and {does}"


def find_index_ranges(graph: Graph) -> dict[str, IndexRange]:
    """For each int32 input of which indices are computed: the least and the greatest value whose indices exist.

    All of an input's elements may have any value between. Indices that values of other types have a part in are
    nobody's input.
    """
    indexing = _Indexing.of(graph, graph.inputs)
    return {name: indexing.find_range(name) for name in indexing.graph.inputs}


def find_stray_indices(graph: Graph, inputs: Mapping[str, Array]) -> list[StrayIndex]:
    """What operators of a graph are given outside of their tables, the first for each, by inputs (n, *shape).

    Indices that anything but given int32 inputs has a part in are not looked at.
    """
    return list(_Indexing.of(graph, inputs).strays(inputs))


@dataclass(frozen=True, kw_only=True)
class _Indexing:
    """The part of a graph from int32 inputs to indices; `rows` are those of the table of each operator, by its name."""

    graph: Graph
    operators: tuple[Operator, ...]
    rows: Mapping[str, int]

    @classmethod
    def of(cls, graph: Graph, inputs: Collection[str]) -> _Indexing:
        """What of a graph computes indices from some of its inputs alone."""
        reached = {name for name in inputs if graph.tensor(name).dtype is DType.INT32}
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

    def find_range(self, name: str) -> IndexRange:
        """The range of an input around 0, outside of which no value's indices exist."""
        return -self._find_last(name, -1), self._find_last(name, 1)

    def _find_last(self, name: str, sign: int) -> int:
        """How far from 0, to a side, the values go whose indices exist."""
        last, beyond = 0, max(self.rows.values()) + 1
        while beyond - last > 1:
            middle = (last + beyond) // 2
            last, beyond = (middle, beyond) if self._all_exist(name, sign * middle) else (last, middle)
        return last

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
                yield StrayIndex(operator=operator, index=int(outside[0]), rows=rows)
