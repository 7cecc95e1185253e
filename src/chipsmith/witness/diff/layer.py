"""What each layer of a network is in floating point, in int8 by a witness, and in int8 on the simulated chip."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from chipsmith.chip import Chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.sim import functional
from chipsmith.tosa.graph import Array, DType, Graph


@dataclass(frozen=True, kw_only=True)
class LayerValues:
    """One layer's result over n inputs, all arrays of one shape (n, ...): real = (q - zero_point) * scale.

    `real` is the float network's; `witness` and `chip` are integers. `chip` is None where no tensor of the graph is the
    layer's.
    """

    name: str
    operator: str
    scale: float
    zero_point: int
    real: npt.NDArray[np.float64]
    witness: npt.NDArray[np.int64]
    chip: npt.NDArray[np.int64] | None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far integers are from what they should be.

    `snr_db`: 10 log10(sum x^2 / sum (x - y)^2) of the real values, None without a difference or a signal; `largest`:
    the greatest difference in steps of the scale; `differing`: the share of elements that are another integer.
    """

    snr_db: float | None
    largest: float
    differing: float


def from_float(values: LayerValues) -> Difference:
    """The witness's int8 against the float network; an element differs where the float rounds to another integer."""
    real = (values.witness - values.zero_point) * values.scale
    rounded = np.clip(np.rint(values.real / values.scale) + values.zero_point, *_limits(values.witness))
    return Difference(
        snr_db=_snr_db(values.real, real),
        largest=float(np.abs(values.real - real).max() / values.scale),
        differing=float((rounded != values.witness).mean()),
    )


def from_witness(values: LayerValues) -> Difference | None:
    """The chip against the witness's int8; None where no tensor of the graph is the layer's."""
    if values.chip is None:
        return None
    expected, found = ((one - values.zero_point) * values.scale for one in (values.witness, values.chip))
    return Difference(
        snr_db=_snr_db(expected, found),
        largest=float(np.abs(values.witness - values.chip).max()),
        differing=float((values.witness != values.chip).mean()),
    )


def _limits(integers: npt.NDArray[np.int64]) -> tuple[int, int]:
    """The range of int8, or of what the integers are beyond it."""
    return min(-128, int(integers.min())), max(127, int(integers.max()))


def _snr_db(exact: npt.NDArray[np.float64], rough: npt.NDArray[np.float64]) -> float | None:
    signal, noise = float((exact**2).sum()), float(((exact - rough) ** 2).sum())
    return 10 * math.log10(signal / noise) if signal and noise else None


def chip_tensors(graph: Graph, chip: Chip, tensors: Sequence[str], inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Inner tensors (n, *shape) by name, from the simulated chip: the graph is compiled with them as further outputs.

    `inputs` (batches along axis 0) are as the Program takes them.
    """
    shown = replace(graph, outputs=tuple(dict.fromkeys((*graph.outputs, *tensors))))
    values = functional.execute(compile_graph(shown, chip), inputs)
    return {name: values[name].reshape(-1, *graph.tensor(name).shape) for name in tensors}


def int8_tensors(graph: Graph) -> tuple[str, ...]:
    """The tensors that operators of a graph compute in int8, in its order."""
    names = (name for op in graph.operators for name in op.outputs)
    return tuple(name for name in names if graph.tensor(name).dtype is DType.INT8)
