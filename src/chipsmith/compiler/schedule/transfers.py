"""The transfers of a plan with their addresses: what a LOAD or STORE of the schedule moves."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.compiler.allocate.activations import Allocation
from chipsmith.compiler.allocate.memory_map import MemoryMap
from chipsmith.compiler.spill.dma_region import DmaRegion
from chipsmith.compiler.spill.spill_plan import BufferTransfer, SpillPlan
from chipsmith.program.locks import EXTERNAL_REGIONS


@dataclass(frozen=True, kw_only=True)
class Import:
    """The rows of a region, which are brought to an allocation before step `first_step`, once `after_step` has run.

    `external_address`: the first of them; `external_locks`: the external regions that the transfer holds.
    """

    name: str
    allocation: Allocation
    region: DmaRegion
    external_address: int
    first_step: int
    after_step: int
    external_locks: int


@dataclass(frozen=True, kw_only=True)
class Export:
    """The rows of a region, which are written to external memory after step `last_step`.

    `external_address`: the first of them; `external_locks`: the external regions that the transfer holds.
    """

    name: str
    allocation: Allocation
    region: DmaRegion
    external_address: int
    last_step: int
    external_locks: int


def address_import(transfer: BufferTransfer, plan: SpillPlan, memory: MemoryMap) -> Import:
    """An import of a plan with its addresses."""
    return Import(
        name=transfer.buffer,
        allocation=memory.activations[transfer.buffer],
        region=transfer.region,
        external_address=memory.external.tensors[transfer.tensor] + transfer.region.low,
        first_step=transfer.step,
        after_step=transfer.after,
        external_locks=_external_lock(transfer.tensor, plan),
    )


def address_export(transfer: BufferTransfer, plan: SpillPlan, memory: MemoryMap) -> Export:
    """An export of a plan with its addresses."""
    return Export(
        name=transfer.buffer,
        allocation=memory.activations[transfer.buffer],
        region=transfer.region,
        external_address=memory.external.tensors[transfer.tensor] + transfer.region.low,
        last_step=transfer.step,
        external_locks=_external_lock(transfer.tensor, plan),
    )


def _external_lock(tensor: str, plan: SpillPlan) -> int:
    """The external region that a spilled tensor's transfers hold, so that none reads what is still being written."""
    return 1 << plan.spilled.index(tensor) % EXTERNAL_REGIONS if tensor in plan.spilled else 0
