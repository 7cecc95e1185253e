"""What the functional simulator takes of the computer: bytes and cycles of one inference, and how many run at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chipsmith.processors import processors
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.cycles import occupancy
from chipsmith.program.instructions import (
    INDIRECT_OPS,
    Instruction,
    Load,
    TensorInstruction,
    VectorInstruction,
)
from chipsmith.program.limits import Limits
from chipsmith.program.program import Program
from chipsmith.program.streams import a_loops, external_stream
from chipsmith.sim.memory import Array
from chipsmith.units import format_bytes

CHUNK_INFERENCES = 16
CHUNK_BYTES = 64 << 20
_WEIGHT_BYTES = 13
"""Of a weight: as it is read, as int32, as its magnitude, and in the type of the sum."""
_OPERAND_BYTES = 8
_SUM_BYTES = 16
_ELEMENT_BYTES = 24
"""Of an element of VECTOR: both operands, the result, and what lies between."""
_INDIRECT_BYTES = 56
"""The same of GATHER and SCATTER, with the places of the rows."""


@dataclass(frozen=True, kw_only=True)
class ExecutionPlan:
    """How a batch of inferences is cut: inferences of a chunk, and chunks that run at the same time."""

    chunk: int
    workers: int

    def chunks(self, inferences: int) -> list[slice]:
        """The slices of so many inferences."""
        return [slice(start, min(start + self.chunk, inferences)) for start in range(0, inferences, self.chunk)]


def plan_execution(
    program: Program, series: Sequence[Mapping[str, Array]], inferences: int, limits: Limits
) -> ExecutionPlan:
    """How a series of inferences on each of so many machines is cut so that it stays within the limits.

    `series`: the inputs of all machines, inference after inference.

    Raises BadInput where one inference alone takes more, with what it takes and how to allow it.
    """
    limits.check_work(work_cycles(program), program.chip.clock_mhz)
    private = program.manifest.external_bytes - len(program.constants)
    moved = sum(array.nbytes for inputs in series for array in inputs.values())
    moved += 2 * inferences * sum(port.size_bytes for port in program.manifest.outputs)
    lasting = len(program.constants) + moved
    memories = program.chip.memory_bytes + private
    working = [working_bytes(instruction, len(program.constants)) for instruction in program.instructions]
    each = memories + max(working)
    largest = working.index(max(working))
    limits.check_memory(
        lasting + each,
        f"executing {program.manifest.network} on {inferences} inputs (inputs and outputs {format_bytes(moved)}, "
        f"memories {format_bytes(memories)}, "
        f"instruction {largest}, {program.instructions[largest].mnemonic}, {format_bytes(max(working))})",
    )
    at_once = (limits.memory_bytes - lasting) // each
    workers = min(processors(), at_once)
    most = min(CHUNK_INFERENCES, max(1, CHUNK_BYTES // memories), at_once // workers)
    return ExecutionPlan(chunk=min(most, ceil_div(inferences, workers)), workers=workers)


def work_cycles(program: Program) -> int:
    """Cycles in which the engines of a Program are busy in one inference, one after the other."""
    return sum(occupancy(instruction, program.chip).engine for instruction in program.instructions)


def working_bytes(instruction: Instruction, constants_bytes: int) -> int:
    """Bytes beside the memories that an instruction takes at most while it is executed on one inference."""
    match instruction:
        case Load():
            stream = external_stream(instruction)
            crosses = stream.first < constants_bytes <= stream.last
            return stream.last + 1 - stream.first if crosses else 0
        case TensorInstruction():
            taps = instruction.kernel_z * instruction.kernel_y * instruction.kernel_x * instruction.run
            weights = taps * instruction.output_channels * _WEIGHT_BYTES
            sums = instruction.output_pixels * instruction.output_channels * _SUM_BYTES
            return weights + instruction.output_pixels * taps * _OPERAND_BYTES + sums
        case VectorInstruction():
            elements = math.prod(count for count, _ in a_loops(instruction))
            return elements * (_INDIRECT_BYTES if instruction.op in INDIRECT_OPS else _ELEMENT_BYTES)
    return 0
