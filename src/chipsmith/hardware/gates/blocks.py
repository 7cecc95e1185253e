"""The blocks of a machine that energy is told by, and the paths of the instances that they are."""

from __future__ import annotations

import enum


class MachineBlock(enum.Enum):
    """A part of the machine; memories apart from the logic around them."""

    ARRAY = "array"
    TENSOR = "rest of tensor engine"
    ACCUMULATORS = "accumulators"
    MULTIPLIERS = "multipliers"
    VECTOR = "vector engine"
    TABLES = "tables"
    PORTS = "memory ports"
    MEMORY = "on-chip memory"
    LOAD = "load engine"
    STORE = "store engine"
    INSTRUCTIONS = "instructions"
    SEQUENCER = "sequencer"
    CLOCK_TREE = "clock tree"
    REST = "rest"


BLOCKS: tuple[MachineBlock, ...] = tuple(MachineBlock)
"""In the order of their numbers."""

_LOGIC = (
    ("tensor.array", MachineBlock.ARRAY),
    ("tensor.accumulators", MachineBlock.ACCUMULATORS),
    ("tensor", MachineBlock.TENSOR),
    ("multipliers", MachineBlock.MULTIPLIERS),
    ("vector", MachineBlock.VECTOR),
    ("memory", MachineBlock.PORTS),
    ("load", MachineBlock.LOAD),
    ("store", MachineBlock.STORE),
    ("instructions", MachineBlock.INSTRUCTIONS),
    ("sequencer", MachineBlock.SEQUENCER),
)
_MEMORIES = ((MachineBlock.PORTS, MachineBlock.MEMORY), (MachineBlock.VECTOR, MachineBlock.TABLES))


def block_of_logic(path: str) -> int:
    """The number of the block of the gates in an instance, by its path below the machine."""
    for prefix, block in _LOGIC:
        if path == prefix or path.startswith(f"{prefix}."):
            return BLOCKS.index(block)
    return BLOCKS.index(MachineBlock.REST)


def block_of_memory(path: str) -> int:
    """The number of the block of a memory that stands in an instance."""
    logic = BLOCKS[block_of_logic(path)]
    return BLOCKS.index(dict(_MEMORIES).get(logic, logic))
