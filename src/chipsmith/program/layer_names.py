"""The one place that names layers: what an operator's layer is called, and a kernel, wherever people read of it.

A layer is called by its author's name: the path of a module, the name of an ONNX node, the tensor that an operator of a
TFLite file computes; where that is not known by the operator's own name in the graph. A kernel is called by the layer
of its main operator, with its number, which keeps kernels of one layer apart: `features.3 (k4)`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from chipsmith.program.program import WIPE, WIPE_TENSOR, Placement
from chipsmith.shown import Shown
from chipsmith.tosa.graph import Graph, Operator

COPY = "copy"
"""What a kernel does that computes no operator: a tensor in another order or place."""
STAGES = frozenset({"RESCALE", "CLAMP"})
"""Operators that most kernels begin or end with: none is the main one where there is another."""
_VIEW = "RESHAPE"
_PRODUCTS = frozenset({"CONV2D", "CONV3D", "DEPTHWISE_CONV2D", "MATMUL", "TRANSPOSE_CONV2D"})
_AS = "as "
"""Begins the reason of an operator that is computed as one of another kind."""
_JOINED = ";"
"""Stands in the name of a TFLite tensor between those that its converter fused."""
_VARIABLE = re.compile(r"/(?:BiasAdd/)?ReadVariableOp(?:/resource\d*)?$")
"""End of the name of a TensorFlow variable that a layer reads."""
_SEPARATORS = re.compile(r"[.\[/]")
"""What may stand in the name of a buffer or of a kernel behind that of its operator."""


@dataclass(frozen=True, kw_only=True)
class KernelName(Shown):
    """What a kernel is called: its layer's full name, its number such as 'k4', and its main operator's kind.

    `kind` is COPY where it computes no operator, and the wipe's name for a kernel of the wipe. `computed_as` is the
    kind that the compiler made of the operator, where it is another one.
    """

    layer: str
    number: str
    kind: str
    computed_as: str = ""

    @property
    def operation(self) -> str:
        """What it computes, such as 'CONV2D', or 'DEPTHWISE_CONV2D as CONV2D'."""
        return f"{self.kind} as {self.computed_as}" if self.computed_as else self.kind

    @property
    def label(self) -> str:
        """How people read it, such as 'features.3 (k4)'."""
        return label_kernel(self.layer, self.number)


def name_layer(operator: Placement) -> str:
    """The full name of an operator's layer: its author's, else its own in the graph."""
    return operator.source or operator.name


def note_other_kind(placement: Placement, kind: str) -> Placement:
    """The row of a product that the network has as another kind: the compiler's stands in the reason.

    Other operators keep the compiler's kind: under their names it may compute what is beside them, such as a view.
    """
    if placement.kind == kind or not {placement.kind, kind} <= _PRODUCTS:
        return placement
    return replace(placement, kind=kind, reason=f"{_AS}{placement.kind}: {placement.reason}")


def computed_as(operator: Placement) -> str:
    """The kind that the compiler made of an operator; empty where it is the network's."""
    return operator.reason.removeprefix(_AS).partition(":")[0] if operator.reason.startswith(_AS) else ""


def shorten_layer(name: str) -> str:
    """A layer's name for a table: of the names that a TFLite converter joined the last, which is the layer's own.

    Those before it are of what is fused into it, and of other layers that share a constant with it.
    """
    last = name.rpartition(_JOINED)[2] or name
    return _VARIABLE.sub("", last) or last


def label_kernel(layer: str, number: str) -> str:
    """A kernel by its layer and its number: 'features.3 (k4)'; the number alone where no layer is known."""
    return f"{shorten_layer(layer)} ({number})" if layer and layer != number else number


def number_of(kernel: str) -> str:
    """The number of a kernel by the name that a Program has for it: 'k4' of 'k4:relu_2'."""
    return kernel.partition(":")[0]


class LayerNames:
    """The layers of a network by the names that a Program has for its operators, kernels and buffers."""

    def __init__(self, operators: Iterable[Placement]) -> None:
        """`operators` are those of a Program's manifest."""
        rows = tuple(operators)
        self._operators = {row.name: row for row in rows}
        self._kernels: dict[str, list[Placement]] = {}
        for row in rows:
            self._kernels.setdefault(row.kernel, []).append(row)

    def layer(self, part: str) -> str:
        """The layer of an operator, a tensor, or a buffer such as 'conv[0:16].weights'; empty where it is of none."""
        operator = self._operator(part)
        return "" if operator is None else name_layer(operator)

    def kernel(self, name: str) -> KernelName:
        """What the kernel of this name is called; a later kernel of an operator has the operator's layer."""
        if name in (WIPE, WIPE_TENSOR):
            return KernelName(layer=name, number=name, kind=WIPE)
        main = find_main(self._kernels.get(name, ()))
        number, _, part = name.partition(":")
        operator = main or self._operators.get(part)
        if operator is None:
            return KernelName(layer=self.layer(part) or part, number=number, kind=COPY)
        return KernelName(
            layer=name_layer(operator), number=number, kind=operator.kind, computed_as=computed_as(operator)
        )

    def kernels(self, names: Iterable[str]) -> Mapping[str, KernelName]:
        """What kernels are called, by the names that a Program has for them."""
        return {name: self.kernel(name) for name in names}

    def _operator(self, part: str) -> Placement | None:
        return self._operators.get(find_owner(part, self._operators))


def name_results(graph: Graph, layers: Mapping[str, str], tensors: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Name of the layer, and kind of its main operator, that computes each of some tensors, where that is known.

    As of a kernel it is that of the main operator: a Relu or a batch norm that a chip does in the kernel of the
    convolution before it gives that convolution's result. `layers` are the layers of the graph's operators by their
    names. A name that is taken is not given twice: of two such tensors the later is called by its own operator.
    """
    producers = {name: operator for operator in graph.operators for name in operator.outputs}
    readers = Counter(name for operator in graph.operators for name in operator.inputs)
    readers.update(graph.outputs)
    named: dict[str, tuple[str, str]] = {}
    taken: set[str] = set()
    for tensor in dict.fromkeys(tensors):
        own = _skip_views(producers.get(tensor), producers, layers)
        main = own if own is None or own.kind not in STAGES else _find_before(own, producers, readers)
        for operator in filter(None, (main, own)):
            name = layers.get(operator.name, "")
            if name and name not in taken:
                named[tensor] = name, operator.kind
                taken.add(name)
                break
    return named


def _skip_views(own: Operator | None, producers: Mapping[str, Operator], layers: Mapping[str, str]) -> Operator | None:
    """The operator before views that the same layer ends with."""
    while own is not None and own.kind == _VIEW:
        before = producers.get(own.inputs[0])
        if before is None or layers.get(before.name) != layers.get(own.name):
            break
        own = before
    return own


def _find_before(stage: Operator, producers: Mapping[str, Operator], readers: Mapping[str, int]) -> Operator:
    """The operator whose result a stage finishes, past other stages and views; the stage itself where there is none."""
    main = stage
    while main.kind in STAGES | {_VIEW}:
        before = producers.get(main.inputs[0])
        if before is None or readers[main.inputs[0]] > 1:
            return stage
        main = before
    return main


def find_owner(part: str, names: Collection[str]) -> str:
    """Of `names` the longest that `part` is, or begins with: whose part it is; empty where it is nobody's."""
    ends = [match.start() for match in _SEPARATORS.finditer(part)]
    return next((part[:end] for end in (len(part), *reversed(ends)) if part[:end] in names), "")


def find_main(operators: Sequence[Placement]) -> Placement | None:
    """The main one of a kernel's operators: the first that is no stage of others; None where it has none."""
    return next((row for row in operators if row.kind not in STAGES), operators[0] if operators else None)


def list_sources(operators: Iterable[Placement]) -> tuple[str, ...]:
    """The author's names of operators, each once, where they are known."""
    return tuple(dict.fromkeys(row.source for row in operators if row.source))
