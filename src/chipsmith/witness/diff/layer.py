"""What each layer of a network is in floating point, in int8 by a witness, and on the target npu."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from chipsmith.chip import Chip
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.targets.inferences import split_inferences
from chipsmith.targets.npu import NpuTarget
from chipsmith.targets.reference import ReferenceTarget
from chipsmith.tosa.graph import Array
from chipsmith.witness.noise import sqnr_db


@dataclass(frozen=True, kw_only=True)
class LayerValues:
    """One layer's result over n inputs, all arrays of one shape (n, ...): real = (q - zero_point) * scale.

    `real` is the float network's; `witness` and `npu` are integers of so many `bits`. `npu` is None where no tensor of
    the graph is the layer's. `exact`: whether its first inputs give the same bits on the npu as by the graph's meaning.
    """

    name: str
    operator: str
    scale: float
    zero_point: int
    real: npt.NDArray[np.float64]
    witness: npt.NDArray[np.int64]
    npu: npt.NDArray[np.int64] | None
    bits: int = 8
    exact: bool | None = None

    @property
    def span(self) -> float:
        """From the least to the greatest of the float network's values: what differences are set against."""
        return float(self.real.max() - self.real.min())


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far integers are from what they should be.

    `snr_db`: 10 log10(sum x^2 / sum (x - y)^2) of the real values, None without a difference or a signal; `largest`:
    the greatest difference in steps of the layer's own scale, which are 2^24 times finer in 32 bits than in 8;
    `of_range`: the same as a share of the layer's range, from its least to its greatest value in floating point, which
    can be compared between layers (a step of 8 bits is 1/255); None where the layer is one value. `differing`: the
    share of elements that are another integer.
    """

    snr_db: float | None
    largest: float
    differing: float
    of_range: float | None = None


def from_float(values: LayerValues) -> Difference:
    """The witness's int8 against the float network; an element differs where the float rounds to another integer."""
    real = (values.witness - values.zero_point) * values.scale
    rounded = np.clip(np.rint(values.real / values.scale) + values.zero_point, *_limits(values.witness))
    largest = float(np.abs(values.real - real).max())
    return Difference(
        snr_db=_snr_db(values.real, real),
        largest=largest / values.scale,
        of_range=largest / values.span if values.span else None,
        differing=float((rounded != values.witness).mean()),
    )


def from_witness(values: LayerValues) -> Difference | None:
    """The target npu against the witness's int8; None where no tensor of the graph is the layer's."""
    if values.npu is None:
        return None
    expected, output = ((steps - values.zero_point) * values.scale for steps in (values.witness, values.npu))
    largest = float(np.abs(values.witness - values.npu).max())
    return Difference(
        snr_db=_snr_db(expected, output),
        largest=largest,
        of_range=largest * values.scale / values.span if values.span else None,
        differing=float((values.witness != values.npu).mean()),
    )


def _limits(integers: npt.NDArray[np.int64]) -> tuple[int, int]:
    """The range of int8, or of what the integers are beyond it."""
    return min(-128, int(integers.min())), max(127, int(integers.max()))


def _snr_db(exact: npt.NDArray[np.float64], rough: npt.NDArray[np.float64]) -> float | None:
    signal, noise = float((exact**2).sum()), float(((exact - rough) ** 2).sum())
    return sqnr_db(signal, noise)


def npu_tensors(
    network: QuantizedNetwork, chip: Chip, tensors: Sequence[str], inputs: Sequence[Array]
) -> dict[str, Array]:
    """Inner tensors (n, *shape) by name on the target npu, for the author's inputs, n batches along axis 0.

    The graph is compiled with these tensors as further outputs.
    """
    graph = network.graph
    shown = replace(graph, outputs=tuple(dict.fromkeys((*graph.outputs, *tensors))))
    npu = NpuTarget(chip=chip).prepare(replace(network, graph=shown))
    outputs = npu.graph.execute(network.quantize_inputs(*inputs))
    return split_inferences(outputs, {name: graph.tensor(name).shape for name in tensors})


def graph_tensors(network: QuantizedNetwork, tensors: Sequence[str], inputs: Sequence[Array]) -> dict[str, Array]:
    """Inner tensors as npu_tensors gives them, by the meaning of the integer graph: TOSA's reference interpreter."""
    graph = network.graph
    shown = ReferenceTarget().prepare_graph(replace(graph, outputs=tuple(dict.fromkeys(tensors))))
    outputs = shown.execute(network.quantize_inputs(*inputs))
    return split_inferences(outputs, {name: graph.tensor(name).shape for name in tensors})
