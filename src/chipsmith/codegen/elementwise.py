"""Element-wise operators as one loop nest: what they compute between them stays in local variables."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from chipsmith.codegen.ctext import C_TYPES
from chipsmith.codegen.expressions import EXPRESSIONS, Value, constant_value, range_of
from chipsmith.codegen.step import CStep
from chipsmith.codegen.storage import GraphLayout
from chipsmith.codegen.unit import Unit
from chipsmith.codegen.views import AffineView, Sizes, broadcast, collapse, contiguous
from chipsmith.tosa.graph import Operator
from chipsmith.tosa.verify import operation_of

_ELEMENTS: Mapping[str, int] = {"MUL": 2, "NEGATE": 1, "TABLE": 1, "RESCALE": 3}
"""How many of an operator's inputs are elements to compute with, where it is not all of them."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Element-wise operators over the same elements, in order; `stored` are those of their outputs that others need."""

    layout: GraphLayout
    operators: tuple[Operator, ...]
    stored: tuple[str, ...]

    @property
    def sizes(self) -> Sizes:
        """The shape of every output."""
        return self.layout.graph.tensor(self.stored[0]).shape

    @property
    def reads(self) -> tuple[str, ...]:
        """The tensors from outside that are computed, each once."""
        inner = {operator.outputs[0] for operator in self.operators}
        operands = (name for operator in self.operators for name in element_operands(operator))
        return self.layout.computed(name for name in operands if name not in inner)


def is_elementwise(operator: Operator) -> bool:
    """Whether an operator computes each element of its output from the elements of its inputs at the same place."""
    return operator.kind in EXPRESSIONS


def element_operands(operator: Operator) -> tuple[str, ...]:
    """The inputs whose elements it computes with; the others are parameters."""
    return operator.inputs[: _ELEMENTS.get(operator.kind, len(operator.inputs))]


def chain_step(chain: Chain) -> CStep:
    """The step that computes a chain."""
    return CStep(
        operators=chain.operators,
        reads=chain.reads,
        writes=chain.stored,
        in_place=tuple(name for name in chain.reads if _may_be_overwritten(chain, name)),
        write=lambda unit, _: _ChainWriter(chain, unit).write(),
    )


def _may_be_overwritten(chain: Chain, name: str) -> bool:
    """Whether each element is read only where the first output's element of the same place is then written."""
    layout = chain.layout
    root, output = layout.graph.tensor(layout.root(name)), layout.graph.tensor(chain.stored[0])
    views = [layout.view(other) for other in chain.reads if layout.root(other) == root.name]
    whole = contiguous(chain.sizes)
    in_order = all(view.sizes == chain.sizes and view.is_contiguous for view in views)
    return in_order and (root.elements, root.dtype) == (math.prod(whole.sizes), output.dtype)


@dataclass
class _ChainWriter:
    chain: Chain
    unit: Unit
    lines: list[str] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    views: list[AffineView] = field(default_factory=list)

    def write(self) -> str:
        """Define the function and give the call."""
        for operator in self.chain.operators:
            self._compute(operator)
        self._use_all()
        for name in self.chain.stored:
            ctype = C_TYPES[self.chain.layout.graph.tensor(name).dtype]
            element = f"{self._names[self.unit.pointer(name)]}[{self._place(contiguous(self.chain.sizes))}]"
            self.lines.append(f"{element} = ({ctype}){self.values[name].text};")
        stem = "_".join(dict.fromkeys(operator.kind.lower() for operator in self.chain.operators[:4]))
        function = self.unit.add_function(f"compute_{stem}", ", ".join(self._parameters()), self._loops())
        return f"{function}({', '.join(self._names)});"

    def _use_all(self) -> None:
        """Keep compilers from warning of values that no result depends on."""
        stored = {self.values[name].text for name in self.chain.stored}
        used = stored.union(*(re.findall(r"\w+", line.partition("=")[2]) for line in self.lines))
        names = [line.split()[2] for line in self.lines]
        self.lines += [f"(void){name};" for name in names if name not in used]

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """A name in the function for each pointer; a result that lies on an operand has that operand's."""
        outputs = dict.fromkeys(self.unit.pointer(name) for name in self.chain.stored)
        inputs = dict.fromkeys(self.unit.pointer(name) for name in self.chain.reads)
        names = {pointer: f"out{index}" for index, pointer in enumerate(outputs)}
        return names | {pointer: f"in{index}" for index, pointer in enumerate(inputs) if pointer not in outputs}

    def _parameters(self) -> list[str]:
        graph = self.chain.layout.graph
        stored = {self.unit.pointer(name) for name in self.chain.stored}
        types = {self.unit.pointer(name): graph.tensor(name).dtype for name in (*self.chain.reads, *self.chain.stored)}
        return [
            f"{'' if pointer in stored else 'const '}{C_TYPES[types[pointer]]} *restrict {name}"
            for pointer, name in self._names.items()
        ]

    def _compute(self, operator: Operator) -> None:
        layout = self.chain.layout
        operands = [self._operand(operator, name) for name in element_operands(operator)]
        if operator.kind == "TABLE":
            table, dtype = layout.graph.constants[operator.inputs[1]], layout.graph.tensor(operator.inputs[1]).dtype
            operands.append(Value(text=self.unit.add_array("table", table, dtype), low=0, high=0))
        result = EXPRESSIONS[operator.kind](operation_of(layout.graph, operator), operands)
        self.values[operator.outputs[0]] = self._local(result)

    def _local(self, value: Value) -> Value:
        """The value under a name of its own; what has a name stays."""
        if value.text.replace("_", "").isalnum():
            return value
        name = f"v{len(self.lines)}"
        self.lines.append(f"const int32_t {name} = {value.text};")
        return Value(text=name, low=value.low, high=value.high)

    def _operand(self, operator: Operator, name: str) -> Value:
        if name not in self.values:
            self.values[name] = self._local(self._load(operator, name))
        return self.values[name]

    def _load(self, operator: Operator, name: str) -> Value:
        data, view = self.chain.layout.data(name), self._view(operator, name)
        if data is not None and data.size == 1:
            return constant_value(int(data[0]))
        if data is not None:
            text = f"{self.unit.pointer(name)}[{self._place(view)}]"
            return Value(text=text, low=int(data.min()), high=int(data.max()))
        low, high = range_of(self.chain.layout.graph.tensor(name).dtype)
        return Value(text=f"{self._names[self.unit.pointer(name)]}[{self._place(view)}]", low=low, high=high)

    def _view(self, operator: Operator, name: str) -> AffineView:
        """What the chain reads of a tensor, from its first element on."""
        view, sizes = self.chain.layout.view(name), self.chain.sizes
        if operator.kind == "RESCALE" and name != operator.inputs[0]:
            leading = (1,) * (len(sizes) - 1)
            view = AffineView(sizes=(*leading, *view.sizes), strides=(*(0 for _ in leading), *view.strides))
        return broadcast(replace(view, offset=0), sizes)

    def _place(self, view: AffineView) -> str:
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
