"""The target `npu`: the graph compiled for a chip, and its Program on the functional simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from chipsmith.chip import Chip
from chipsmith.compiler.compile import compile_canonical
from chipsmith.compiler.network import compile_network
from chipsmith.costs import DEFAULT_VOLUME
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.profile.measure import full_profile
from chipsmith.profile.profile import Evidence, Profile
from chipsmith.program.limits import Limits, environment_limits
from chipsmith.program.program import Program
from chipsmith.sim.functional import ProgramExecutor
from chipsmith.targets.target import NPU, HostedGraph, Missing, TargetOptions, reasons_against
from chipsmith.tosa.graph import Array, Graph
from chipsmith.tosa.verify import verify


@dataclass(frozen=True, kw_only=True)
class NpuGraph:
    """A Program for the simulators; `limits` are those of what it may take, the environment's where there are none."""

    program: Program
    limits: Limits | None = None

    def execute(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """As PreparedGraph.execute, in the bits of the chip."""
        return self._executor.execute(inputs)

    def profile(self, *, volume: int = DEFAULT_VOLUME) -> Profile:
        """What one inference costs on the chip: cycles, bytes, joules, area, dollars where `volume` chips are built."""
        return full_profile(self.program, volume=volume)

    @cached_property
    def _executor(self) -> ProgramExecutor:
        """A language model is executed once a token: its Program is verified before the first."""
        return ProgramExecutor(program=self.program, limits=self.limits or environment_limits())


@dataclass(frozen=True, kw_only=True)
class NpuTarget:
    """A chip, simulated; `wipe`: each inference of its Programs clears what depends on the inputs, but the outputs."""

    name: ClassVar[str] = NPU
    kind: ClassVar[Evidence] = Evidence.SIMULATED
    obtained: ClassVar[str] = "the Program, functional simulation"

    chip: Chip
    limits: Limits | None = None
    wipe: bool = False

    def missing(self) -> tuple[Missing, ...]:
        """As Target.missing: nothing."""
        return ()

    def refuses(self, network: QuantizedNetwork) -> tuple[str, ...]:
        """As Target.refuses: what the compiler says."""
        return reasons_against(self.prepare, network)

    def prepare(self, network: QuantizedNetwork) -> HostedGraph[NpuGraph]:
        """As Target.prepare: compiled from the graph's canonical form."""
        program = compile_network(network.graph, self.chip, operator_names=network.operator_names, wipe=self.wipe)
        return HostedGraph(host=network, graph=NpuGraph(program=program, limits=self.limits))

    def prepare_graph(self, graph: Graph) -> NpuGraph:
        """As GraphTarget.prepare_graph."""
        verify(graph)
        return NpuGraph(program=compile_canonical(graph, self.chip), limits=self.limits)


def open_target(chip: Chip, options: TargetOptions) -> NpuTarget:
    """The target of that chip. BadInput for another option than limits."""
    options.refuse_all_but(NpuTarget.name, "limits")
    return NpuTarget(chip=chip, limits=options.limits)
