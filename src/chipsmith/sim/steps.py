"""What each class of instruction does to the memories of a batch."""

from __future__ import annotations

from functools import singledispatch

from chipsmith.program.instructions import End, Instruction, Load, Space, Store, TensorInstruction, VectorInstruction
from chipsmith.sim.memory import Memories
from chipsmith.sim.tensor_engine import tensor
from chipsmith.sim.transfers import load, store
from chipsmith.sim.vector_engine import vector


@singledispatch
def step(instruction: Instruction, _memories: Memories) -> None:
    """Run one legal instruction on a batch's memories."""
    raise TypeError(f"{type(instruction).__name__} is no instruction of the machine")


@step.register
def _end(_instruction: End, _memories: Memories) -> None:
    return


@step.register
def _load(instruction: Load, memories: Memories) -> None:
    if instruction.space is Space.MEMORY:
        load(memories, instruction)


@step.register
def _store(instruction: Store, memories: Memories) -> None:
    store(memories, instruction)


@step.register
def _tensor(instruction: TensorInstruction, memories: Memories) -> None:
    tensor(memories, instruction)


@step.register
def _vector(instruction: VectorInstruction, memories: Memories) -> None:
    vector(memories, instruction)
