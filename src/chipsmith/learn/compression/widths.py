"""The cost of a network at any channel counts, from two lowerings of it.

Lowering takes seconds and compiling milliseconds. A network and a narrower copy of it are lowered; every dimension that
differs between the two graphs belongs to the group of channels whose widths have the same ratio, and is then known for
any width. `ScaledGraph.resolve` fills in the widths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.tosa.graph import Array, DType, Graph, Tensor

Widths = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """One dimension: `factor` times the width of `group`; no group where it is the same at all widths."""

    factor: int
    group: str | None

    def resolve(self, widths: Widths) -> int:
        """The dimension at these widths."""
        return self.factor if self.group is None else self.factor * widths[self.group]


@dataclass(frozen=True, kw_only=True)
class ScaledGraph:
    """A graph whose shapes are functions of the widths; the numbers in its constants mean nothing.

    `shapes` has the dimensions of each tensor, `values` those in each constant that holds a shape.
    """

    graph: Graph
    shapes: Mapping[str, tuple[Dimension, ...]]
    values: Mapping[str, tuple[Dimension, ...]]

    def resolve(self, widths: Widths) -> Graph:
        """The graph with `widths` of all groups."""
        tensors = {name: self._tensor(name, widths) for name in self.graph.tensors}
        constants = {name: self._constant(name, tensors[name], widths) for name in self.graph.constants}
        return replace(self.graph, tensors=tensors, constants=constants)

    def _tensor(self, name: str, widths: Widths) -> Tensor:
        return replace(
            self.graph.tensor(name), shape=tuple(dimension.resolve(widths) for dimension in self.shapes[name])
        )

    def _constant(self, name: str, tensor: Tensor, widths: Widths) -> Array:
        if name in self.values:
            return np.array([dimension.resolve(widths) for dimension in self.values[name]], np.int64)
        return np.resize(self.graph.constants[name], tensor.shape)


def shrink_widths(widths: Widths) -> dict[str, int] | None:
    """Widths a little below `widths`, each in another ratio to its own; None where there are too few channels."""
    taken: set[Fraction] = {Fraction(1)}
    chosen = {}
    for group, width in sorted(widths.items(), key=lambda item: item[1]):
        free = [narrow for narrow in range(width - 1, 0, -1) if Fraction(narrow, width) not in taken]
        if not free:
            return None
        chosen[group] = free[0]
        taken.add(Fraction(free[0], width))
    return chosen


def scale_graph(wide: Graph, widths: Widths, narrow: Graph, narrow_widths: Widths) -> ScaledGraph:
    """What `wide` becomes at other widths, told by `narrow`, the same network at `narrow_widths`.

    Raises BadInput where a dimension is not a multiple of one group's width, as behind a concatenation.
    """
    ratios = {Fraction(narrow_widths[group], width): group for group, width in widths.items()}
    shapes: dict[str, tuple[Dimension, ...]] = {}
    values: dict[str, tuple[Dimension, ...]] = {}
    for wide_name, narrow_name in _pairs(wide, narrow):
        a, b = wide.tensor(wide_name), narrow.tensor(narrow_name)
        shapes[wide_name] = _dimensions(a.shape, b.shape, ratios, widths)
        if a.dtype is DType.SHAPE:
            pair = (wide.constants[wide_name].tolist(), narrow.constants[narrow_name].tolist())
            values[wide_name] = _dimensions(*pair, ratios, widths)
    return ScaledGraph(graph=_of(wide, shapes), shapes=shapes, values=values)


def _of(graph: Graph, names: Mapping[str, object]) -> Graph:
    """The graph without tensors that no operator reads or makes."""
    return replace(
        graph,
        tensors={name: tensor for name, tensor in graph.tensors.items() if name in names},
        constants={name: array for name, array in graph.constants.items() if name in names},
    )


def _pairs(wide: Graph, narrow: Graph) -> Iterator[tuple[str, str]]:
    """The tensors of two graphs of one structure, side by side."""
    if [op.kind for op in wide.operators] != [op.kind for op in narrow.operators]:
        raise BadInput(f"network '{wide.name}' has another structure at other channel counts")
    for wide_op, narrow_op in zip(wide.operators, narrow.operators, strict=True):
        yield from zip((*wide_op.inputs, *wide_op.outputs), (*narrow_op.inputs, *narrow_op.outputs), strict=True)


def _dimensions(
    wide: tuple[int, ...], narrow: tuple[int, ...], ratios: Mapping[Fraction, str], widths: Widths
) -> tuple[Dimension, ...]:
    if len(wide) != len(narrow):
        raise BadInput("a tensor has another rank at other channel counts")
    return tuple(_dimension(a, b, ratios, widths) for a, b in zip(wide, narrow, strict=True))


def _dimension(wide: int, narrow: int, ratios: Mapping[Fraction, str], widths: Widths) -> Dimension:
    if wide == narrow:
        return Dimension(factor=wide, group=None)
    group = ratios.get(Fraction(narrow, wide)) if wide else None
    if group is None or gcd(wide, widths[group]) != widths[group]:
        raise BadInput(f"a dimension of {wide} that becomes {narrow} is no multiple of one group's channels")
    return Dimension(factor=wide // widths[group], group=group)
