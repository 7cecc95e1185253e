"""The blocks of a machine that energy is told by, and the paths of the instances that they are."""

from __future__ import annotations

import enum


class Block(enum.Enum):
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


BLOCKS: tuple[Block, ...] = tuple(Block)
"""In the order of their numbers."""

_LOGIC = (
    ("tensor.array", Block.ARRAY),
    ("tensor.accumulators", Block.ACCUMULATORS),
    ("tensor", Block.TENSOR),
    ("multipliers", Block.MULTIPLIERS),
    ("vector", Block.VECTOR),
    ("memory", Block.PORTS),
    ("load", Block.LOAD),
    ("store", Block.STORE),
    ("instructions", Block.INSTRUCTIONS),
    ("sequencer", Block.SEQUENCER),
)
_MEMORIES = ((Block.PORTS, Block.MEMORY), (Block.VECTOR, Block.TABLES))


def block_of_logic(path: str) -> int:
    """The number of the block of the gates in an instance, by its path below the machine."""
    for prefix, block in _LOGIC:
        if path == prefix or path.startswith(f"{prefix}."):
            return BLOCKS.index(block)
    return BLOCKS.index(Block.REST)


def block_of_memory(path: str) -> int:
    """The number of the block of a memory that stands in an instance."""
    logic = BLOCKS[block_of_logic(path)]
    return BLOCKS.index(dict(_MEMORIES).get(logic, logic))
