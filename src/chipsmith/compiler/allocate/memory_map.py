"""Allocation: every activation has its place on the chip, and everything in external memory has its address.

Constants get their places on the chip when their LOAD is issued, which only the schedule knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chipsmith.chip.description import Chip
from chipsmith.compiler.allocate.activations import Allocation, allocate_activations
from chipsmith.compiler.allocate.external import ExternalLayout, lay_out_external
from chipsmith.compiler.allocate.packing import Chunk, pack_constants
from chipsmith.compiler.lower.kernel import KernelList, UnplacedInstruction
from chipsmith.compiler.spill.spill_plan import SpillPlan
from chipsmith.mapping.channels import LARGEST_SHARE

RECALLED_SHARE = 2
"""A constant is loaded again where between two uses more than this part (one over) of the memory is used."""


@dataclass(frozen=True, kw_only=True)
class MemoryMap:
    """Where everything stands, and the steps with their constants named after the chunks that bring them.

    `activations`: the allocation of each buffer of a plan; `chunks`: the constants, in order of first use.
    """

    steps: tuple[UnplacedInstruction, ...]
    activations: Mapping[str, Allocation]
    chunks: tuple[Chunk, ...]
    external: ExternalLayout

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        """A line for each allocation on the chip, by address, and for each range of external memory."""
        for name, allocation in sorted(self.activations.items(), key=lambda item: (item[1].address, item[0])):
            yield f"on chip {allocation}: {name}"
        for chunk in self.chunks:
            yield f"external {self.external.constants[chunk.name]}: {len(chunk.data)} bytes of constants {chunk.name}"
        for port in (*self.external.inputs, *self.external.outputs):
            yield f"external {port.address}: {port.size_bytes} bytes of port {port.name}"
        ports = {port.address for port in (*self.external.inputs, *self.external.outputs)}
        for name, address in self.external.tensors.items():
            if address not in ports:
                yield f"external {address}: tensor {name}"


def allocate_memory(lowered: KernelList, plan: SpillPlan, chip: Chip) -> MemoryMap:
    """The places of a plan's buffers; DoesNotFit where the on-chip memory has none for an activation."""
    activations = allocate_activations(plan.steps, plan.live_ranges, plan.buffers, chip)
    packed = pack_constants(
        plan.steps,
        plan.buffers,
        limit_bytes=chip.memory_bytes // LARGEST_SHARE,
        recall_bytes=chip.memory_bytes // RECALLED_SHARE,
    )
    external = lay_out_external(lowered, plan, packed.chunks, chip)
    return MemoryMap(steps=packed.steps, activations=activations, chunks=packed.chunks, external=external)
