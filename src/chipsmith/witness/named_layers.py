"""The layers of a network whose tensors are known by their author's names."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from chipsmith.frontends.quantized_network import Arithmetic, Layer, QuantizedNetwork
from chipsmith.tosa.graph import Array, DType

_UNSIGNED_OFFSET = 128


def list_layers(network: QuantizedNetwork) -> tuple[Layer, ...]:
    """A network's own layers, or those that its operators' names give: a file in integers names its tensors so.

    What has the integers of a layer before it, such as the DequantizeLinear behind it, is no layer.
    """
    own = network.layers or (_name_layers(network) if network.arithmetic is Arithmetic.INTEGER else ())
    first: dict[str, Layer] = {}
    for layer in own:
        first.setdefault(layer.tensor, layer)
    return tuple(first.values())


def _name_layers(network: QuantizedNetwork) -> Iterator[Layer]:
    """The last int8 tensor of each of the author's names, in integers."""
    last = {network.operator_names[op.name]: op for op in network.graph.operators if op.name in network.operator_names}
    for name, op in last.items():
        tensor = network.graph.tensor(op.outputs[0])
        if tensor.dtype is DType.INT8 and tensor.shape:
            yield Layer(
                name=name,
                operator=network.other_roundings.get(name, op.kind),
                tensor=tensor.name,
                axes=tuple(range(len(tensor.shape))),
                scale=1.0,
                zero_point=0,
                real=name,
            )


def signed_integers(values: Array) -> npt.NDArray[np.int64]:
    """Integers of a source as a graph has them: those of uint8 lie 128 lower in int8."""
    return values.astype(np.int64) - (_UNSIGNED_OFFSET if values.dtype == np.uint8 else 0)
