"""LOAD and STORE: runs of bytes between the external and the on-chip memory (docs/machine.md, section 4)."""

from __future__ import annotations

from chipsmith.program.instructions import Load, Store, TransferInstruction
from chipsmith.program.streams import external_stream
from chipsmith.sim.memory import Loops, Memories, strided


def run_load(memories: Memories, instruction: Load) -> None:
    """Copy the runs of a LOAD into the on-chip memory."""
    read = external_stream(instruction)
    source, origin = memories.external(read.first, read.last)
    target = strided(memories.local, base=instruction.local_address, loops=_local_loops(instruction))
    target[...] = strided(source, base=instruction.external_address - origin, loops=_external_loops(instruction))


def run_store(memories: Memories, instruction: Store) -> None:
    """Copy the runs of a STORE into the external memory, above the constants."""
    base = instruction.external_address - len(memories.constants)
    target = strided(memories.private, base=base, loops=_external_loops(instruction))
    target[...] = strided(memories.local, base=instruction.local_address, loops=_local_loops(instruction))


def _local_loops(transfer: TransferInstruction) -> Loops:
    outer, inner = transfer.local_outer_stride, transfer.local_inner_stride
    return (transfer.outer_count, outer), (transfer.inner_count, inner), (transfer.run_bytes, 1)


def _external_loops(transfer: TransferInstruction) -> Loops:
    outer, inner = transfer.external_outer_stride, transfer.external_inner_stride
    return (transfer.outer_count, outer), (transfer.inner_count, inner), (transfer.run_bytes, 1)
