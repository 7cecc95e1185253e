"""Where a float graph is rounded: which of its tensors become integers, and which share a range.

Between these points numbers stay in what they are computed in: the int32 sums of a product with the factors, constants
and limits behind it (not with a residual: its sum in int32 would take twice the cycles); elementwise products and
sums that are added; sums along an axis and what is computed from them, which are few; or the entries of a table, which
a chain of functions of a single int8 tensor becomes. Outputs of the network that are sums stay so too, where they take
no more room than its largest int8 tensor: the host has use for each of their bits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chipsmith.quantisation.regions import Region, RegionKind, find_regions
from chipsmith.quantisation.wiring import ELEMENTWISE, Wiring, moved_operands, moves_elements, operands
from chipsmith.tosa.graph import Graph, Operator

_OF_STATISTICS = frozenset(
    [
        *("ABS", "ADD", "CLAMP", "EXP", "LOG", "MAXIMUM", "MINIMUM", "MUL", "NEGATE", "POW", "RECIPROCAL"),
        *("REDUCE_SUM", "RESHAPE", "RSQRT", "SUB"),
    ]
)
"""Operators that int32 computes as they are of sums along an axis."""


_INT32_BYTES = 4
_REORDERING = ("IDENTITY", "RESHAPE", "TRANSPOSE")


@dataclass(frozen=True, kw_only=True)
class Junction:
    """A tensor and the parts that it is cut into or joined of: of unlike ranges, `parts` are rounded in its place."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RoundingPoints:
    """The tensors that are rounded, in the graph's order.

    `shared` names for some of them the tensor, itself a point, whose range they take: one that joins several, or that a
    constant widens. `scores` are inputs of a softmax, each with the axis along which that sums. `splits` are points
    that slices alone read, and `joins` those that are outputs alone and are joined of several.
    """

    tensors: tuple[str, ...]
    shared: Mapping[str, str]
    scores: Mapping[str, int]
    splits: tuple[Junction, ...] = ()
    joins: tuple[Junction, ...] = ()


def find_points(graph: Graph) -> RoundingPoints:
    """The rounding points of a float graph."""
    return _PointFinder(wiring=Wiring(graph=graph), regions=find_regions(graph)).find()


@dataclass(frozen=True, kw_only=True)
class _Chains:
    """Functions of a single tensor, element by element.

    An end is read outside of its chain, and the source of a new chain; what is `inner` only leads to it.
    """

    inner: frozenset[str]
    ends: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class _PointFinder:
    wiring: Wiring
    regions: tuple[Region, ...]

    def find(self) -> RoundingPoints:
        points, sums = self._mark_points()
        graph = self.wiring.graph
        ordered = [name for name in (*graph.inputs, *self._computed()) if name in points]
        softmaxes = [region for region in self.regions if region.kind is RegionKind.SOFTMAX]
        return RoundingPoints(
            tensors=tuple(ordered),
            shared=dict(self._share(ordered)),
            scores={region.input: region.axes[0] for region in softmaxes if region.input in points},
            splits=tuple(self._find_splits([name for name in ordered if name in sums])),
            joins=tuple(self._find_joins(ordered)),
        )

    def _computed(self) -> Iterator[str]:
        return (name for operator in self.wiring.graph.operators for name in operator.outputs)

    def _mark_points(self) -> tuple[set[str], set[str]]:
        """The points, and those of them that are sums in int32 before they are rounded."""
        wiring = self.wiring
        chains = self._trace_chains()
        points = {name for name in wiring.graph.inputs if wiring.is_real(name)}
        sums: set[str] = set()
        passed = {*self._inside_regions(), *self._find_statistics()}
        for operator in wiring.graph.operators:
            (name,) = operator.outputs
            if name in passed or name in chains.inner or not wiring.is_real(name):
                continue
            if self._moves_rounded(operator) and moved_operands(operator)[0] not in passed:
                continue
            if name in chains.ends or moves_elements(operator):
                points.add(name)
                continue
            *inner, last = self._follow_sums(name)
            tail = self._follow_to_output(last)
            passed.update(inner, tail)
            sums |= set() if tail else {last}
        return points | sums, sums

    def _follow_to_output(self, name: str) -> tuple[str, ...]:
        """Sums and their other orders up to a small output that is nothing else; empty where there is none."""
        wiring, tensors = self.wiring, self.wiring.graph.tensors
        tail = [name]
        while (reader := wiring.only_reader(tail[-1])) is not None and reader.kind in _REORDERING:
            tail.append(reader.outputs[0])
        largest = max((tensor.elements for key, tensor in tensors.items() if not wiring.is_constant(key)), default=0)
        small = tensors[name].elements * _INT32_BYTES <= largest
        return tuple(tail) if small and self._is_only_output(tail[-1]) else ()

    def _is_only_output(self, name: str) -> bool:
        return name in self.wiring.graph.outputs and not self.wiring.readers[name]

    def _inside_regions(self) -> Iterator[str]:
        outputs = {region.output for region in self.regions}
        inner = {name for region in self.regions for name in region.operators}
        return (
            name
            for operator in self.wiring.graph.operators
            for name in operator.outputs
            if operator.name in inner and name not in outputs
        )

    def _find_statistics(self) -> Iterator[str]:
        """Sums along an axis, and functions of them, that arithmetic alone reads: int32 keeps all of their bits."""
        statistics: set[str] = set()
        for operator in self.wiring.graph.operators:
            (name,) = operator.outputs
            computed = set(self.wiring.computed_operands(operator))
            if operator.kind == "REDUCE_SUM" or (operator.kind in _OF_STATISTICS and computed <= statistics):
                statistics.add(name)
                readers = self.wiring.readers[name]
                if name not in self.wiring.graph.outputs and all(reader.kind in _OF_STATISTICS for reader in readers):
                    yield name

    def _moves_rounded(self, operator: Operator) -> bool:
        """Whether an operator moves elements of a single tensor, whose integers its result has."""
        if not moves_elements(operator) or (operator.kind == "PAD" and self._pads_with_more(operator)):
            return False
        moved = moved_operands(operator)
        return len(set(moved)) == 1 and not self.wiring.is_constant(moved[0])

    def _pads_with_more(self, operator: Operator) -> bool:
        """Whether the constant of a PAD is not 0, which every range holds."""
        return bool(self.wiring.graph.constants[operator.inputs[2]].any())

    def _trace_chains(self) -> _Chains:
        ends: set[str] = set()
        while True:
            arguments = self._trace_arguments(ends)
            inner = {name for name in arguments if name not in ends}
            left = {name for name in inner if self._leaves_chain(name, arguments)}
            if not left:
                return _Chains(inner=frozenset(inner), ends=frozenset(ends))
            ends |= left

    def _trace_arguments(self, ends: Collection[str]) -> dict[str, str]:
        """By name the tensors that are functions of another, element by element, and that: an end or no function."""
        arguments: dict[str, str] = {}
        inner = {name for region in self.regions for name in region.operators}
        sources: dict[str, str] = {}
        for operator in self.wiring.graph.operators:
            argument = None if operator.name in inner else self._common_source(operator, sources)
            if argument is not None:
                (name,) = operator.outputs
                arguments[name] = argument
                if name not in ends:
                    sources[name] = argument
        return arguments

    def _common_source(self, operator: Operator, sources: Mapping[str, str]) -> str | None:
        """The tensor that all operands are functions of; None where there are several, or other shapes."""
        wiring, tensors = self.wiring, self.wiring.graph.tensors
        if operator.kind not in ELEMENTWISE:
            return None
        computed = list(wiring.computed_operands(operator))
        common = {sources.get(name, name) for name in computed}
        uniform = all(wiring.is_uniform(name) for name in operands(operator) if wiring.is_constant(name))
        if len(common) != 1 or not uniform:
            return None
        (source,) = common
        shape = tensors[operator.outputs[0]].shape
        same = wiring.is_real(source) and all(tensors[name].shape == shape for name in computed)
        return source if same else None

    def _leaves_chain(self, name: str, arguments: Mapping[str, str]) -> bool:
        if name in self.wiring.graph.outputs:
            return True
        return any(arguments.get(reader.outputs[0]) != arguments[name] for reader in self.wiring.readers[name])

    def _follow_sums(self, name: str) -> Iterator[str]:
        """A tensor and those behind it that int32 takes along exactly; the last is to be rounded."""
        yield name
        while True:
            reader = self.wiring.only_reader(name)
            if reader is None or not self._continues(reader, name):
                return
            name = reader.outputs[0]
            yield name
            if reader.kind == "CLAMP":
                return

    def _continues(self, reader: Operator, name: str) -> bool:
        """Whether an operator gives int32 sums again: limits, constant factors and terms, another shape of rows."""
        wiring, tensors = self.wiring, self.wiring.graph.tensors
        match reader.kind:
            case "CLAMP" | "IDENTITY":
                return True
            case "MUL" | "ADD" | "SUB" if any(wiring.is_constant(operand) for operand in operands(reader)):
                return True
            case "ADD" | "SUB":
                return self._is_arithmetic(name)
            case "RESHAPE":
                return tensors[name].shape[-1:] == tensors[reader.outputs[0]].shape[-1:]
            case _:
                return False

    def _is_arithmetic(self, name: str) -> bool:
        """Whether a tensor is an elementwise product or sum of two that are computed, which int32 adds as it is."""
        producer = self.wiring.producers.get(name)
        if producer is None or producer.kind not in ("ADD", "MUL", "SUB"):
            return False
        return len(set(self.wiring.computed_operands(producer))) == 2

    def _share(self, points: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Points that only a CONCAT or a PAD behind reads, through movement alone: they take its range."""
        known = set(points)
        for name in points:
            target = name
            while (reader := self.wiring.only_reader(target)) is not None and moves_elements(reader):
                target = reader.outputs[0]
                if target in known:
                    yield name, target
                    break

    def _find_splits(self, sums: Sequence[str]) -> Iterator[Junction]:
        """Sums that slices alone read, maybe behind another order of their elements."""
        wiring = self.wiring
        for name in sums:
            whole = name
            while (reader := wiring.only_reader(whole)) is not None and reader.kind in _REORDERING:
                whole = reader.outputs[0]
            readers = wiring.readers[whole]
            if readers and whole not in wiring.graph.outputs and all(reader.kind == "SLICE" for reader in readers):
                yield Junction(whole=name, parts=tuple(reader.outputs[0] for reader in readers))

    def _find_joins(self, points: Sequence[str]) -> Iterator[Junction]:
        """Outputs, and nothing else, that are joined of computed tensors."""
        for name in points:
            producer = self.wiring.producers.get(name)
            if producer is not None and producer.kind == "CONCAT" and self._is_only_output(name):
                yield Junction(whole=name, parts=tuple(dict.fromkeys(self.wiring.computed_operands(producer))))
