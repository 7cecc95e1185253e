"""The noun QuantizedNetwork: what every front end gives, an integer graph and what ties it to its author's network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import IoBinding, bind_integers, dequantize_all, list_host_steps, quantize_all
from chipsmith.profile.profile import HostStep
from chipsmith.tosa.graph import Array, Graph

_NO_NAMES: Mapping[str, str] = {}


class FrameworkModel(Protocol):
    """A network that a framework of somebody else's runs."""

    @property
    def framework(self) -> str:
        """The framework and its version, such as "PyTorch 2.9.1"."""

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs, in the author's order, layout and types, for the author's inputs in theirs.

        Along axis 0 each input may hold any number of batches; the outputs hold as many. The model runs batch by batch.
        """


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The int8 result of one of the author's operators: real = (q - zero_point) * scale.

    `name` and `operator` are the author's. `tensor` is the graph's, with the author's axes in the order `axes`, as
    numpy.transpose takes it. `real` and `integers` name the tensors of the source before and behind its quantisation;
    its integers are the graph's plus `offset` (128 where they are uint8).
    """

    name: str
    operator: str
    tensor: str
    axes: tuple[int, ...]
    scale: float
    zero_point: int
    real: str
    integers: str
    offset: int


@dataclass(frozen=True, kw_only=True)
class QuantizedNetwork:
    """A network as an integer graph, with what the host does around it and the network that it comes from.

    `graph` is one call of the network. `inputs` and `outputs` hold one IoBinding for each input and output of the
    graph, in its order. `input_names` are the author's inputs, in the author's order: an IoBinding's `position` counts
    in them; the graph may leave some unread. `layers` are those whose tensors are known by name, `operator_names` the
    author's names of the graph's operators (a module's path, a node's name) where they are known.

    `source` runs the author's own network, as it was given. `fake_quantized` evaluates the same quantised network in
    floating point, quantised and dequantised at each tensor, without this graph. Either is None where there is none.
    """

    graph: Graph
    inputs: tuple[IoBinding, ...]
    outputs: tuple[IoBinding, ...]
    input_names: tuple[str, ...]
    layers: tuple[Layer, ...] = ()
    operator_names: Mapping[str, str] = field(default_factory=dict)
    source: FrameworkModel | None = field(default=None, repr=False, compare=False)
    fake_quantized: FrameworkModel | None = field(default=None, repr=False, compare=False)

    @property
    def host_steps(self) -> tuple[HostStep, ...]:
        """What the host does, in order, for the placement table."""
        return list_host_steps(self.inputs, self.outputs)

    def quantize_inputs(self, *values: Array) -> dict[str, Array]:
        """The graph's inputs by name, from the author's inputs in their order, layout and types.

        Along axis 0 each array may hold any number of batches. Raises BadInput where number or shapes do not fit.
        """
        if len(values) != len(self.input_names):
            names = ", ".join(self.input_names)
            raise BadInput(
                f"'{self.graph.name}' takes {len(self.input_names)} inputs ({names}), {len(values)} were given"
            )
        return quantize_all(values, self.inputs, self.graph.tensors)

    def dequantize_outputs(self, outputs: Mapping[str, Array]) -> tuple[Array, ...]:
        """The author's outputs, in their order, layout and types, from the graph's outputs by name."""
        return dequantize_all(outputs, self.outputs)


def integer_network(
    graph: Graph, *, operator_names: Mapping[str, str] = _NO_NAMES, source: FrameworkModel | None = None
) -> QuantizedNetwork:
    """The network of a file whose inputs and outputs are the graph's own integers: the host does nothing."""
    return QuantizedNetwork(
        graph=graph,
        inputs=bind_integers(graph, graph.inputs),
        outputs=bind_integers(graph, graph.outputs),
        input_names=graph.inputs,
        operator_names=operator_names,
        source=source,
    )


def follow_names(names: Mapping[str, str], before: Graph, after: Graph) -> dict[str, str]:
    """Names of the operators of `before` as names of the same operators of `after`, which may be called otherwise."""
    pairs = zip(before.operators, after.operators, strict=True)
    return {new.name: names[old.name] for old, new in pairs if old.name in names}
