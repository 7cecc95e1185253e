"""The noun QuantizedNetwork: what every front end gives, an integer graph and what ties it to its author's network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.host_steps import list_host_steps
from chipsmith.frontends.quantized_io import (
    AuthorTensor,
    ConstantOutput,
    IoBinding,
    OutputBinding,
    PassedInput,
    StateBinding,
    bind_integers,
    dequantize,
    describe_integers,
    quantize_all,
)
from chipsmith.profile.profile import HostStep
from chipsmith.shown import Shown
from chipsmith.tosa.graph import Array, Graph

if TYPE_CHECKING:
    # A network in integers needs no quantiser, which costs a third of a second to import.
    from chipsmith.quantisation.network import FloatNetwork
    from chipsmith.quantisation.quantise import QuantisationResult

MOST_EXAMPLES = 16
"""Batches of the calibration that a network keeps for its check."""
_NO_NAMES: Mapping[str, str] = {}


class FrameworkModel(Protocol):
    """A network that a framework of somebody else's runs."""

    @property
    def framework(self) -> str:
        """The framework and its version, such as "PyTorch 2.9.1"."""

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs, in the author's order, layout and types, for the author's inputs in theirs.

        Along axis 0 each input may hold any number of batches; the outputs hold as many. The model runs batch by batch,
        in order: a state goes on from batch to batch, and is fresh with each call.
        """


@runtime_checkable
class InspectedModel(FrameworkModel, Protocol):
    """A FrameworkModel whose inner tensors can be seen, and that says which network it is."""

    @property
    def fingerprint(self) -> bytes:
        """Bytes, such as those of its file, that are others for another network."""

    def tensors(self, names: Sequence[str], *inputs: Array) -> Mapping[str, Array]:
        """Tensors by the names that the framework has for them, (n, *shape) for n batches of inputs as run takes them.

        Of names that it does not know there are none.
        """


class Arithmetic(StrEnum):
    """What a network's source computes in: it decides how near to it the chip has to come."""

    FLOAT = "float"
    """Floating point: the integers were chosen here."""
    ROUNDED = "rounded"
    """Floating point between roundings of the file's own: a QDQ network."""
    INTEGER = "integer"
    """Integers: the chip gives the same, but for operators whose rounding differs by name."""


@dataclass(frozen=True, kw_only=True)
class Layer(Shown):
    """The result of one of the author's operators in integers: real = (q - zero_point) * scale.

    `name` and `operator` are the author's. `tensor` is the graph's, with the author's axes in the order `axes`, as
    numpy.transpose takes it. `real` is the name by which the source, and the fake quantised network, show the tensor.
    """

    name: str
    operator: str
    tensor: str
    axes: tuple[int, ...]
    scale: float
    zero_point: int
    real: str


@dataclass(frozen=True, kw_only=True)
class QuantizedNetwork(Shown):
    """A network as an integer graph, with what the host does around it and the network that it comes from.

    `graph` is one call of the network. `author_inputs` and `author_outputs` are all of the author's, in the author's
    order, with their names, types and shapes; each `position` of a binding counts in them. `inputs` holds one IoBinding
    for each input of the graph but those of `states`; the graph may leave some of the author's unread. `outputs` holds
    one binding for each of the author's outputs: an IoBinding where the graph computes it (two may name one tensor of
    the graph, which then is the graph's output once), a PassedInput where it is an input as it is, a ConstantOutput
    where it depends on none. A network with `states` is run one inference after the other: the host keeps what each
    state becomes for the next.
    `layers` are those whose tensors are known by name, `operator_names` the author's names of the graph's operators (a
    module's path, a node's name) where they are known.

    `source` runs the author's own network, unchanged: the file's bytes, the module itself. `arithmetic` is what it
    computes in; `other_roundings` has the operators of integer arithmetic that TOSA rounds otherwise, by a step of
    their result: the kind of operator (FULLY_CONNECTED) by its author's name. `fake_quantized` evaluates the same
    quantised network in floating point, quantised and dequantised at each tensor, without this graph. Either model is
    None where there is none. `examples` are the first of the calibration's inputs, MOST_EXAMPLES batches or fewer, one
    array for each of the author's inputs; empty where there was no calibration. `floats` is the network in floating
    point as its author computes it, None where it came with integers of its own. `quantisation` is the plan by which a
    float network got its integers, None where it came with an integer graph.
    """

    graph: Graph
    inputs: tuple[IoBinding, ...]
    outputs: tuple[OutputBinding, ...]
    author_inputs: tuple[AuthorTensor, ...]
    author_outputs: tuple[AuthorTensor, ...]
    states: tuple[StateBinding, ...] = ()
    layers: tuple[Layer, ...] = ()
    operator_names: Mapping[str, str] = field(default_factory=dict)
    arithmetic: Arithmetic = Arithmetic.FLOAT
    other_roundings: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[Array, ...] = field(default=(), repr=False, compare=False)
    floats: FloatNetwork | None = field(default=None, repr=False, compare=False)
    quantisation: QuantisationResult | None = field(default=None, repr=False, compare=False)
    source: FrameworkModel | None = field(default=None, repr=False, compare=False)
    fake_quantized: FrameworkModel | None = field(default=None, repr=False, compare=False)

    def _brief(self) -> str:
        source = "" if self.source is None else f"; of {self.source.framework}"
        return f"{self.graph._brief()}; {self.arithmetic.value} arithmetic{source}"

    @property
    def input_names(self) -> tuple[str, ...]:
        """The author's inputs, in the author's order."""
        return tuple(tensor.name for tensor in self.author_inputs)

    @property
    def output_names(self) -> tuple[str, ...]:
        """The author's outputs, in the author's order."""
        return tuple(tensor.name for tensor in self.author_outputs)

    @property
    def computed_outputs(self) -> tuple[IoBinding, ...]:
        """The bindings of those outputs that the graph computes."""
        return tuple(binding for binding in self.outputs if isinstance(binding, IoBinding))

    @property
    def host_steps(self) -> tuple[HostStep, ...]:
        """What the host does, in order, for the placement table."""
        tensors = self.graph.tensors
        return list_host_steps(tensors, self.inputs, self.outputs, self.author_inputs, self.author_outputs, self.states)

    def quantize_inputs(self, *values: Array) -> dict[str, Array]:
        """The graph's inputs by name, from the author's inputs in their order, layout and types.

        Along axis 0 each array may hold any number of batches. Raises BadInput where number, shapes or values do not
        fit.
        """
        if len(values) != len(self.author_inputs):
            names = ", ".join(self.input_names)
            raise BadInput(
                f"'{self.graph.name}' takes {len(self.author_inputs)} inputs ({names}), {len(values)} were given"
            )
        return quantize_all(values, self.inputs, self.graph.tensors)

    def dequantize_outputs(self, outputs: Mapping[str, Array], inputs: Sequence[Array] = ()) -> tuple[Array, ...]:
        """The author's outputs, in their order, layout and types, from the graph's outputs by name.

        `inputs` are the author's, as quantize_inputs takes them; they are needed where an output is not computed.
        """
        in_order = sorted(self.outputs, key=lambda binding: binding.position)
        values = (self._read_output(binding, outputs, inputs) for binding in in_order)
        return tuple(
            value.astype(author.dtype, copy=False) for value, author in zip(values, self.author_outputs, strict=True)
        )

    def _read_output(self, binding: OutputBinding, outputs: Mapping[str, Array], inputs: Sequence[Array]) -> Array:
        match binding:
            case PassedInput(source=source):
                return inputs[source]
            case ConstantOutput(values=values):
                return _repeat(values, self.count_inferences(inputs))
        return dequantize(outputs[binding.tensor], binding)

    def count_inferences(self, inputs: Sequence[Array]) -> int:
        """How many inferences the author's inputs are, as quantize_inputs takes them."""
        shape = self.author_inputs[0].shape
        return len(inputs[0]) // (shape[0] if shape else 1)


def _repeat(values: Array, inferences: int) -> Array:
    """The values of one inference, as many times along axis 0: [n] for a value of rank 0."""
    whole = np.broadcast_to(values, (inferences, *values.shape))
    return whole.reshape(inferences * (values.shape[0] if values.ndim else 1), *values.shape[1:])


def first_batches(
    columns: Sequence[Array], inputs: Sequence[AuthorTensor], count: int = MOST_EXAMPLES
) -> tuple[Array, ...]:
    """The first `count` batches of one array for each of the author's inputs; by default as many as a network keeps."""
    sizes = (tensor.shape[0] if tensor.shape else 1 for tensor in inputs)
    return tuple(column[: count * size] for column, size in zip(columns, sizes, strict=True))


def integer_network(
    graph: Graph,
    *,
    operator_names: Mapping[str, str] = _NO_NAMES,
    other_roundings: Mapping[str, str] = _NO_NAMES,
    source: FrameworkModel | None = None,
) -> QuantizedNetwork:
    """The network of a file whose inputs and outputs are the graph's own integers: the host does nothing."""
    return QuantizedNetwork(
        graph=graph,
        inputs=bind_integers(graph, graph.inputs),
        outputs=bind_integers(graph, graph.outputs),
        author_inputs=describe_integers(graph, graph.inputs),
        author_outputs=describe_integers(graph, graph.outputs),
        operator_names=operator_names,
        arithmetic=Arithmetic.INTEGER,
        other_roundings=other_roundings,
        source=source,
    )


def follow_names(names: Mapping[str, str], before: Graph, after: Graph) -> dict[str, str]:
    """Names of the operators of `before` as names of the same operators of `after`, which may be called otherwise."""
    pairs = zip(before.operators, after.operators, strict=True)
    return {new.name: names[old.name] for old, new in pairs if old.name in names}
