"""What each class of instruction does to the memories of a batch."""

from __future__ import annotations

from chipsmith.program.instructions import (
    End,
    Instruction,
    Load,
    Space,
    Store,
    TensorInstruction,
    VectorInstruction,
    no_instruction,
)
from chipsmith.sim.memory import Memories
from chipsmith.sim.tensor_engine import run_tensor
from chipsmith.sim.transfers import run_load, run_store
from chipsmith.sim.vector_engine import run_vector


def step(instruction: Instruction, memories: Memories) -> None:
    """Run one legal instruction on a batch's memories; TypeError for a class that is no instruction."""
    match instruction:
        case End() | Load(space=Space.PAGE):
            return
        case Load():
            run_load(memories, instruction)
        case Store():
            run_store(memories, instruction)
        case TensorInstruction():
            run_tensor(memories, instruction)
        case VectorInstruction():
            run_vector(memories, instruction)
        case _:
            raise no_instruction(instruction)
