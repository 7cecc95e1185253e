"""An `.onnx` file and its calibration to a QuantizedNetwork."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.files import read_arrays
from chipsmith.frontends.assemble import NetworkSource, assemble_network
from chipsmith.frontends.calibration import as_input, missing_calibration, needless_calibration
from chipsmith.frontends.front_end import AnyPath
from chipsmith.frontends.onnx.model import OnnxModel, read_model
from chipsmith.frontends.onnx.network import lower_model
from chipsmith.frontends.onnx.runtime import OnnxRuntimeModel
from chipsmith.frontends.onnx.shapes import Samples, ShapesByName
from chipsmith.frontends.quantized_io import AuthorTensor
from chipsmith.frontends.quantized_network import Arithmetic, QuantizedNetwork
from chipsmith.quantisation.fold import fold_products
from chipsmith.quantisation.network import FloatNetwork, NetworkInput
from chipsmith.quantisation.plan import QuantisationPlan
from chipsmith.quantisation.quantise import quantise
from chipsmith.tosa.graph import Array, DType

_NO_SHAPES: ShapesByName = {}


def load_onnx(model: str, calibration: AnyPath | None) -> QuantizedNetwork:
    """The network of an `.onnx` file: a quantised network with its own scales, a float one by its calibration.

    `calibration` is an `.npy` file with inputs along its first axis, as the network takes them; for several inputs an
    `.npz` file keyed by their names. It fixes sizes that the file leaves open. Raises BadInput and OperatorRefused as
    read_model, lower_model and assemble_network do.
    """
    if calibration is None:
        network = read_model(model)
        if not network.quantised:
            raise missing_calibration(model)
        return assemble_file(network)
    network, columns = read_columns(model, calibration)
    if network.quantised:
        raise needless_calibration(model)
    return quantise_file(network, columns)


def load_float_network(
    model: AnyPath, *, shapes: ShapesByName = _NO_SHAPES, samples: Samples = ()
) -> tuple[FloatNetwork, QuantisationPlan]:
    """The float network of an `.onnx` file, and the plan of its own scales, empty where it has none.

    `shapes` and `samples` fix sizes that the file leaves open; they are those of read_model. Constants are folded into
    products. Raises as read_model and lower_model do.
    """
    return _fold(read_model(model, shapes=shapes, samples=samples))


def assemble_file(model: OnnxModel) -> QuantizedNetwork:
    """The integer network of a quantised file, whose scales are kept."""
    network, plan = _fold(model)
    source = NetworkSource(model=OnnxRuntimeModel(model=model), arithmetic=Arithmetic.ROUNDED)
    return assemble_network(network, plan, source=source)


def quantise_file(model: OnnxModel, columns: Sequence[Array]) -> QuantizedNetwork:
    """The integer network of a float file, by a calibration: one array for each input, batches along axis 0."""
    network, coded = _fold(model)
    result = quantise(network, _name_columns(model, network, columns))
    plan = QuantisationPlan(tensors={**result.plan.tensors, **coded.tensors})
    source = NetworkSource(model=OnnxRuntimeModel(model=model), arithmetic=Arithmetic.FLOAT, calibration=tuple(columns))
    return assemble_network(result.network, plan, source=source)


def _fold(model: OnnxModel) -> tuple[FloatNetwork, QuantisationPlan]:
    network, plan = lower_model(model)
    return fold_products(network, planned=plan.tensors), plan


def _name_columns(model: OnnxModel, network: FloatNetwork, columns: Sequence[Array]) -> Mapping[str, Array]:
    """The calibration as the graph takes it: (n, *shape) by the inputs' names."""
    if len(columns) != len(network.inputs):
        names = ", ".join(port.name for port in network.inputs)
        raise BadInput(
            f"'{model.name}' takes {len(network.inputs)} inputs ({names}), the calibration holds {len(columns)}; "
            "give an .npz file keyed by their names"
        )
    named = {
        port.name: _as_graph_has_it(_split(column, port, model), port, network.graph.tensor(port.name).dtype)
        for column, port in zip(columns, network.inputs, strict=True)
    }
    if len({len(column) for column in named.values()}) != 1:
        raise BadInput(f"the calibration of '{model.name}' has inputs of different lengths")
    return named


def _split(values: Array, port: NetworkInput, model: OnnxModel) -> Array:
    """Inputs along axis 0 as (n, *shape); an axis more than the input has counts them."""
    counted = values.shape[1:] == port.shape
    stacked = values.ndim == len(port.shape) > 0 and values.shape[1:] == port.shape[1:]
    if values.size == 0 or not (counted or (stacked and values.shape[0] % port.shape[0] == 0)):
        raise BadInput(
            f"calibration of shape {list(values.shape)} does not fit input '{port.name}' of '{model.name}', which "
            f"takes {list(port.shape)}; give one or more such inputs along the first axis"
        )
    return values.reshape(-1, *port.shape)


def _as_graph_has_it(values: Array, port: NetworkInput, dtype: DType) -> Array:
    """Integers that stand for reals as these."""
    if port.encoding is None:
        return values.astype(dtype.numpy)
    offset = 128 if port.dtype == np.uint8 else 0
    steps = values.astype(np.float32) - offset - float(port.encoding.zero_point[0])
    return (steps * float(port.encoding.scale[0])).astype(np.float32)


def list_inputs(model: str) -> tuple[AuthorTensor, ...]:
    """The inputs of an `.onnx` file, a batch that is left open as 1. Raises BadInput as read_model does."""
    ports = read_model(model).inputs
    return tuple(AuthorTensor(name=port.name, dtype=port.dtype, shape=port.shape) for port in ports)


def read_columns(model: str, calibration: AnyPath) -> tuple[OnnxModel, list[Array]]:
    """The network of an `.onnx` file and one array for each of its inputs, whose shapes fix what the file leaves open.

    Raises BadInput as load_onnx does.
    """
    loaded = read_arrays(calibration)
    network = read_model(model, samples=_read_shapes(loaded))
    names = [port.name for port in network.inputs]
    return network, _order_columns(loaded, names, Path(calibration))


def _read_shapes(loaded: Array | dict[str, Array]) -> Samples:
    """Shapes of inputs, in their order or by name."""
    return {name: array.shape for name, array in loaded.items()} if isinstance(loaded, dict) else (loaded.shape,)


def _order_columns(loaded: Array | dict[str, Array], names: Sequence[str], file: Path) -> list[Array]:
    if not isinstance(loaded, dict):
        return [as_input(loaded, file)]
    if set(loaded) != set(names):
        raise BadInput(f"{file} holds {', '.join(sorted(loaded))} where the inputs {', '.join(names)} belong")
    return [as_input(loaded[name], file) for name in names]
