"""The manifest of a Program: its ports, kernels and buffers, by the indices of their instructions."""

from __future__ import annotations

from collections.abc import Mapping

from chipsmith.compiler.allocate.activations import Allocation
from chipsmith.compiler.allocate.memory_map import MemoryMap
from chipsmith.compiler.lower.kernel import KernelList
from chipsmith.compiler.schedule.schedule import Role, Schedule
from chipsmith.compiler.spill.spill_plan import SpillPlan
from chipsmith.program.actions import count_macs
from chipsmith.program.program import BufferSpan, KernelSpan


def kernel_spans(lowered: KernelList, plan: SpillPlan, schedule: Schedule) -> tuple[KernelSpan, ...]:
    """Each kernel with the indices of its instructions in the schedule."""
    positions = _step_positions(schedule)
    indices: list[list[int]] = [[] for _ in lowered.kernels]
    for step, kernel in enumerate(plan.kernels):
        indices[kernel].append(positions[step])
    return tuple(
        KernelSpan(
            name=kernel.name,
            kind=kernel.engine,
            instructions=tuple(instructions),
            macs=count_macs(schedule.items[index].instruction for index in instructions),
        )
        for kernel, instructions in zip(lowered.kernels, indices, strict=True)
    )


def buffer_spans(memory: MemoryMap, schedule: Schedule) -> tuple[BufferSpan, ...]:
    """Each buffer on the chip, activations first, from the instruction that fills it to the last that uses it."""
    positions = _step_positions(schedule)
    loads = {item.name: index for index, item in enumerate(schedule.items) if item.role is Role.LOAD}
    allocations = (*memory.activations.items(), *schedule.chunks.items())
    return tuple(
        _span(name, allocation, positions, loads.get(name), len(schedule.items)) for name, allocation in allocations
    )


def _step_positions(schedule: Schedule) -> dict[int, int]:
    """The index of each step's instruction."""
    return {item.step: index for index, item in enumerate(schedule.items) if item.role is Role.STEP}


def _span(name: str, allocation: Allocation, positions: Mapping[int, int], load: int | None, count: int) -> BufferSpan:
    live_range = allocation.live_range
    return BufferSpan(
        name=name,
        address=allocation.address,
        size_bytes=allocation.size_bytes,
        first_instruction=load if load is not None else positions.get(live_range.first, 0),
        last_instruction=positions.get(live_range.last, count),
    )
