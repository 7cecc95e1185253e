"""onnxruntime's own int8: its quantiser with ranges by least and greatest value, and weights by channel if it can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from chipsmith.tosa.graph import Array
from doors.subject import Inference
from doors.truth import open_session, run_onnx

OPSET_OF_AXES = 13
"""From this opset on a scale can go along an axis."""


def run_onnxruntime_int8(
    model: Path, calibration: Sequence[Inference], inputs: Sequence[Inference], folder: Path
) -> tuple[Inference, ...]:
    """The outputs of a float file once onnxruntime has quantised it, by onnxruntime without optimisations."""
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared, quantised = folder / "rival-prepared.onnx", folder / "rival.onnx"
    quant_pre_process(str(model), str(prepared), skip_symbolic_shape=True)
    names = [port.name for port in open_session(prepared).get_inputs()]
    quantize_static(
        str(prepared),
        str(quantised),
        _Reader(names, calibration),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
        per_channel=_read_opset(prepared) >= OPSET_OF_AXES,
    )
    return run_onnx(quantised, inputs)


def _read_opset(file: Path) -> int:
    import onnx

    opsets = onnx.load(file, load_external_data=False).opset_import
    return next(int(opset.version) for opset in opsets if not opset.domain)


class _Reader:
    """Hands the quantiser a calibration, inference after inference."""

    def __init__(self, names: Sequence[str], calibration: Sequence[Inference]) -> None:
        self._inferences: Iterator[dict[str, Array]] = (
            dict(zip(names, inference, strict=True)) for inference in calibration
        )

    def get_next(self) -> dict[str, Array] | None:
        return next(self._inferences, None)
