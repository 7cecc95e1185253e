"""The target `reference`: the graph's meaning, operator by operator, as `chipsmith.tosa.reference` has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chipsmith.chip import Chip
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.profile.profile import Evidence
from chipsmith.targets.inferences import join_inferences, split_inferences
from chipsmith.targets.target import HostedGraph, Missing, TargetOptions, reasons_against
from chipsmith.tosa.graph import Array, Graph
from chipsmith.tosa.reference import evaluate_batch
from chipsmith.tosa.verify import verify


@dataclass(frozen=True, kw_only=True)
class ReferenceGraph:
    """A legal graph for the interpreter."""

    graph: Graph

    def execute(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """As PreparedGraph.execute."""
        shapes = {name: self.graph.tensor(name).shape for name in self.graph.inputs}
        outputs = evaluate_batch(self.graph, split_inferences(inputs, shapes))
        return {name: join_inferences(array) for name, array in outputs.items()}


@dataclass(frozen=True)
class ReferenceTarget:
    """The interpreter of TOSA's integer meaning."""

    name: ClassVar[str] = "reference"
    kind: ClassVar[Evidence] = Evidence.SIMULATED
    obtained: ClassVar[str] = "the TOSA graph, reference interpreter"
    chip: ClassVar[Chip | None] = None

    def missing(self) -> tuple[Missing, ...]:
        """As Target.missing: nothing."""
        return ()

    def refuses(self, network: QuantizedNetwork) -> tuple[str, ...]:
        """As Target.refuses: what is illegal, or an operator that has no row."""
        return reasons_against(self.prepare, network)

    def prepare(self, network: QuantizedNetwork) -> HostedGraph[ReferenceGraph]:
        """As Target.prepare."""
        return HostedGraph(host=network, graph=self.prepare_graph(network.graph))

    def prepare_graph(self, graph: Graph) -> ReferenceGraph:
        """As GraphTarget.prepare_graph."""
        verify(graph)
        return ReferenceGraph(graph=graph)


def open_target(_chip: Chip, options: TargetOptions) -> ReferenceTarget:
    """The target; no chip changes its answers. BadInput for an option: it takes none."""
    options.refuse_all_but(ReferenceTarget.name)
    return ReferenceTarget()
