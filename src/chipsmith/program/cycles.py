"""Closed-form time of each instruction (docs/machine.md, sections 3, 4, 6 and 7)."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.chip.description import INSTRUCTION_PAGES, Chip
from chipsmith.program.external_runs import transfer_words
from chipsmith.program.instructions import (
    End,
    Instruction,
    Load,
    Op,
    Rounding,
    Store,
    TensorInstruction,
    VectorInstruction,
    no_instruction,
)
from chipsmith.program.tensor_cycles import drain_stages, tensor_cycles
from chipsmith.program.vector_cycles import vector_cycles

ISSUE = 4
TRANSFER_MIN = 8
LOAD_PIPE = 2
FETCH_PIPE = 4
STORE_PIPE = 3


def waiting_loads(chip: Chip) -> int:
    """LOADs that wait for their answers at most: what bridges the latency, or what has a lock of its own."""
    bridging = max(2, chip.external.latency_cycles // TRANSFER_MIN + 1)
    return min(bridging, chip.memory.groups + INSTRUCTION_PAGES)


@dataclass(frozen=True, kw_only=True)
class Occupancy:
    """How long an instruction holds what it names, in cycles from its start.

    `engine`: its engine; `locks`: bank groups, multipliers and page slots; `external`: external regions.
    """

    engine: int
    locks: int
    external: int


def occupancy(instruction: Instruction, chip: Chip) -> Occupancy:
    """The time that an instruction takes on a chip; TypeError for a class that is no instruction."""
    match instruction:
        case Load():
            words = transfer_words(instruction, chip)
            busy = chip.external.latency_cycles + words + LOAD_PIPE
            return Occupancy(engine=max(words, TRANSFER_MIN), locks=busy, external=busy)
        case Store():
            words = transfer_words(instruction, chip)
            busy = words + STORE_PIPE
            return Occupancy(engine=max(words, TRANSFER_MIN), locks=busy, external=busy + chip.external.latency_cycles)
        case TensorInstruction():
            return _computing(tensor_cycles(instruction, chip))
        case VectorInstruction():
            return _computing(vector_cycles(instruction, chip))
        case End():
            return _computing(0)
    raise no_instruction(instruction)


def _computing(cycles: int) -> Occupancy:
    return Occupancy(engine=cycles, locks=cycles, external=cycles)


def uses_multipliers(instruction: Instruction) -> bool:
    """Whether an instruction holds the shared 32 x 32-bit multipliers."""
    if isinstance(instruction, TensorInstruction):
        return drain_stages(instruction) > 0
    if isinstance(instruction, VectorInstruction):
        roundings = (instruction.a_rounding, instruction.b_rounding, instruction.o_rounding)
        return instruction.op is Op.MUL or any(rounding is not Rounding.OFF for rounding in roundings)
    return False
