"""The target `c`: the graph as portable C11, on this computer or on an emulated board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from chipsmith.chip import Chip
from chipsmith.codegen.boards import BOARDS, Board, BoardRun, find_board, run_module
from chipsmith.codegen.boards.emulate import build_program
from chipsmith.codegen.boards.harness import program_of
from chipsmith.codegen.boards.image import name_version
from chipsmith.codegen.generate import generate_c, generate_canonical
from chipsmith.codegen.host import HostLibrary, as_inferences, build_library, find_compiler
from chipsmith.codegen.module import CModule
from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.profile.host_latency import HostLatency
from chipsmith.profile.instruction_count import InstructionCount
from chipsmith.profile.profile import Evidence
from chipsmith.runtimes.clock import time_calls
from chipsmith.targets.inferences import join_inferences, split_inferences
from chipsmith.targets.target import HostedGraph, Missing, TargetOptions, reasons_against
from chipsmith.tosa.graph import Array, Graph

_NAME = "network"
_HOST_COMPILERS = "gcc or clang"


@dataclass(frozen=True, kw_only=True)
class HostNetwork(HostedGraph[HostLibrary]):
    """A network in C on this computer."""

    def time(self, *inputs: Array, inferences: int) -> HostLatency:
        """As TimedNetwork.time, of the C function alone: from the graph's integers to the graph's integers.

        In a deployment C code quantises and dequantises too; here numpy does, and that is not among the times.
        """
        module = self.graph.module
        integers = {
            **{state.before: np.atleast_1d(state.initial) for state in self.host.states},
            **self.host.quantize_inputs(*inputs),
        }
        arrays, _ = as_inferences(module, integers)
        outputs = [np.empty(port.shape, port.dtype.numpy) for port in module.outputs]
        return time_calls(self.graph.bind(arrays, outputs), inferences=inferences)


@dataclass(frozen=True, kw_only=True)
class BoardGraph:
    """A graph in C for an emulated board."""

    board: Board
    module: CModule

    def execute(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """As PreparedGraph.execute: one inference after the other."""
        return self.join_outputs(self.run(inputs))

    def run(self, inputs: Mapping[str, Array]) -> BoardRun:
        """The same with its instructions and memory; the outputs are (n, *shape)."""
        return run_module(
            self.board, self.module, split_inferences(inputs, {port.tensor: port.shape for port in self.module.inputs})
        )

    def join_outputs(self, run: BoardRun) -> dict[str, Array]:
        """The outputs of a run as execute gives them."""
        return {port.tensor: join_inferences(run.outputs[port.tensor]) for port in self.module.outputs}


@dataclass(frozen=True, kw_only=True)
class EmulatedNetwork(HostedGraph[BoardGraph]):
    """A network in C on an emulated board."""

    def count(self, *inputs: Array) -> InstructionCount:
        """As CountedNetwork.count; a network with states is counted with their initial values."""
        return self._count(self._run_apart(inputs))

    def run_counted(self, *inputs: Array) -> tuple[tuple[Array, ...], InstructionCount]:
        """As CountedNetwork.run_counted; only a network with states runs again in order, for its outputs."""
        run = self._run_apart(inputs)
        if self.host.states:
            return self.run(*inputs), self._count(run)
        return self.host.dequantize_outputs(self.graph.join_outputs(run), inputs), self._count(run)

    def _run_apart(self, inputs: Sequence[Array]) -> BoardRun:
        """Each inference with the initial values of the states."""
        integers = self.host.quantize_inputs(*inputs)
        count = self.host.count_inferences(inputs)
        states = {state.before: np.concatenate([np.atleast_1d(state.initial)] * count) for state in self.host.states}
        return self.graph.run({**integers, **states})

    def _count(self, run: BoardRun) -> InstructionCount:
        board = self.graph.board
        return InstructionCount(
            board=board.name,
            core=board.core,
            compiler=name_version(board.compiler.name),
            instructions=run.instructions,
            flash_bytes=run.image.flash_bytes,
            ram_bytes=run.ram_bytes,
            stack_bytes=run.stack_bytes,
        )


@dataclass(frozen=True)
class HostCTarget:
    """C on this computer."""

    name: ClassVar[str] = "c"
    kind: ClassVar[Evidence] = Evidence.MEASURED
    obtained: ClassVar[str] = "portable C11 on this computer, one thread, -O3 -march=native"
    chip: ClassVar[Chip | None] = None

    def missing(self) -> tuple[Missing, ...]:
        """As Target.missing: a C compiler."""
        try:
            find_compiler()
        except BadInput:
            return (Missing(name=_HOST_COMPILERS, mend="sudo apt install gcc"),)
        return ()

    def refuses(self, network: QuantizedNetwork) -> tuple[str, ...]:
        """As Target.refuses: an operator that has no form in C, or that there is no compiler."""
        return reasons_against(self.prepare, network)

    def prepare(self, network: QuantizedNetwork) -> HostNetwork:
        """As Target.prepare: generated from the graph's canonical form, and compiled."""
        return HostNetwork(host=network, graph=build_library(generate_c(network.graph, name=_NAME), find_compiler()))

    def prepare_graph(self, graph: Graph) -> HostLibrary:
        """As GraphTarget.prepare_graph."""
        return build_library(generate_canonical(graph, name=_NAME), find_compiler())


@dataclass(frozen=True, kw_only=True)
class EmulatedCTarget:
    """C on an emulated board."""

    name: ClassVar[str] = "c"
    kind: ClassVar[Evidence] = Evidence.SIMULATED
    chip: ClassVar[Chip | None] = None

    board: Board

    @property
    def obtained(self) -> str:
        """The board and its compiler."""
        return f"portable C11 on {self.board.name} ({self.board.core}), emulated by {self.board.emulator.name}"

    def missing(self) -> tuple[Missing, ...]:
        """As Target.missing: the board's cross compiler, its emulator."""
        return tuple(Missing(name=tool.name, mend=tool.mend) for tool in self.board.missing_tools)

    def refuses(self, network: QuantizedNetwork) -> tuple[str, ...]:
        """As Target.refuses: also what the board's memory does not hold."""
        return reasons_against(self.prepare, network)

    def prepare(self, network: QuantizedNetwork) -> EmulatedNetwork:
        """As Target.prepare: generated from the graph's canonical form, and compiled."""
        return EmulatedNetwork(host=network, graph=self._build(generate_c(network.graph, name=_NAME)))

    def prepare_graph(self, graph: Graph) -> BoardGraph:
        """As GraphTarget.prepare_graph."""
        return self._build(generate_canonical(graph, name=_NAME))

    def _build(self, module: CModule) -> BoardGraph:
        build_program(self.board, program_of(module))
        return BoardGraph(board=self.board, module=module)


def list_choices() -> tuple[TargetOptions, ...]:
    """The boards: each needs a cross compiler and an emulator."""
    return tuple(TargetOptions(board=name) for name in BOARDS)


def open_target(_chip: Chip, options: TargetOptions) -> HostCTarget | EmulatedCTarget:
    """The target; no chip changes its answers. BadInput for an unknown board, and for another option than `board`."""
    options.refuse_all_but(HostCTarget.name, "board")
    return HostCTarget() if options.board is None else EmulatedCTarget(board=find_board(options.board))
