"""From a float network and calibration inputs to a QDQ network, by onnxruntime's static quantisation."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.frontends.onnx.evaluate import PROVIDERS, quiet_options
from chipsmith.frontends.onnx.masks import bound_masks
from chipsmith.frontends.onnx.model import OnnxInput, OnnxModel, parse_model
from chipsmith.frontends.onnx.recurrent import unroll
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import onnx

_OPSET = 13
"""The first version whose DequantizeLinear takes a scale for each channel."""
_WARNING, _FATAL = 2, 4
"""Severities of onnxruntime's log; it begins with the first."""
_LEFT_FLOAT = (
    *("LayerNormalization", "InstanceNormalization", "BatchNormalization"),
    *("Constant", "Shape", "Cast", "Dropout", "ArgMax"),
)
"""Their own inputs or outputs need no int8: gains and biases keep 16 bits."""


def quantise(model: OnnxModel, calibration: Sequence[Array]) -> tuple[OnnxModel, OnnxModel]:
    """The QDQ network of a float one, and the float one as it was quantised: batch normalisation folded, opset 13.

    Weights are symmetric int8 with a scale for each output channel, activations int8 with a scale and a zero point;
    ranges are the least and greatest values over `calibration`, one array for each input, batches along axis 0.
    Raises BadInput where the calibration does not fit or onnxruntime refuses the network.
    """
    columns = [_split_batches(values, port, model) for values, port in _pair(model, calibration)]
    if len({len(column) for column in columns}) != 1:
        raise BadInput(f"the calibration of '{model.name}' has inputs of different lengths")
    names = [port.name for port in model.inputs]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    file = Path(f"{model.name}.onnx")
    with tempfile.TemporaryDirectory(prefix="chipsmith-") as name, _silence_logs(), _refuse_errors(model):
        plain = _simplify(model, Path(name))
        quantised = _quantise(plain, rows, Path(name))
    return parse_model(quantised, file), parse_model(plain, file)


def _pair(model: OnnxModel, calibration: Sequence[Array]) -> list[tuple[Array, OnnxInput]]:
    if len(calibration) != len(model.inputs):
        names = ", ".join(port.name for port in model.inputs)
        raise BadInput(
            f"'{model.name}' takes {len(model.inputs)} inputs ({names}), the calibration holds {len(calibration)}; "
            "give an .npz file keyed by their names"
        )
    return list(zip(calibration, model.inputs, strict=True))


def _split_batches(values: Array, port: OnnxInput, model: OnnxModel) -> list[npt.NDArray[Any]]:
    batch = port.shape[0] if port.shape else 1
    if not port.shape or values.shape[1:] != port.shape[1:] or len(values) == 0 or len(values) % batch:
        raise BadInput(
            f"calibration of shape {list(values.shape)} does not fit input '{port.name}' of '{model.name}', which "
            f"takes {list(port.shape)}; give one or more such inputs along the first axis"
        )
    return [np.ascontiguousarray(part, port.dtype) for part in np.split(values, len(values) // batch)]


def _simplify(model: OnnxModel, folder: Path) -> onnx.ModelProto:
    """Constants folded and batch normalisation put into convolutions, in ONNX's own operators."""
    import onnx
    import onnxruntime

    proto = _raise_opset(model.proto)
    options, target = quiet_options(), folder / "plain.onnx"
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(target)
    onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=PROVIDERS)
    plain = bound_masks(unroll(onnx.load(target)))
    used = {node.domain for node in plain.graph.node}
    kept = [opset for opset in plain.opset_import if opset.domain in used or opset.domain in ("", "ai.onnx")]
    del plain.opset_import[:]
    plain.opset_import.extend(kept)
    return plain


def _raise_opset(proto: onnx.ModelProto) -> onnx.ModelProto:
    """The network in a version of ONNX that knows scales for channels."""
    import onnx

    versions = [opset.version for opset in proto.opset_import if opset.domain in ("", "ai.onnx")]
    if versions and max(versions) >= _OPSET:
        return proto
    return onnx.version_converter.convert_version(proto, _OPSET)


def _quantise(plain: onnx.ModelProto, rows: Sequence[dict[str, npt.NDArray[Any]]], folder: Path) -> onnx.ModelProto:
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """Gives the rows one by one."""

        def __init__(self) -> None:
            self._rows = iter(rows)

        def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
            """The next row, None behind the last."""
            return next(self._rows, None)

    source = onnx.ModelProto()
    source.CopyFrom(plain)
    for node in source.graph.node:  # messages name a node; the quantiser gives its outputs other names
        node.name = node.name or node.output[0]
    add_pre_process_metadata(source)
    target = folder / "quantised.onnx"
    kinds = sorted({node.op_type for node in plain.graph.node} - set(_LEFT_FLOAT))
    quantize_static(
        source,
        str(target),
        Reader(),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=kinds,
        per_channel=True,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
        extra_options={"ForceQuantizeNoInputCheck": True},
    )
    return onnx.load(target)


@contextmanager
def _refuse_errors(model: OnnxModel) -> Iterator[None]:
    """Whatever onnx and onnxruntime raise, whose errors have no common class, as one line."""
    try:
        yield
    except BadInput:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise BadInput(f"onnxruntime cannot quantise '{model.name}': {lines[0][:300]}") from error


@contextmanager
def _silence_logs() -> Iterator[None]:
    """Without the advice that onnxruntime's quantiser logs, and without what its sessions write beside their errors."""
    import onnxruntime

    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    onnxruntime.set_default_logger_severity(_FATAL)
    try:
        yield
    finally:
        logging.disable(before)
        onnxruntime.set_default_logger_severity(_WARNING)
