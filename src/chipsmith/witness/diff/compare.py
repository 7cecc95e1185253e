"""Layer by layer: the error of int8 against float, and of the target npu against a witness that is not ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from chipsmith.chip import Chip
from chipsmith.compiler.network import compile_network
from chipsmith.frontends.calibration import (
    CalibrationSource,
    NeedlessCalibration,
    order_calibration,
    read_calibration,
)
from chipsmith.frontends.options import DEFAULT_OPTIONS, LoadOptions
from chipsmith.frontends.quantized_network import QuantizedNetwork, first_batches
from chipsmith.frontends.registry import load_model, name_model
from chipsmith.program.layer_names import LayerNames, name_layer
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Pictured, Shown
from chipsmith.tosa.graph import Array
from chipsmith.witness.check.inputs import choose_inputs
from chipsmith.witness.diff.layer import Difference, from_float, from_witness
from chipsmith.witness.diff.values import name_witness, read_layers


@dataclass(frozen=True, kw_only=True)
class LayerDiff(Shown):
    """One layer: int8 against float, and npu against the witness (None where its tensor was not found).

    Its integers have `bits` bits. `exact`: whether the chip has the same bits as the integer network, by the meaning of
    its graph. `kernel` is the label of the kernel that computes it on the chip, such as 'features.conv1 (k0)'; empty of
    a layer that is folded away.
    """

    name: str
    operator: str
    scale: float
    int8: Difference
    npu: Difference | None
    kernel: str = ""
    bits: int = 8
    exact: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Diff(Pictured):
    """The layers of a network in their order, over so many inputs; `witness` says what npu is compared with."""

    network: str
    chip: str
    inputs: int
    witness: str
    layers: tuple[LayerDiff, ...]

    def _brief(self) -> str:
        ratios = [layer.int8.snr_db for layer in self.layers if layer.int8.snr_db is not None]
        worst = f", int8 {min(ratios):.1f} dB at worst" if ratios else ""
        differ = len(self.inexact)
        chip = f"{differ} differ on {self.chip}" if differ else f"{self.chip} exact to the bit"
        return f"{self.network}: {len(self.layers)} layers over {self.inputs} inputs{worst}; {chip} (simulated)"

    @property
    def inexact(self) -> tuple[LayerDiff, ...]:
        """The layers whose bits on the chip are not those of the integer network."""
        return tuple(layer for layer in self.layers if layer.exact is False)

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


def compare_layers(
    model: object, calibration: CalibrationSource | None, chip: Chip, options: LoadOptions = DEFAULT_OPTIONS
) -> Diff:
    """The layers of a network of any front end, over the first inputs of the calibration, MOST_EXAMPLES at most.

    Of a network that is quantised already `calibration` is the inputs to compare over; without it they are random, and
    always the same. The chip's values are those of the simulated chip, compiled with every layer as an output. Raises
    BadInput for networks that come without another source, and as load_model does.
    """
    network, inputs = _load(model, calibration, options)
    layers = read_layers(network, chip, inputs, model=name_model(model))
    kernels = _name_kernels(network, chip)
    return Diff(
        network=network.graph.name,
        chip=chip.name,
        inputs=len(layers[0].real) if layers else 0,
        witness=name_witness(network),
        layers=tuple(
            LayerDiff(
                name=layer.name,
                operator=layer.operator,
                scale=layer.scale,
                int8=from_float(layer),
                npu=from_witness(layer),
                kernel=kernels.get(layer.name, ""),
                bits=layer.bits,
                exact=layer.exact,
            )
            for layer in layers
        ),
    )


def _name_kernels(network: QuantizedNetwork, chip: Chip) -> dict[str, str]:
    """The label of the kernel that computes a layer, by the layer's name, in the Program as `compile` makes it."""
    program = compile_network(network.graph, chip, operator_names=network.operator_names)
    operators = program.manifest.operators
    names = LayerNames(operators)
    return {name_layer(row): names.kernel(row.kernel).label for row in operators if row.kernel}


def _load(
    model: object, calibration: CalibrationSource | None, options: LoadOptions
) -> tuple[QuantizedNetwork, Sequence[Array]]:
    """The network and the author's inputs to compare over."""
    try:
        network = load_model(model, calibration, options)
    except NeedlessCalibration:
        assert calibration is not None
        network = load_model(model, None, options)
        columns = order_calibration(read_calibration(calibration), network.input_names)
        return network, first_batches(columns, network.author_inputs)
    return network, choose_inputs(network).arrays
