"""Layer by layer: the error of int8 against float, and of the target npu against a witness that is not ours."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from chipsmith.chip import Chip
from chipsmith.errors import BadInput
from chipsmith.frontends.onnx import FRONT_END as ONNX
from chipsmith.frontends.onnx.witness import witness_name
from chipsmith.frontends.registry import front_end_of
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.witness.diff.layer import Difference, from_float, from_witness
from chipsmith.witness.diff.onnx import onnx_layers
from chipsmith.witness.diff.pytorch import pytorch_layers

MOST_INPUTS = 16
"""Inputs that are compared at most."""
_WITHOUT_FLOAT = (".tosa", ".tflite")


@dataclass(frozen=True, kw_only=True)
class LayerDiff:
    """One layer: int8 against float, and npu against the witness (None where its tensor was not found)."""

    name: str
    operator: str
    scale: float
    int8: Difference
    npu: Difference | None


@dataclass(frozen=True, kw_only=True)
class Diff:
    """The layers of a network in their order, over so many inputs; `witness` says what npu is compared with."""

    network: str
    chip: str
    inputs: int
    witness: str
    layers: tuple[LayerDiff, ...]

    def to_json(self) -> Json:
        """The object of `chipsmith diff --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "network": self.network,
            "chip": self.chip,
            "inputs": self.inputs,
            "witness": self.witness,
            "layers": [dataclasses.asdict(layer) for layer in self.layers],
        }


def compare_layers(model: str, calibration: str | os.PathLike[str] | None, chip: Chip) -> Diff:
    """The layers of an `.onnx` file or of `package.module:function`, over the first MOST_INPUTS of the calibration.

    The chip's values are those of the simulated chip, compiled with every layer as an output. Raises BadInput for
    networks that come without their float original, and as load_onnx and load_pytorch do.
    """
    if Path(model).suffix.lower() in _WITHOUT_FLOAT:
        raise BadInput(
            f"{model} holds no float network to compare with: give the .onnx file or package.module:function it is from"
        )
    if front_end_of(model) is ONNX:
        (name, layers), witness = onnx_layers(model, calibration, chip, most=MOST_INPUTS), witness_name()
    else:
        name, layers = pytorch_layers(model, calibration, chip, most=MOST_INPUTS)
        witness = f"PyTorch {version('torch')}, the network converted to int8"
    return Diff(
        network=name,
        chip=chip.name,
        inputs=len(layers[0].real) if layers else 0,
        witness=witness,
        layers=tuple(
            LayerDiff(
                name=layer.name,
                operator=layer.operator,
                scale=layer.scale,
                int8=from_float(layer),
                npu=from_witness(layer),
            )
            for layer in layers
        ),
    )
