"""Closed-form time of each instruction (docs/machine.md, sections 3, 4, 6 and 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.program.instructions import (
    End,
    Instruction,
    Load,
    Op,
    Rounding,
    Store,
    TensorInstruction,
    TransferInstruction,
    VectorInstruction,
    no_instruction,
)
from chipsmith.program.tensor_cycles import drain_stages, tensor_cycles
from chipsmith.program.vector_cycles import vector_cycles

ISSUE = 4
TRANSFER_MIN = 8
LOAD_PIPE = 2
STORE_PIPE = 3


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


def transfer_words(transfer: TransferInstruction, chip: Chip) -> int:
    """Aligned words of external memory that the runs of a transfer touch, run by run."""
    width = chip.external.bytes_per_cycle
    outer = np.arange(transfer.outer_count, dtype=np.int64) * transfer.external_outer_stride
    inner = np.arange(transfer.inner_count, dtype=np.int64) * transfer.external_inner_stride
    first = transfer.external_address + outer[:, None] + inner[None, :]
    last = first + transfer.run_bytes - 1
    return int(np.sum(last // width - first // width + 1))


def uses_multipliers(instruction: Instruction) -> bool:
    """Whether an instruction holds the shared 32 x 32-bit multipliers."""
    if isinstance(instruction, TensorInstruction):
        return drain_stages(instruction) > 0
    if isinstance(instruction, VectorInstruction):
        roundings = (instruction.a_rounding, instruction.b_rounding, instruction.o_rounding)
        return instruction.op is Op.MUL or any(rounding is not Rounding.OFF for rounding in roundings)
    return False
