"""The outputs of a target beside tosa_reference_model's, element by element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

import chipsmith
from chipsmith.shown import Shown
from chipsmith.targets.inferences import split_inferences
from chipsmith.tosa.graph import Array, Graph
from chipsmith.tosa.reference import evaluate_batch
from chipsmith.witness.reference_model import NAME, witness_outputs, witness_version


@dataclass(frozen=True, kw_only=True)
class BitExactness(Shown):
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


@dataclass(frozen=True, kw_only=True)
class ExpectedOutputs:
    """What a reference says the outputs of a graph are, (n, *shape) by name."""

    reference: str
    reference_version: str
    outputs: Mapping[str, Array]

    def compare(self, graph: Graph, outputs: Mapping[str, Array]) -> BitExactness:
        """How `outputs`, as PreparedGraph.execute gives them for the same inferences and more, differ from these."""
        split = _split(graph, graph.outputs, outputs)
        pairs = [(array, split[name][: len(array)]) for name, array in self.outputs.items()]
        return BitExactness(
            mismatches=sum(int(np.count_nonzero(reference != output)) for reference, output in pairs),
            compared=sum(reference.size for reference, _ in pairs),
            images=len(pairs[0][0]),
            reference=self.reference,
            reference_version=self.reference_version,
        )


def ask_witness(graph: Graph, inputs: Mapping[str, Array], *, count: int) -> ExpectedOutputs:
    """The outputs of the first `count` inferences, one by one, in tosa_reference_model.

    `inputs` are as PreparedGraph.execute takes them. Raises CheckFailed where the model refuses the graph.
    """
    first = {name: array[:count] for name, array in _split(graph, graph.inputs, inputs).items()}
    return ExpectedOutputs(reference=NAME, reference_version=witness_version(), outputs=witness_outputs(graph, first))


def ask_interpreter(graph: Graph, inputs: Mapping[str, Array]) -> ExpectedOutputs:
    """The outputs in Chipsmith's own interpreter of TOSA; `inputs` are as PreparedGraph.execute takes them."""
    outputs = evaluate_batch(graph, _split(graph, graph.inputs, inputs))
    return ExpectedOutputs(reference="reference interpreter", reference_version=chipsmith.__version__, outputs=outputs)


def compare_with_witness(
    graph: Graph, inputs: Mapping[str, Array], outputs: Mapping[str, Array], *, count: int
) -> BitExactness:
    """Run the first `count` inferences, one by one, in tosa_reference_model and count the elements that differ.

    `inputs` and `outputs` are as PreparedGraph.execute takes and gives them. Raises CheckFailed where the model refuses
    the graph.
    """
    return ask_witness(graph, inputs, count=count).compare(graph, outputs)


def _split(graph: Graph, names: tuple[str, ...], arrays: Mapping[str, Array]) -> dict[str, Array]:
    return split_inferences(arrays, {name: graph.tensor(name).shape for name in names})
