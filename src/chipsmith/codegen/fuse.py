"""Which operators are computed together: sums with the RESCALE behind them, and chains of element-wise operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chipsmith.codegen.convolutions import SUMS
from chipsmith.codegen.elementwise import element_operands, is_elementwise
from chipsmith.codegen.requantization import Narrowing
from chipsmith.codegen.storage import GraphLayout
from chipsmith.tosa.graph import DType, Graph, Operator


@dataclass(frozen=True, kw_only=True)
class Group:
    """Operators that one step computes, in order; `stored` are those of their outputs that others need.

    A group of sums has its `narrowing`; one of element-wise operators alone is a chain.
    """

    operators: tuple[Operator, ...]
    stored: tuple[str, ...]
    narrowing: Narrowing | None = None


def fuse(layout: GraphLayout) -> tuple[Group, ...]:
    """The groups, in an order in which each finds its inputs ready.

    Each operator is in one of them, but those whose output is a view of another tensor.
    """
    draft = _Draft(layout=layout)
    left_out = set(layout.virtual())
    for index, operator in enumerate(layout.graph.operators):
        if operator.outputs[0] not in left_out and index not in draft.group_of:
            draft.add(index)
    return draft.groups()


@dataclass
class _Draft:
    """Groups as numbers of operators; a group stands where its last operator does."""

    layout: GraphLayout
    group_of: dict[int, list[int]] = field(default_factory=dict)
    narrowings: dict[int, Narrowing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.graph = self.layout.graph
        self.producers = {op.outputs[0]: index for index, op in enumerate(self.graph.operators)}
        self.kept = {*self.graph.outputs, *map(self.layout.root, self.graph.outputs)}
        self.readers: dict[str, list[int]] = {name: [] for name in self.graph.tensors}
        virtual = set(self.layout.virtual())
        for index, operator in enumerate(self.graph.operators):
            if operator.outputs[0] not in virtual:
                for name in {*operator.inputs, *map(self.layout.root, operator.inputs)}:
                    self.readers[name].append(index)

    def add(self, index: int) -> None:
        """Put an operator, all before which have a group, into its own."""
        operator = self.graph.operators[index]
        if operator.kind in SUMS:
            self._add_sums(index)
        elif is_elementwise(operator):
            self._add_to_chain(index)
        else:
            self.group_of[index] = [index]

    def _add_sums(self, index: int) -> None:
        rescale = self._only_reader(index, "RESCALE")
        if rescale is None or not _gives_int8(self.graph, self.graph.operators[rescale]):
            self.group_of[index] = [index]
            return
        clamp = self._only_reader(rescale, "CLAMP")
        members = [index, rescale] if clamp is None else [index, rescale, clamp]
        operators = [self.graph.operators[member] for member in members]
        self.narrowings[index] = Narrowing(rescale=operators[1], clamp=operators[2] if clamp is not None else None)
        self.group_of |= dict.fromkeys(members, members)

    def _only_reader(self, index: int, kind: str) -> int | None:
        """The operator of a kind that alone reads this one's output."""
        name = self.graph.operators[index].outputs[0]
        readers = self.readers[name]
        if len(readers) != 1 or name in self.kept or self.graph.operators[readers[0]].kind != kind:
            return None
        return readers[0] if self.graph.operators[readers[0]].inputs[0] == name else None

    def _add_to_chain(self, index: int) -> None:
        """Into the chains of its inputs, which become one, where nobody outside needs them earlier."""
        members = [index]
        shape = self._shape(index)
        for name in element_operands(self.graph.operators[index]):
            producer = self.producers.get(name)
            chain = self.group_of.get(producer, []) if producer is not None else []
            joins = chain and chain[0] not in members and self._is_chain(chain) and self._shape(chain[0]) == shape
            if joins and self._nobody_waits([*chain, *members], index):
                members = [*chain, *members]
        members = sorted(set(members))
        self.group_of |= dict.fromkeys(members, members)

    def _is_chain(self, members: list[int]) -> bool:
        return all(is_elementwise(self.graph.operators[member]) for member in members)

    def _nobody_waits(self, members: list[int], index: int) -> bool:
        """Whether all that read the members' outputs before the operator `index` are members, and none by a view."""
        operators = [self.graph.operators[member] for member in members]
        outputs = {operator.outputs[0] for operator in operators}
        operands = (name for operator in operators for name in operator.inputs)
        if any(self.layout.root(name) != name and self.layout.root(name) in outputs for name in operands):
            return False
        return all(reader >= index or reader in members for name in outputs for reader in self.readers[name])

    def _shape(self, index: int) -> tuple[int, ...]:
        return self.graph.tensor(self.graph.operators[index].outputs[0]).shape

    def groups(self) -> tuple[Group, ...]:
        """The groups in order."""
        chosen: Mapping[int, list[int]] = {members[-1]: members for members in self.group_of.values()}
        return tuple(self._group(chosen[last]) for last in sorted(chosen))

    def _group(self, members: list[int]) -> Group:
        operators = tuple(self.graph.operators[member] for member in members)
        outputs = (name for operator in operators for name in operator.outputs)
        return Group(
            operators=operators,
            stored=tuple(name for name in outputs if self._is_needed(name, members)),
            narrowing=self.narrowings.get(members[0]),
        )

    def _is_needed(self, name: str, members: list[int]) -> bool:
        return name in self.kept or any(reader not in members for reader in self.readers[name])


def _gives_int8(graph: Graph, rescale: Operator) -> bool:
    signed = not rescale.attributes["input_unsigned"] and not rescale.attributes["output_unsigned"]
    return signed and graph.tensor(rescale.outputs[0]).dtype is DType.INT8
