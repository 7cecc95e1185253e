"""Element-wise operators as one loop nest: what they compute between them stays in local variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chipsmith.codegen.ctext import C_TYPES
from chipsmith.codegen.expressions import EXPRESSIONS, Value, constant_value, range_of
from chipsmith.codegen.step import Pointers, Step
from chipsmith.codegen.unit import Unit
from chipsmith.codegen.views import Sizes, View, broadcast, collapse, contiguous
from chipsmith.tosa.graph import Graph, Operator
from chipsmith.tosa.verify import operation_of

_ELEMENTS: Mapping[str, int] = {"MUL": 2, "NEGATE": 1, "TABLE": 1, "RESCALE": 3}
"""How many of an operator's inputs are elements to compute with, where it is not all of them."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Element-wise operators over the same elements, in order; `views` are what it reads of tensors from outside.

    `stored` are those of their outputs that others need.
    """

    graph: Graph
    operators: tuple[Operator, ...]
    stored: tuple[str, ...]
    sizes: Sizes
    views: Mapping[tuple[str, int], tuple[str, View]] = field(default_factory=dict)


def is_elementwise(operator: Operator) -> bool:
    """Whether an operator computes each element of its output from the elements of its inputs at the same place."""
    return operator.kind in EXPRESSIONS


def element_operands(operator: Operator) -> tuple[str, ...]:
    """The inputs whose elements it computes with; the others are parameters."""
    return operator.inputs[: _ELEMENTS.get(operator.kind, len(operator.inputs))]


def chain_step(chain: Chain) -> Step:
    """The step that computes a chain."""
    inner = {operator.outputs[0] for operator in chain.operators}
    outside = [
        name
        for operator in chain.operators
        for name in element_operands(operator)
        if name not in inner and name not in chain.graph.constants
    ]
    reads = tuple(dict.fromkeys(outside))
    return Step(
        operators=chain.operators,
        reads=reads,
        writes=chain.stored,
        in_place=tuple(name for name in reads if _may_be_overwritten(chain, name)),
        write=lambda unit, pointers: _ChainWriter(chain, unit, pointers).write(reads),
    )


def _may_be_overwritten(chain: Chain, name: str) -> bool:
    """Whether each element is read only where the first output's element of the same place is then written."""
    tensor, output = chain.graph.tensor(name), chain.graph.tensor(chain.stored[0])
    return tensor.shape == chain.sizes == output.shape and tensor.dtype.size_bytes == output.dtype.size_bytes


@dataclass
class _ChainWriter:
    chain: Chain
    unit: Unit
    pointers: Pointers
    lines: list[str] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)

    def write(self, reads: Sequence[str]) -> str:
        """Define the function and give the call."""
        arguments = list(dict.fromkeys(self.pointers[name] for name in (*self.chain.stored, *reads)))
        names = dict(zip(arguments, self._names(arguments), strict=True))
        for operator in self.chain.operators:
            self._compute(operator, names)
        for name in self.chain.stored:
            target = names[self.pointers[name]]
            ctype = C_TYPES[self.chain.graph.tensor(name).dtype]
            self.lines.append(
                f"{target}[{self._place(contiguous(self.chain.sizes))}] = ({ctype}){self.values[name].text};"
            )
        body = self._loops()
        stem = "compute_" + "_".join(dict.fromkeys(operator.kind.lower() for operator in self.chain.operators[:4]))
        function = self.unit.add_function(stem, ", ".join(self._parameters(arguments, names, reads)), body)
        return f"{function}({', '.join(arguments)});"

    def _names(self, arguments: Sequence[str]) -> list[str]:
        written = {self.pointers[name] for name in self.chain.stored}
        return [f"out{index}" if text in written else f"in{index}" for index, text in enumerate(arguments)]

    def _parameters(self, arguments: Sequence[str], names: Mapping[str, str], reads: Sequence[str]) -> list[str]:
        graph = self.chain.graph
        types = {self.pointers[name]: C_TYPES[graph.tensor(name).dtype] for name in (*reads, *self.chain.stored)}
        written = {self.pointers[name] for name in self.chain.stored}
        return [f"{'' if text in written else 'const '}{types[text]} *restrict {names[text]}" for text in arguments]

    def _compute(self, operator: Operator, names: Mapping[str, str]) -> None:
        operands = [self._operand(operator, name, names) for name in element_operands(operator)]
        if operator.kind == "TABLE":
            table = self.chain.graph.constants[operator.inputs[1]]
            dtype = self.chain.graph.tensor(operator.inputs[1]).dtype
            operands.append(Value(text=self.unit.add_array("table", table, dtype), low=0, high=0))
        result = EXPRESSIONS[operator.kind](operation_of(self.chain.graph, operator), operands)
        self.values[operator.outputs[0]] = self._local(result)

    def _local(self, value: Value) -> Value:
        """The value under a name of its own; what has a name stays."""
        if value.text.replace("_", "").isalnum():
            return value
        name = f"v{len(self.lines)}"
        self.lines.append(f"const int32_t {name} = {value.text};")
        return Value(text=name, low=value.low, high=value.high)

    def _operand(self, operator: Operator, name: str, names: Mapping[str, str]) -> Value:
        if name in self.values:
            return self.values[name]
        tensor, data = self.chain.graph.tensor(name), self.chain.graph.constant(name)
        if data is not None and data.size == 1:
            return constant_value(int(data.reshape(-1)[0]))
        low, high = range_of(tensor.dtype) if data is None else (int(data.min()), int(data.max()))
        source = names[self.pointers[name]] if data is None else self.unit.add_array("constant", data, tensor.dtype)
        loaded = Value(text=f"{source}[{self._place(self._view(operator, name))}]", low=low, high=high)
        self.values[name] = self._local(loaded)
        return self.values[name]

    def _view(self, operator: Operator, name: str) -> View:
        shape, sizes = self.chain.graph.tensor(name).shape, self.chain.sizes
        if operator.kind == "RESCALE" and name != operator.inputs[0]:
            shape = (*(1,) * (len(sizes) - 1), *shape)
        return broadcast(shape, sizes)

    def _place(self, view: View) -> str:
        """A mark for the index of a view, which _loops replaces when all views are known."""
        self.views.append(view)
        return f"@{len(self.views) - 1}@"

    def _loops(self) -> str:
        sizes, strides = collapse(self.chain.sizes, [view.strides for view in self.views])
        text = "\n".join(self.lines)
        for index, (view, steps) in enumerate(zip(self.views, strides, strict=True)):
            text = text.replace(f"@{index}@", index_text(steps, view.offset))
        return nest(sizes, text.splitlines())


def index_text(strides: Sequence[int], offset: int) -> str:
    """The C expression of an index: the offset plus the counters i0, i1, ... times their strides."""
    terms = [f"i{axis}" if step == 1 else f"i{axis} * {step}" for axis, step in enumerate(strides) if step]
    if offset or not terms:
        terms.append(str(offset))
    return " + ".join(terms)


def nest(sizes: Sequence[int], lines: Sequence[str]) -> str:
    """The lines inside of loops over the counters i0, i1, ..."""
    text = []
    for axis, size in enumerate(sizes):
        text.append(f"{'    ' * (axis + 1)}for (int32_t i{axis} = 0; i{axis} < {size}; i{axis}++)" + " {")
    text += [f"{'    ' * (len(sizes) + 1)}{line}" for line in lines]
    text += [f"{'    ' * (axis + 1)}}}" for axis in reversed(range(len(sizes)))]
    return "".join(f"{line}\n" for line in text)
