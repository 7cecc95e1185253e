"""An `.onnx` file and its calibration to a QuantizedNetwork."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chipsmith.frontends.assemble import NetworkSource, assemble_network
from chipsmith.frontends.calibration import (
    CalibrationSource,
    missing_calibration,
    needless_calibration,
    order_calibration,
    read_calibration,
)
from chipsmith.frontends.layout import Border
from chipsmith.frontends.onnx.model import OnnxModel, read_model
from chipsmith.frontends.onnx.network import lower_model
from chipsmith.frontends.onnx.runtime import OnnxRuntimeModel
from chipsmith.frontends.onnx.shapes import ShapesByName
from chipsmith.frontends.options import DEFAULT_OPTIONS, LoadOptions
from chipsmith.frontends.quantise import quantise_network
from chipsmith.frontends.quantized_io import AuthorTensor
from chipsmith.frontends.quantized_network import Arithmetic, QuantizedNetwork
from chipsmith.quantisation.fold import fold_products
from chipsmith.quantisation.quantise import QuantisationResult
from chipsmith.quantisation.settings import QuantisationSettings
from chipsmith.tosa.graph import Array

_NO_SHAPES: ShapesByName = {}
_DEFAULTS = QuantisationSettings()


def load_onnx(
    model: str, calibration: CalibrationSource | None = None, options: LoadOptions = DEFAULT_OPTIONS
) -> QuantizedNetwork:
    """The network of an `.onnx` file: a quantised network with its own scales, a float one by its calibration.

    `calibration` is inputs along the first axis, as the network takes them; for several inputs arrays by their names.
    It fixes sizes that the file leaves open, and `options` do. Raises BadInput and OperatorRefused as
    read_model, lower_model and assemble_network do.
    """
    if calibration is None:
        network = read_model(model, shapes=options.shapes)
        if not network.quantised:
            raise missing_calibration(model)
        return assemble_file(network, options.border)
    network, columns = read_columns(model, calibration, shapes=options.shapes)
    if network.quantised:
        raise needless_calibration(model)
    return quantise_file(network, columns, options.quantisation, options.border)


def assemble_file(model: OnnxModel, border: Border = Border.HOST) -> QuantizedNetwork:
    """The integer network of a quantised file, whose scales are kept."""
    network, plan = lower_model(model)
    folded = fold_products(network, planned=plan.tensors)
    source = NetworkSource(model=OnnxRuntimeModel(model=model), arithmetic=Arithmetic.ROUNDED)
    return assemble_network(QuantisationResult(network=folded, plan=plan), source=source, border=border)


def quantise_file(
    model: OnnxModel,
    columns: Sequence[Array],
    settings: QuantisationSettings = _DEFAULTS,
    border: Border = Border.HOST,
) -> QuantizedNetwork:
    """The integer network of a float file, by a calibration: one array for each input, batches along axis 0."""
    network, plan = lower_model(model)
    source = OnnxRuntimeModel(model=model)
    return quantise_network(network, columns, source=source, settings=settings, plan=plan, border=border)


def list_inputs(model: str, options: LoadOptions) -> tuple[AuthorTensor, ...]:
    """The inputs of an `.onnx` file, a batch that is left open as 1. Raises BadInput as read_model does."""
    ports = read_model(model, shapes=options.shapes).inputs
    return tuple(AuthorTensor(name=port.name, dtype=port.dtype, shape=port.shape) for port in ports)


def read_columns(
    model: str, calibration: CalibrationSource, *, shapes: ShapesByName = _NO_SHAPES
) -> tuple[OnnxModel, list[Array]]:
    """The network of an `.onnx` file and one array for each of its inputs, whose shapes fix what the file leaves open.

    Raises BadInput as load_onnx does.
    """
    arrays = read_calibration(calibration)
    samples = {name: array.shape for name, array in arrays.items()} if isinstance(arrays, Mapping) else arrays.shape
    network = read_model(model, shapes=shapes, samples=samples if isinstance(samples, dict) else (samples,))
    return network, order_calibration(arrays, [port.name for port in network.inputs])
