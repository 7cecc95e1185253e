"""An `.onnx` file and its calibration to a QuantizedNetwork."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chipsmith.errors import BadInput
from chipsmith.files import read_arrays
from chipsmith.frontends.calibration import as_input, missing_calibration, needless_calibration
from chipsmith.frontends.front_end import AnyPath
from chipsmith.frontends.onnx.model import OnnxModel, Shapes, read_model
from chipsmith.frontends.onnx.network import lower_network, quantise_network
from chipsmith.frontends.quantized_io import AuthorTensor
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.tosa.graph import Array


def load_onnx(model: str, calibration: AnyPath | None) -> QuantizedNetwork:
    """The network of an `.onnx` file: a QDQ network with its own scales, a float one quantised by its calibration.

    `calibration` is an `.npy` file with inputs along its first axis, as the network takes them; for several inputs an
    `.npz` file keyed by their names. It fixes sizes that the file leaves open. Raises BadInput and OperatorRefused as
    read_model, quantise and lower_network do.
    """
    if calibration is None:
        network = read_model(model)
        if not network.quantised:
            raise missing_calibration(model)
        return lower_network(network)
    network, columns = read_columns(model, calibration)
    if network.quantised:
        raise needless_calibration(model)
    return quantise_network(network, columns)


def list_inputs(model: str) -> tuple[AuthorTensor, ...]:
    """The inputs of an `.onnx` file, a batch that is left open as 1. Raises BadInput as read_model does."""
    ports = read_model(model).inputs
    return tuple(AuthorTensor(name=port.name, dtype=port.dtype, shape=port.shape) for port in ports)


def read_columns(model: str, calibration: AnyPath) -> tuple[OnnxModel, list[Array]]:
    """The network of an `.onnx` file and one array for each of its inputs, whose shapes fix what the file leaves open.

    Raises BadInput as load_onnx does.
    """
    loaded = read_arrays(calibration)
    network = read_model(model, _read_shapes(loaded))
    names = [port.name for port in network.inputs]
    return network, _order_columns(loaded, names, Path(calibration))


def _read_shapes(loaded: Array | dict[str, Array]) -> Shapes:
    """Shapes of inputs, in their order or by name."""
    return {name: array.shape for name, array in loaded.items()} if isinstance(loaded, dict) else (loaded.shape,)


def _order_columns(loaded: Array | dict[str, Array], names: Sequence[str], file: Path) -> list[Array]:
    if not isinstance(loaded, dict):
        return [as_input(loaded, file)]
    if set(loaded) != set(names):
        raise BadInput(f"{file} holds {', '.join(sorted(loaded))} where the inputs {', '.join(names)} belong")
    return [as_input(loaded[name], file) for name in names]
