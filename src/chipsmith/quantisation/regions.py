"""Softmax and normalisations in a float graph, whoever wrote them out: each is rounded as a whole, not inside.

A softmax is e * 1 / sum(e) with e = exp(x - max(x)) or exp(x). A normalisation is d / sqrt(factor * sum(d * d) +
epsilon), where d is x minus its mean, or x itself.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from chipsmith.tosa.graph import Graph, Operator


class RegionKind(enum.Enum):
    """What a region computes."""

    SOFTMAX = "softmax"
    NORMALISATION = "normalisation"


@dataclass(frozen=True, kw_only=True)
class Region:
    """Operators of a graph with a single input and a single output; nobody else reads what is between.

    `axes` are those that are summed. Of a normalisation `centred` says whether the mean is subtracted, and `factor`
    and `epsilon` are as in this module's description: the divisor is sqrt(factor * sum(d * d) + epsilon).
    """

    kind: RegionKind
    input: str
    output: str
    operators: frozenset[str]
    axes: tuple[int, ...]
    centred: bool = False
    factor: float = 1.0
    epsilon: float = 0.0


def find_regions(graph: Graph, rounded: Collection[str] = ()) -> tuple[Region, ...]:
    """The regions of a graph in the order of their outputs; `rounded` tensors stand at a region's border alone."""
    finder = _RegionFinder(graph=graph)
    candidates = (finder.match(operator) for operator in graph.operators)
    regions = [region for region in candidates if region is not None and finder.is_closed(region, rounded)]
    return tuple(_drop_overlaps(regions))


def _drop_overlaps(regions: list[Region]) -> Iterator[Region]:
    taken: set[str] = set()
    for region in sorted(regions, key=lambda region: -len(region.operators)):
        if not region.operators & taken:
            taken |= region.operators
            yield region


@dataclass(frozen=True, kw_only=True)
class _Sum:
    """factor * the sum of `source` along `axes`, by these operators."""

    source: str
    axes: tuple[int, ...]
    factor: float
    operators: tuple[Operator, ...]


@dataclass(kw_only=True)
class _RegionFinder:
    graph: Graph
    producers: Mapping[str, Operator] = field(init=False)
    readers: Mapping[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self.producers = {name: operator for operator in self.graph.operators for name in operator.outputs}
        readers: dict[str, list[str]] = {}
        for operator in self.graph.operators:
            for name in operator.inputs:
                readers.setdefault(name, []).append(operator.name)
        self.readers = {name: tuple(names) for name, names in readers.items()}

    def match(self, last: Operator) -> Region | None:
        """The region that an operator ends, if it ends any."""
        if last.kind != "MUL":
            return None
        for left, right in (last.inputs[:2], last.inputs[1::-1]):
            region = self._match_softmax(last, left, right) or self._match_normalisation(last, left, right)
            if region is not None:
                return region
        return None

    def is_closed(self, region: Region, rounded: Collection[str]) -> bool:
        """Whether nothing outside of a region reads, or is, one of its inner tensors."""
        inner = region.operators - {self.producers[region.output].name}
        names = [name for operator in self.graph.operators if operator.name in inner for name in operator.outputs]
        return all(
            name not in rounded and name not in self.graph.outputs and set(self.readers[name]) <= region.operators
            for name in names
        )

    def _match_softmax(self, last: Operator, numerator: str, inverse: str) -> Region | None:
        reciprocal, exponential = self._producer(inverse, "RECIPROCAL"), self._producer(numerator, "EXP")
        if reciprocal is None or exponential is None:
            return None
        total = self._producer(reciprocal.inputs[0], "REDUCE_SUM")
        if total is None or total.inputs[0] != numerator:
            return None
        operators, source = [last, reciprocal, exponential, total], exponential.inputs[0]
        greatest = self._match_below_greatest(source, total.attributes["axis"])
        if greatest is not None:
            source, operators = greatest[0], [*operators, *greatest[1]]
        return Region(
            kind=RegionKind.SOFTMAX,
            input=source,
            output=last.outputs[0],
            operators=frozenset(operator.name for operator in operators),
            axes=(total.axis,),
        )

    def _match_below_greatest(self, name: str, axis: object) -> tuple[str, list[Operator]] | None:
        """x and the operators, where `name` is x minus its maximum along an axis."""
        below = self._producer(name, "SUB")
        greatest = None if below is None else self._producer(below.inputs[1], "REDUCE_MAX")
        if below is None or greatest is None or greatest.attributes["axis"] != axis:
            return None
        return (below.inputs[0], [below, greatest]) if greatest.inputs[0] == below.inputs[0] else None

    def _match_normalisation(self, last: Operator, deviation: str, inverse: str) -> Region | None:
        root = self._match_inverse_root(inverse)
        if root is None:
            return None
        source, operators = root
        epsilon, variance, added = self._split_constant(source, "ADD")
        squares = self._match_sum(variance)
        if squares is None or not squares.axes:
            return None
        square = self._match_square(squares.source, deviation)
        if square is None:
            return None
        inner = [last, *operators, *added, *squares.operators, square]
        centre = self._match_centre(deviation, squares.axes)
        return Region(
            kind=RegionKind.NORMALISATION,
            input=deviation if centre is None else centre[0],
            output=last.outputs[0],
            operators=frozenset(operator.name for operator in (*inner, *(centre[1] if centre else ()))),
            axes=squares.axes,
            centred=centre is not None,
            factor=squares.factor,
            epsilon=epsilon,
        )

    def _match_inverse_root(self, name: str) -> tuple[str, list[Operator]] | None:
        """v of a tensor that is 1 / sqrt(v): RSQRT, POW by -0.5, or the RECIPROCAL of POW by 0.5."""
        operator = self.producers.get(name)
        if operator is None:
            return None
        if operator.kind == "RSQRT" or (operator.kind == "POW" and self._number(operator.inputs[1]) == -0.5):
            return operator.inputs[0], [operator]
        power = self._producer(operator.inputs[0], "POW") if operator.kind == "RECIPROCAL" else None
        if power is not None and self._number(power.inputs[1]) == 0.5:
            return power.inputs[0], [operator, power]
        return None

    def _match_sum(self, name: str) -> _Sum | None:
        """Constant factors and REDUCE_SUM along one axis or several."""
        factor, operators = 1.0, list[Operator]()
        axes = list[int]()
        while True:
            number, source, multiplied = self._split_constant(name, "MUL")
            operators += multiplied
            factor, name = factor * (number if multiplied else 1.0), source
            total = self._producer(name, "REDUCE_SUM")
            if total is None:
                return _Sum(source=name, axes=tuple(sorted(axes)), factor=factor, operators=tuple(operators))
            operators.append(total)
            axes.append(total.axis)
            name = total.inputs[0]

    def _match_square(self, name: str, deviation: str) -> Operator | None:
        """The operator that makes `name` of the square of `deviation`."""
        operator = self.producers.get(name)
        if operator is None or operator.inputs[0] != deviation:
            return None
        if operator.kind == "MUL" and operator.inputs[1] == deviation:
            return operator
        return operator if operator.kind == "POW" and self._number(operator.inputs[1]) == 2.0 else None

    def _match_centre(self, deviation: str, axes: tuple[int, ...]) -> tuple[str, tuple[Operator, ...]] | None:
        """x and the operators, where `deviation` is x minus its mean along `axes`."""
        below = self._producer(deviation, "SUB")
        mean = None if below is None else self._match_sum(below.inputs[1])
        if below is None or mean is None or mean.source != below.inputs[0] or mean.axes != axes:
            return None
        shape = self.graph.tensors[mean.source].shape
        count = int(np.prod([shape[axis] for axis in axes]))
        if not np.isclose(mean.factor * count, 1.0, rtol=1e-5):
            return None
        return mean.source, (below, *mean.operators)

    def _split_constant(self, name: str, kind: str) -> tuple[float, str, list[Operator]]:
        """The number, the other operand and the operator that make `name` by `kind`; else 0, itself and nothing."""
        operator = self._producer(name, kind)
        for index in (0, 1) if operator is not None else ():
            assert operator is not None
            number = self._number(operator.inputs[index])
            if number is not None:
                return number, operator.inputs[1 - index], [operator]
        return 0.0, name, []

    def _producer(self, name: str, kind: str) -> Operator | None:
        operator = self.producers.get(name)
        return operator if operator is not None and operator.kind == kind else None

    def _number(self, name: str) -> float | None:
        """The value of a constant all of whose elements are equal."""
        data = self.graph.constants.get(name)
        if data is None or data.size == 0 or (data != data.reshape(-1)[0]).any():
            return None
        return float(data.reshape(-1)[0])
