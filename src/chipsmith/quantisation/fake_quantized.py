"""A float network with the rounding of its plan, run as its author runs it: what quantisation alone changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.quantisation.network import FloatNetwork, NetworkInput, NetworkOutput
from chipsmith.quantisation.plan import Quantisation, QuantisationPlan
from chipsmith.quantisation.rounding import evaluate_rounded
from chipsmith.tosa.graph import Array, DType

_UNSIGNED_OFFSET = 128


@dataclass(frozen=True, kw_only=True)
class FakeQuantizedModel:
    """Computes a float network in float32, its weights and each tensor of its plan rounded to what integers hold."""

    network: FloatNetwork
    plan: QuantisationPlan

    @property
    def framework(self) -> str:
        """What computes it."""
        return f"numpy {np.__version__}, rounded as the plan says"

    @property
    def fingerprint(self) -> bytes:
        """Other bytes for another network or another plan."""
        operators = [list(vars(operator).values()) for operator in self.network.graph.operators]
        digest = hashlib.sha256(repr(operators).encode())
        for name, data in self.network.graph.constants.items():
            digest.update(name.encode() + data.tobytes())
        for name, quantisation in self.plan.tensors.items():
            digest.update(name.encode() + bytes([quantisation.width, quantisation.axis]))
            digest.update(quantisation.scale.tobytes() + quantisation.zero_point.tobytes())
        return digest.digest()

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs, in the author's order, layout and types, for the author's inputs in theirs.

        Along axis 0 each input may hold any number of batches; the outputs hold as many. Raises BadInput where number,
        shapes or batches do not fit.
        """
        values = self._enter(inputs)
        names = dict.fromkeys(port.tensor for port in self.network.outputs if port.tensor is not None)
        results = evaluate_rounded(self.network.graph, self.plan, values, keep=names)
        count = len(next(iter(values.values()))) if values else 1
        return tuple(_leave(port, results.get(port.tensor or ""), count) for port in self.network.outputs)

    def tensors(self, names: Sequence[str], *inputs: Array) -> Mapping[str, Array]:
        """The author's tensors by the names of the network's layers, (n, *shape) for n batches; others are left out."""
        layers = {layer.source: layer for layer in self.network.layers if layer.source in names}
        keep = dict.fromkeys(layer.tensor for layer in layers.values())
        results = evaluate_rounded(self.network.graph, self.plan, self._enter(inputs), keep=keep)
        return {
            name: np.transpose(results[layer.tensor], (0, *(int(axis) + 1 for axis in np.argsort(layer.axes))))
            for name, layer in layers.items()
        }

    def _enter(self, inputs: Sequence[Array]) -> dict[str, Array]:
        ports, graph = self.network.inputs, self.network.graph
        if len(inputs) != len(ports):
            raise BadInput(f"'{graph.name}' takes {len(ports)} inputs, {len(inputs)} were given")
        values = {
            port.name: to_graph_values(values, port, graph.tensor(port.name).dtype)
            for port, values in zip(ports, inputs, strict=True)
        }
        return {name: values[name] for name in graph.inputs}


def to_graph_values(values: Array, port: NetworkInput, dtype: DType) -> Array:
    """An author's input, any number of batches along axis 0, as the graph's (n, *shape) in the graph's type.

    Integers that stand for reals become these. Raises BadInput where the shape does not fit.
    """
    own = port.shape
    if values.ndim != max(len(own), 1) or (own and (values.shape[1:] != own[1:] or values.shape[0] % own[0])):
        raise BadInput(f"values of shape {list(values.shape)} do not fit input '{port.name}', which takes {list(own)}")
    batches = values.reshape(-1, *own)
    if port.encoding is None:
        return batches.astype(dtype.numpy)
    scale, zero = np.float32(port.encoding.scale[0]), int(port.encoding.zero_point[0])
    return np.asarray((batches.astype(np.float32) - (zero + _offset(port.dtype))) * scale, np.float32)


def _leave(port: NetworkOutput, values: Array | None, count: int) -> Array:
    if values is None:
        assert port.constant is not None
        values = np.broadcast_to(port.constant, (count, *port.constant.shape))
    values = values if port.encoding is None else _to_integers(values, port.encoding, _offset(port.dtype))
    return values.astype(port.dtype).reshape(-1, *values.shape[2:])


def _to_integers(values: Array, encoding: Quantisation, offset: int) -> Array:
    steps = np.rint(values.astype(np.float64) / encoding.scale[0]) + encoding.zero_point[0]
    return np.asarray(np.clip(steps, *encoding.limits) + offset)


def _offset(dtype: np.dtype[np.generic]) -> int:
    """What the author's integers are above the graph's."""
    return _UNSIGNED_OFFSET if dtype == np.uint8 else 0
