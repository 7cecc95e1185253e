"""What a conformance case shows on a target: how its outputs, in RTL its cycles too, differ from what they must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from chipsmith.chip import Chip
from chipsmith.sim import cycle
from chipsmith.targets import GraphTarget
from chipsmith.targets.rtl import RtlGraph, RtlTarget
from chipsmith.tosa.graph import Array, Graph
from chipsmith.witness.conformance.cases import Case
from chipsmith.witness.cosimulate import compare_run

MOST_CYCLES = 1_000_000
"""Cases that take more cycles are too long for the RTL, unless another limit is given."""


class TooLong(Exception):
    """A case that takes more cycles in RTL than the limit; the message tells how many."""


class Bench(Protocol):
    """A target under test."""

    @property
    def target(self) -> GraphTarget:
        """The target itself."""

    @property
    def most_cycles(self) -> int | None:
        """Cases that take more cycles are not run; None where there is no such limit."""

    def build(self) -> None:
        """Build what all cases share; BadInput where a tool is missing."""

    def differences(self, case: Case) -> list[str]:
        """How the target's results differ from tosa_reference_model's, in words.

        Raises a ChipsmithError where the target refuses the case, and TooLong.
        """


@dataclass(frozen=True, kw_only=True)
class BitBench:
    """A target whose bits are compared; there is nothing to build."""

    target: GraphTarget
    most_cycles: ClassVar[int | None] = None

    def build(self) -> None:
        """As Bench.build."""

    def differences(self, case: Case) -> list[str]:
        """As Bench.differences."""
        outputs = self.target.prepare_graph(case.graph).execute(_as_batch(case.inputs))
        return list(_different(outputs, case.expected()))


@dataclass(frozen=True, kw_only=True)
class MachineBench:
    """The RTL, whose cycles are compared too, with the cycle simulator's."""

    target: RtlTarget
    most_cycles: int

    def build(self) -> None:
        """As Bench.build."""
        self.target.build()

    def differences(self, case: Case) -> list[str]:
        """As Bench.differences."""
        _refuse_long(_least_cycles(case.graph, self.target.chip), self.most_cycles, "takes more than")
        machine = self.target.prepare_graph(case.graph)
        timeline = cycle.simulate(machine.program)
        _refuse_long(timeline.latency_cycles, self.most_cycles, "takes")
        expected = _as_ports(case.expected(), machine)
        comparison = compare_run(machine.program, expected, machine.measure(case.inputs), timeline)
        return [comparison.difference] if comparison.difference else []


def bench_of(target: GraphTarget, *, most_cycles: int = MOST_CYCLES) -> Bench:
    """The bench of a target; `most_cycles` is the limit of the RTL, the others have none."""
    if isinstance(target, RtlTarget):
        return MachineBench(target=target, most_cycles=most_cycles)
    return BitBench(target=target)


def _refuse_long(cycles: int, limit: int, words: str) -> None:
    if cycles > limit:
        raise TooLong(f"{words} {cycles} cycles")


def _least_cycles(graph: Graph, chip: Chip) -> int:
    """What the inputs or outputs alone take on the external port, whose channels go one each way."""
    sides = (graph.inputs, graph.outputs)
    return max(sum(graph.tensor(name).size_bytes for name in names) for names in sides) // chip.external.bytes_per_cycle


def _as_batch(inputs: Mapping[str, Array]) -> dict[str, Array]:
    """A tensor of rank 0 is a batch of one number."""
    return {name: array.reshape(array.shape or (1,)) for name, array in inputs.items()}


def _as_ports(outputs: Mapping[str, Array], machine: RtlGraph) -> dict[str, Array]:
    """The reference model's outputs in the types of the Program's ports."""
    dtypes = {port.name: np.dtype(port.dtype) for port in machine.program.manifest.outputs}
    return {name: array.astype(dtypes[name]) for name, array in outputs.items()}


def _different(outputs: Mapping[str, Array], expected: Mapping[str, Array]) -> Iterator[str]:
    for name, reference in expected.items():
        values = outputs[name].reshape(reference.shape)
        if not np.array_equal(values, reference.astype(values.dtype)):
            differing = int(np.count_nonzero(values != reference))
            yield f"{differing} of {reference.size} elements of {name} differ"
