"""The functional simulator: what a Program computes, bit for bit, for a batch of inferences at once."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from chipsmith.errors import BadInput
from chipsmith.program.instructions import Instruction, Load
from chipsmith.program.limits import Limits, environment_limits
from chipsmith.program.program import Port, Program
from chipsmith.program.verify import verify_program
from chipsmith.sim.memory import Array, Memories, blank_memories
from chipsmith.sim.working_set import plan_execution


def execute(program: Program, inputs: Mapping[str, Array], *, limits: Limits | None = None) -> dict[str, Array]:
    """The outputs of a Program by port name, as ProgramExecutor.execute; raises as that and its making do."""
    return ProgramExecutor(program=program, limits=limits or environment_limits()).execute(inputs)


def execute_warm(
    program: Program, inputs: Mapping[str, Array], *, before: Mapping[str, Array], limits: Limits | None = None
) -> dict[str, Array]:
    """The outputs of warm inferences, as ProgramExecutor.execute_warm; raises as that and its making do."""
    return ProgramExecutor(program=program, limits=limits or environment_limits()).execute_warm(inputs, before=before)


@dataclass(frozen=True, kw_only=True)
class ProgramExecutor:
    """A Program to be executed any number of times: it is verified once, when this is made, which raises BadInput."""

    program: Program
    limits: Limits

    def __post_init__(self) -> None:
        verify_program(self.program, limits=self.limits)

    def execute(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs by port name.

        Each input has the port's dtype and the port's shape with its first dimension times the number of inferences,
        the same number for all ports; so have the outputs. Reads nothing but the Program and byte-addressed memories.
        Raises BadInput where the inputs do not fit the ports, or one inference takes more memory or cycles than the
        limits allow.
        """
        return self._execute((inputs,))

    def execute_warm(self, inputs: Mapping[str, Array], *, before: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs of warm inferences by port name: each follows another on the machine, with the inputs `before`.

        The memories hold what the inference before left, and LOADs with `once` do nothing. Inputs, outputs and errors
        are as of execute, `before` with as many inferences.
        """
        return self._execute((before, inputs))

    def _execute(self, series: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
        """The outputs of the last inference of a series, of which all but the first are warm."""
        program = self.program
        _import_steps()
        counts = {_inferences(program, inputs) for inputs in series}
        if len(counts) > 1:
            raise BadInput(f"the inferences before are as many as those that follow, not {sorted(counts)}")
        inferences = counts.pop()
        plan = plan_execution(program, series, inferences, self.limits)
        rows = [_rows(program, inputs, inferences) for inputs in series]
        finished = _in_parallel(lambda part: _run(program, rows, part), plan.chunks(inferences), plan.workers)
        return {
            port.name: _shaped(port, np.concatenate([chunk[port.name] for chunk in finished]), inferences)
            for port in program.manifest.outputs
        }


def _import_steps() -> None:
    """Importing numba takes longer than most commands: only who executes waits for it, and before any thread."""
    importlib.import_module("chipsmith.sim.steps")


def run_instruction(memories: Memories, instruction: Instruction) -> None:
    """Run one legal instruction on a batch's memories; LOADs of pages and END do nothing to them."""
    from chipsmith.sim.steps import step

    step(instruction, memories)


def _in_parallel(
    run: Callable[[slice], dict[str, Array]], parts: Sequence[slice], workers: int
) -> list[dict[str, Array]]:
    """What `run` makes of each part, in so many threads, each matrix product in its own thread."""
    # The threads of a BLAS wait by spinning, which takes the cores from our own: many times slower.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(run, parts))


def final_memories(program: Program, inputs: Mapping[str, Array], *, limits: Limits | None = None) -> Memories:
    """The memories after END of a few inferences, all held together; arguments and errors as `execute` has them."""
    _import_steps()
    allowed = limits or environment_limits()
    verify_program(program, limits=allowed)
    inferences = _inferences(program, inputs)
    plan_execution(program, (inputs,), inferences, allowed)
    return _finish(program, (_rows(program, inputs, inferences),), slice(0, inferences))


def _run(program: Program, series: Sequence[Mapping[str, Array]], part: slice) -> dict[str, Array]:
    """The output bytes of one chunk of inferences, by port, after a series: [inferences of the chunk, bytes]."""
    memories = _finish(program, series, part)
    return {port.name: _output_bytes(memories, port) for port in program.manifest.outputs}


def _finish(program: Program, series: Sequence[Mapping[str, Array]], part: slice) -> Memories:
    """The memories of one chunk of inferences after the last END of a series."""
    memories = blank_memories(
        inferences=part.stop - part.start,
        local_bytes=program.chip.memory_bytes,
        constants=program.constants,
        external_bytes=program.manifest.external_bytes,
    )
    split = len(program.constants)
    for position, rows in enumerate(series):
        for port in program.manifest.inputs:
            start = port.address - split
            memories.private[:, start : start + port.size_bytes] = rows[port.name][part]
        for instruction in program.instructions:
            if not (position and isinstance(instruction, Load) and instruction.once):
                run_instruction(memories, instruction)
    return memories


def _output_bytes(memories: Memories, port: Port) -> Array:
    data, origin = memories.external(port.address, port.address + port.size_bytes - 1)
    start = port.address - origin
    return np.repeat(data[:, start : start + port.size_bytes], memories.inferences // len(data), axis=0)


def _inferences(program: Program, inputs: Mapping[str, Array]) -> int:
    """How many inferences the inputs hold; BadInput where they do not fit the ports or disagree."""
    ports = program.manifest.inputs
    _check_names(ports, inputs)
    counts = {port.name: _count(port, inputs[port.name]) for port in ports}
    if len(set(counts.values())) > 1:
        given = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise BadInput(f"the inputs hold different numbers of inferences: {given}; give each the same number")
    return next(iter(counts.values()), 1)


def _check_names(ports: tuple[Port, ...], inputs: Mapping[str, Array]) -> None:
    expected = ", ".join(_described(port) for port in ports) or "none"
    for port in ports:
        if port.name not in inputs:
            raise BadInput(f"input {port.name} is missing; the program's inputs are: {expected}")
    for name in inputs:
        if name not in {port.name for port in ports}:
            raise BadInput(f"the program has no input {name}; its inputs are: {expected}")


def _described(port: Port) -> str:
    return f"{port.name} {np.dtype(port.dtype).name} {_batched_shape(port)}"


def _batched_shape(port: Port) -> str:
    if not port.shape:
        return "[n]"
    first = "n" if port.shape[0] == 1 else f"n*{port.shape[0]}"
    return f"[{', '.join([first, *map(str, port.shape[1:])])}]"


def _count(port: Port, array: Array) -> int:
    first, rest = (port.shape[0], port.shape[1:]) if port.shape else (1, ())
    fits = (
        array.ndim == 1 + len(rest) and array.shape[1:] == rest and array.shape[0] > 0 and array.shape[0] % first == 0
    )
    if not fits or array.dtype != np.dtype(port.dtype):
        given = f"{array.dtype.name} {list(array.shape)}"
        raise BadInput(f"input {port.name} is {given}; expected {_described(port)} for n inferences, n at least 1")
    return int(array.shape[0]) // first


def _rows(program: Program, inputs: Mapping[str, Array], inferences: int) -> dict[str, Array]:
    """The bytes of each inference by input port, int8 [inferences, bytes]."""
    return {
        port.name: np.ascontiguousarray(inputs[port.name]).reshape(inferences, -1).view(np.int8)
        for port in program.manifest.inputs
    }


def _shaped(port: Port, data: Array, inferences: int) -> Array:
    first, rest = (port.shape[0], port.shape[1:]) if port.shape else (1, ())
    return data.view(port.dtype).reshape(inferences * first, *rest)
