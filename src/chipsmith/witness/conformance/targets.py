"""What runs a conformance case: the reference interpreter, the compiled Program simulated, or the chip's RTL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from chipsmith.chip import Chip
from chipsmith.compiler.compile import compile_canonical
from chipsmith.hardware.build import build_machine
from chipsmith.hardware.simulate import Machine, external_memory
from chipsmith.program.program import Program
from chipsmith.program.verify import verify_program
from chipsmith.sim import cycle, functional
from chipsmith.tosa.graph import Array
from chipsmith.tosa.reference import evaluate
from chipsmith.tosa.verify import verify
from chipsmith.witness.conformance.cases import Case
from chipsmith.witness.cosimulate import compare_run

MOST_CYCLES = 1_000_000
"""Cases that take more cycles are too long for the RTL, unless another limit is given."""


class TooLong(Exception):
    """A case that takes more cycles in RTL than the limit; the message tells how many."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A target by name, with the chip of 'npu' and 'rtl' and the most cycles of a case in RTL."""

    target: str
    chip: Chip
    most_cycles: int = MOST_CYCLES

    def differences(self, case: Case) -> list[str]:
        """How the target's results differ from tosa_reference_model's, in words.

        Raises a ChipsmithError where the target refuses the case, and TooLong.
        """
        verify(case.graph)
        return _RUNNERS[self.target](case, self)

    def accept(self, case: Case) -> None:
        """Take the case as far as its Program (not for 'reference'); a ChipsmithError where it is refused."""
        verify(case.graph)
        if self.target != "reference":
            compile_canonical(case.graph, self.chip)

    def prepare(self) -> None:
        """Build the RTL, if that is the target; BadInput where a tool is missing."""
        if self.target == "rtl":
            build_machine(self.chip)


def _refuse_long(case: Case, bench: Bench) -> None:
    """TooLong where the inputs or outputs alone take longer on the external port, whose channels go one each way."""
    sides = (case.graph.inputs, case.graph.outputs)
    most = max(sum(case.graph.tensor(name).size_bytes for name in names) for names in sides)
    if most // bench.chip.external.bytes_per_cycle > bench.most_cycles:
        raise TooLong(f"takes more than {most // bench.chip.external.bytes_per_cycle} cycles")


def _program(case: Case, chip: Chip) -> Program:
    program = compile_canonical(case.graph, chip)
    verify_program(program)
    return program


def _batch(case: Case) -> dict[str, Array]:
    """A tensor of rank 0 is a batch of one number."""
    return {name: data.reshape(data.shape or (1,)) for name, data in case.inputs.items()}


def _in_reference(case: Case, _bench: Bench) -> list[str]:
    return list(_different(evaluate(case.graph, case.inputs), case.expected()))


def _on_npu(case: Case, bench: Bench) -> list[str]:
    return list(_different(functional.execute(_program(case, bench.chip), _batch(case)), case.expected()))


def _in_rtl(case: Case, bench: Bench) -> list[str]:
    """Every bit beside the reference model's, every cycle beside the cycle simulator's."""
    _refuse_long(case, bench)
    program = _program(case, bench.chip)
    timeline = cycle.simulate(program)
    if timeline.latency_cycles > bench.most_cycles:
        raise TooLong(f"takes {timeline.latency_cycles} cycles")
    memory = external_memory(program, case.inputs)
    with Machine(bench.chip, build_machine(bench.chip)) as machine:
        run = machine.infer(program, memory)
    ports = {port.name: np.dtype(port.dtype) for port in program.manifest.outputs}
    expected = {name: np.asarray(data).astype(ports[name]) for name, data in case.expected().items()}
    found = compare_run(program, expected, run, timeline).difference
    return [found] if found else []


def _different(outputs: Mapping[str, Array], expected: Mapping[str, Array]) -> Iterator[str]:
    for name, wanted in expected.items():
        values = outputs[name].reshape(wanted.shape)
        if not np.array_equal(values, wanted.astype(values.dtype)):
            yield f"{int(np.count_nonzero(values != wanted))} of {wanted.size} elements of {name} differ"


Runner: TypeAlias = Callable[[Case, Bench], list[str]]
_RUNNERS: Mapping[str, Runner] = {"reference": _in_reference, "npu": _on_npu, "rtl": _in_rtl}

TARGETS = tuple(_RUNNERS)
"""The reference interpreter; the compiled Program on the functional simulator; the same Program on the chip's RTL."""
