"""The outputs of a target beside tosa_reference_model's, element by element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chipsmith.targets.inferences import split_inferences
from chipsmith.tosa.graph import Array, Graph
from chipsmith.witness.reference_model import NAME, witness_outputs, witness_version


@dataclass(frozen=True, kw_only=True)
class BitExactness:
    """Comparison of the chip's outputs with a reference: of `compared` elements, `mismatches` differ."""

    mismatches: int
    compared: int
    images: int
    reference: str
    reference_version: str

    @property
    def exact(self) -> bool:
        """Whether all elements are equal, and there are some."""
        return self.compared > 0 and self.mismatches == 0


def compare_with_witness(
    graph: Graph, inputs: Mapping[str, Array], outputs: Mapping[str, Array], *, count: int
) -> BitExactness:
    """Run the first `count` inferences, one by one, in tosa_reference_model and count the elements that differ.

    `inputs` and `outputs` are as PreparedGraph.execute takes and gives them. Raises CheckFailed where the model refuses
    the graph.
    """
    first = {name: array[:count] for name, array in _split(graph, graph.inputs, inputs).items()}
    expected = witness_outputs(graph, first)
    split = _split(graph, graph.outputs, outputs)
    pairs = [(array, split[name][: len(array)]) for name, array in expected.items()]
    return BitExactness(
        mismatches=sum(int(np.count_nonzero(reference != output)) for reference, output in pairs),
        compared=sum(reference.size for reference, _ in pairs),
        images=len(next(iter(first.values()))),
        reference=NAME,
        reference_version=witness_version(),
    )


def _split(graph: Graph, names: tuple[str, ...], arrays: Mapping[str, Array]) -> dict[str, Array]:
    return split_inferences(arrays, {name: graph.tensor(name).shape for name in names})
