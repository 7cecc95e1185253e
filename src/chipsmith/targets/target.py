"""The protocol of a target, and how a target that executes integers runs a whole network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Generic, Protocol, TypeVar, runtime_checkable

import numpy as np

from chipsmith.chip import Chip
from chipsmith.errors import BadInput, OperatorRefused
from chipsmith.frontends.quantized_io import StateBinding
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.profile.host_latency import HostLatency
from chipsmith.profile.instruction_count import InstructionCount
from chipsmith.profile.profile import Evidence
from chipsmith.program.limits import Limits
from chipsmith.shown import Shown
from chipsmith.tosa.graph import Array, Graph

SOURCE, INT8, NPU = "source", "int8", "npu"
"""The targets that every network of a recipe is judged on: as its author gave it, quantised, and on the chip."""


class Precision(StrEnum):
    """What a computer's runtime computes a network in."""

    FLOAT32 = "float32"
    """The author's own float network."""
    INT8 = "int8"
    """The quantised network in the runtime's integer kernels."""


class QuantumMode(StrEnum):
    """How a quantum processor's answers are computed, for none is here."""

    EXACT = "exact"
    """From the state of the qubits itself, which no device can read."""
    SHOTS = "shots"
    """From a number of measurements, without errors."""
    DEVICE = "device"
    """From a number of measurements with the noise of a real device, as its stored calibration has it."""


def read_precision(name: str | None) -> Precision | None:
    """A precision by its name, None without a name. Raises BadInput for a name that is none."""
    names = [precision.value for precision in Precision]
    if name is not None and name not in names:
        raise BadInput(f"there is no precision '{name}'; there are: {', '.join(names)}")
    return None if name is None else Precision(name)


@dataclass(frozen=True, kw_only=True)
class TargetOptions(Shown):
    """How a target is to run a network; None leaves it to the target.

    `runtime` is the library that runs it (`cpu`), `precision` what it computes in (`cpu`, `cuda`), `threads` how many
    threads it may use (`cpu`, `torch`), `board` the emulated board that it runs on (`c`), `mode` how it is
    simulated (`quantum`), `limits` what its Program may take of this computer (`npu`).
    """

    runtime: str | None = None
    precision: Precision | None = None
    threads: int | None = None
    board: str | None = None
    mode: QuantumMode | None = None
    limits: Limits | None = None

    def refuse_all_but(self, target: str, *names: str) -> None:
        """Raise BadInput for an option that is given and is none of `names`, which `target` takes."""
        given = [field.name for field in fields(self) if getattr(self, field.name) is not None]
        foreign = [name for name in given if name not in names]
        if foreign:
            taken = f"takes {', '.join(names)}" if names else "takes no such option"
            raise BadInput(f"target {target} does not take {', '.join(foreign)}: it {taken}")


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Something that a target needs and that is not here, and the command that mends it; '' where none does."""

    name: str
    mend: str


class PreparedNetwork(Protocol):
    """A network on a target, ready for inputs."""

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs, in the author's order, layout and types, for the author's inputs in theirs.

        Along axis 0 each input may hold any number of batches; the outputs hold as many. Raises BadInput where the
        inputs do not fit, CheckFailed where the target stops before it has the outputs.
        """


@runtime_checkable
class TimedNetwork(PreparedNetwork, Protocol):
    """A network on a target whose inferences this computer's clock measures."""

    def time(self, *inputs: Array, inferences: int) -> HostLatency:
        """The wall time of so many warm inferences of one batch, the author's `inputs` as run takes them.

        Inferences that warm the caches come first and are not among the samples. Raises as run.
        """


@runtime_checkable
class CountedNetwork(PreparedNetwork, Protocol):
    """A network on an emulated core, whose instructions are counted."""

    def count(self, *inputs: Array) -> InstructionCount:
        """The instructions of each inference of `inputs`, as run takes them, and the memory. Raises as run."""

    def run_counted(self, *inputs: Array) -> tuple[tuple[Array, ...], InstructionCount]:
        """What run and count give for these inputs, each inference emulated as seldom as may be. Raises as run."""


class PreparedGraph(Protocol):
    """A graph on a target that computes in the graph's integers."""

    def execute(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The graph's outputs by name for its inputs by name.

        Each array has its tensor's type and shape, the first dimension times the number of inferences; [n] for a tensor
        of rank 0. Raises as PreparedNetwork.run.
        """


class Target(Protocol):
    """What a network runs on."""

    @property
    def name(self) -> str:
        """The name of the target, and of its file."""

    @property
    def kind(self) -> Evidence:
        """Whether figures of the network's answers on it are measured or simulated."""

    @property
    def obtained(self) -> str:
        """What gives the answers, as the record of a run says it."""

    @property
    def chip(self) -> Chip | None:
        """The chip that it runs on; None where no chip changes its answers."""

    def missing(self) -> tuple[Missing, ...]:
        """What it needs and is not on this computer: packages, tools, devices; empty where it works."""

    def refuses(self, network: QuantizedNetwork) -> tuple[str, ...]:
        """Why the target does not take the network, in sentences; empty where it takes it."""

    def prepare(self, network: QuantizedNetwork) -> PreparedNetwork:
        """The network on the target. Raises OperatorRefused or BadInput where the target refuses it."""


@runtime_checkable
class GraphTarget(Target, Protocol):
    """A target that takes bare graphs of integers too, such as a single operator."""

    def prepare_graph(self, graph: Graph) -> PreparedGraph:
        """The graph on the target, operator by operator as it stands: nothing is folded away.

        Raises OperatorRefused where the target does not hold an operator, BadInput where the graph is illegal.
        """


class Host(Protocol):
    """What the host does around a graph: a QuantizedNetwork says it, and so does the deployment of a Program."""

    @property
    def states(self) -> tuple[StateBinding, ...]:
        """What it keeps from one inference to the next."""

    def count_inferences(self, inputs: Sequence[Array]) -> int:
        """How many inferences the author's inputs are, as quantize_inputs takes them."""

    def quantize_inputs(self, *values: Array) -> dict[str, Array]:
        """The graph's inputs by name from the author's inputs; BadInput where they do not fit."""

    def dequantize_outputs(self, outputs: Mapping[str, Array], inputs: Sequence[Array]) -> tuple[Array, ...]:
        """The author's outputs from the graph's outputs by name and from the author's `inputs`."""


GraphT = TypeVar("GraphT", bound=PreparedGraph)


@dataclass(frozen=True, kw_only=True)
class HostedGraph(Generic[GraphT]):
    """A network whose graph a target executes in integers, between what the host does before and after it."""

    host: Host
    graph: GraphT

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """As PreparedNetwork.run: quantised, executed, dequantised; states begin with their initial values."""
        integers = self.host.quantize_inputs(*inputs)
        if self.host.states:
            outputs = self._execute_in_order(integers, self.host.count_inferences(inputs))
        else:
            outputs = self.graph.execute(integers)
        return self.host.dequantize_outputs(outputs, inputs)

    def _execute_in_order(self, integers: Mapping[str, Array], count: int) -> dict[str, Array]:
        """As PreparedGraph.execute, one inference after the other, each with the states that the one before leaves."""
        values = {state.before: np.atleast_1d(state.initial) for state in self.host.states}
        series = {name: np.split(array, count) for name, array in integers.items()}
        calls = []
        for index in range(count):
            outputs = self.graph.execute({**{name: parts[index] for name, parts in series.items()}, **values})
            values = {state.before: outputs[state.after] for state in self.host.states}
            calls.append(outputs)
        return {name: np.concatenate([call[name] for call in calls]) for name in calls[0]}


def reasons_against(prepare: Callable[[QuantizedNetwork], object], network: QuantizedNetwork) -> tuple[str, ...]:
    """What `prepare` says where it refuses the network; empty where it takes it."""
    try:
        prepare(network)
    except (OperatorRefused, BadInput) as error:
        return (str(error),)
    return ()
