"""A float network of any front end, and its calibration, to a QuantizedNetwork."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.assemble import NetworkSource, assemble_network
from chipsmith.frontends.layout import Border
from chipsmith.frontends.quantized_network import Arithmetic, FrameworkModel, QuantizedNetwork
from chipsmith.quantisation.fold import fold_products
from chipsmith.quantisation.masks import bound_masks
from chipsmith.quantisation.network import FloatNetwork, NetworkInput
from chipsmith.quantisation.plan import QuantisationPlan
from chipsmith.quantisation.quantise import quantise
from chipsmith.quantisation.settings import QuantisationSettings
from chipsmith.tosa.graph import Array, DType

_NO_PLAN = QuantisationPlan(tensors={})


def quantise_network(
    network: FloatNetwork,
    calibration: Sequence[Array],
    *,
    source: FrameworkModel,
    settings: QuantisationSettings,
    plan: QuantisationPlan = _NO_PLAN,
    border: Border = Border.HOST,
) -> QuantizedNetwork:
    """The integer network of a float one, its integers chosen over `calibration`.

    `calibration` holds an array for each input, with any number of inferences along axis 0, or with an axis more that
    counts them. What `plan` has is given by the author and stays. `border` as in LoadOptions. Raises BadInput where
    the calibration does not fit, OperatorRefused as assemble_network does.
    """
    folded = fold_products(network, planned=plan.tensors)
    bounded = bound_masks(folded)
    rows = calibration_rows(network.inputs, calibration)
    result = quantise(bounded, _name_rows(bounded, rows), settings)
    joined = QuantisationPlan(tensors={**result.plan.tensors, **plan.tensors})
    examples = [_join(column) for column in rows]
    return assemble_network(
        replace(result, plan=joined),
        source=NetworkSource(model=source, arithmetic=Arithmetic.FLOAT, floats=folded, calibration=examples),
        border=border,
    )


def calibration_rows(inputs: Sequence[NetworkInput], calibration: Sequence[Array]) -> list[Array]:
    """The calibration as (n, *shape) for each input, in the author's types. Raises BadInput where it does not fit."""
    if len(calibration) != len(inputs):
        names = ", ".join(port.name for port in inputs)
        raise BadInput(
            f"the network takes {len(inputs)} inputs ({names}), and the calibration holds {len(calibration)}: give an "
            ".npz file keyed by their names"
        )
    rows = [_split(np.asarray(column), port) for column, port in zip(calibration, inputs, strict=True)]
    counts = {port.name: len(column) for port, column in zip(inputs, rows, strict=True)}
    if len(set(counts.values())) > 1:
        texts = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise BadInput(f"the calibration holds different numbers of inferences ({texts}): give each input as many")
    return rows


def _join(rows: Array) -> Array:
    """(n, *shape) joined along the first axis of the shape."""
    return rows.reshape(-1, *rows.shape[2:])


def _name_rows(network: FloatNetwork, rows: Sequence[Array]) -> Mapping[str, Array]:
    """The calibration's rows as the graph takes them: (n, *shape) by the inputs' names."""
    pairs = zip(rows, network.inputs, strict=True)
    return {port.name: _convert(column, port, network.graph.tensor(port.name).dtype) for column, port in pairs}


def _split(values: Array, port: NetworkInput) -> Array:
    """Inputs along axis 0 as (n, *shape); an axis more than the input has counts them."""
    counted = values.shape[1:] == port.shape
    joined = values.ndim == len(port.shape) > 0 and values.shape[1:] == port.shape[1:]
    if values.size == 0 or not (counted or (joined and values.shape[0] % port.shape[0] == 0)):
        raise BadInput(
            f"a calibration of shape {list(values.shape)} does not fit input '{port.name}', which takes "
            f"{list(port.shape)}: give one or more such inputs along the first axis"
        )
    return values.reshape(-1, *port.shape)


def _convert(values: Array, port: NetworkInput, dtype: DType) -> Array:
    """Values in the graph's type; integers that stand for reals as these."""
    if port.encoding is None:
        return values.astype(dtype.numpy)
    offset = 128 if port.dtype == np.uint8 else 0
    steps = values.astype(np.float32) - offset - float(port.encoding.zero_point[0])
    return (steps * float(port.encoding.scale[0])).astype(np.float32)
