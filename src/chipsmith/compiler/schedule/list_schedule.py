"""One order for everything: loads as early as memory and engines allow, computation as soon as its operands are there.

The order is by predicted start. The prediction is the machine's own recurrence without the fetch of instructions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from chipsmith.chip.description import Chip
from chipsmith.compiler.allocate.activations import Allocation, groups_of
from chipsmith.compiler.allocate.constants import ConstantAllocator
from chipsmith.compiler.allocate.external import pages_needed
from chipsmith.compiler.allocate.memory_map import MemoryMap
from chipsmith.compiler.allocate.packing import Chunk
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.compiler.lower.kernel import UnplacedInstruction
from chipsmith.compiler.schedule.schedule import Role, Schedule, Scheduled
from chipsmith.compiler.schedule.transfers import Export, Import, address_export, address_import
from chipsmith.compiler.spill.dma_region import DmaRegion
from chipsmith.compiler.spill.footprint import stream_ranges
from chipsmith.compiler.spill.live_range import AT_ENTRY, LiveRange
from chipsmith.compiler.spill.spill_plan import SpillPlan
from chipsmith.program.cycles import ISSUE, occupancy
from chipsmith.program.instructions import Engine, Instruction, Load, Space, Store
from chipsmith.program.locks import Lock, LockKind, named_locks
from chipsmith.program.program import page_bytes
from chipsmith.program.stream_fields import STREAM_FIELDS, with_fields

LoadOrStore = TypeVar("LoadOrStore", Load, Store)
PAGE_POSITION = 4
"""Where in a page the LOAD of the next one stands: late enough not to hold up the first loads of data.

In pages of fewer than twice as many instructions it stands in the middle."""
LOOK_AHEAD = 4
"""Steps ahead whose bank groups a load keeps away from."""


@dataclass
class _Recurrence:
    """The recurrence of the machine as far as the order needs it."""

    chip: Chip
    issued: int = -ISSUE
    engines: dict[Engine, int] = field(default_factory=dict)
    locks: dict[Lock, int] = field(default_factory=dict)

    def start(self, instruction: Instruction) -> int:
        """The cycle in which an instruction would start now."""
        free = [self.locks.get(lock, 0) for lock in named_locks(instruction)]
        return max(self.issued + ISSUE, self.engines.get(instruction.engine, 0), *free, 0)

    def load_start(self, groups: range) -> int:
        """The cycle in which a LOAD into bank groups would start now."""
        free = [self.locks.get(Lock(LockKind.GROUP, group), 0) for group in groups]
        return max(self.issued + ISSUE, self.engines.get(Engine.LOAD, 0), *free)

    def issue(self, instruction: Instruction) -> None:
        """Start an instruction."""
        start, time = self.start(instruction), occupancy(instruction, self.chip)
        self.issued = start
        self.engines[instruction.engine] = start + time.engine
        self.locks.update(dict.fromkeys(named_locks(instruction), start + time.locks))


def relocate(step: UnplacedInstruction, addresses: Mapping[str, int], chip: Chip) -> Instruction:
    """A step's instruction with its bases and bank groups, given the address of each buffer."""
    size, ranges = chip.memory.group_bytes, stream_ranges(step.template)
    names = STREAM_FIELDS[type(step.template)]
    values: dict[str, int] = {}
    for operand in step.operands:
        fields, base = names[operand.stream], addresses[operand.buffer] + operand.base
        values[fields.base] = base
        if operand.stream in ranges:
            low, high = ranges[operand.stream]
            values[fields.first_group] = (base + low) // size
            values[fields.last_group] = (base + high - 1) // size
    return with_fields(step.template, values)


def schedule_steps(plan: SpillPlan, memory: MemoryMap, chip: Chip) -> Schedule:
    """All instructions of a plan but END in one order; DoesNotFit where constants find no place in time."""
    return Scheduler(
        chip=chip,
        steps=memory.steps,
        chunks=memory.chunks,
        activations=memory.activations,
        imports=[address_import(transfer, plan, memory) for transfer in plan.imports],
        exports=[address_export(transfer, plan, memory) for transfer in plan.exports],
        constant_addresses=memory.external.constants,
    ).run()


class Scheduler:
    """Merges loads, steps and stores; see `run`."""

    def __init__(
        self,
        *,
        chip: Chip,
        steps: Sequence[UnplacedInstruction],
        chunks: Sequence[Chunk],
        activations: Mapping[str, Allocation],
        imports: Sequence[Import],
        exports: Sequence[Export],
        constant_addresses: Mapping[str, int],
    ) -> None:
        self._chip = chip
        self._steps = steps
        self._activations = activations
        self._exports: dict[int, list[Export]] = {}
        for export in exports:
            self._exports.setdefault(export.last_step, []).append(export)
        self._external = constant_addresses
        arrivals: list[Import | Chunk] = [*chunks, *imports]
        self._loads = deque(sorted(arrivals, key=lambda arrival: arrival.first_step))
        self._clock = _Recurrence(chip)
        self._items: list[Scheduled] = []
        self._chunks = ConstantAllocator(activations.values(), chip)
        self._addresses = {name: allocation.address for name, allocation in activations.items()}
        self._allocations = dict(activations)
        self._next = 0
        self._pages = pages_needed(chip, len(steps) + len(chunks) + len(imports) + len(exports))

    def run(self) -> Schedule:
        """The program in order of predicted start; OperatorRefused where constants find no place in time."""
        while self._next < len(self._steps) or self._loads:
            self._load_next_page()
            load = self._candidate_load()
            if load is not None and self._load_first(load):
                self._issue_load(load)
            else:
                self._issue_step()
        self._issue_stores(AT_ENTRY)
        return Schedule(items=tuple(self._items), chunks=self._chunks.allocations)

    # --- choices --------------------------------------------------------------------------------------------------

    def _needed_now(self) -> bool:
        """Whether the next step waits for the next load."""
        return self._next >= len(self._steps) or self._loads[0].first_step <= self._next

    def _candidate_load(self) -> Scheduled | None:
        """The next load with its place, or None where it has none before the next step has run."""
        if not self._loads:
            return None
        wanted = self._loads[0]
        if isinstance(wanted, Import):
            ready = max(wanted.allocation.live_range.first, wanted.after_step + 1) <= self._next
            return self._import(wanted) if ready else None
        allocation = self._allocate(wanted)
        if allocation is not None:
            return self._load(wanted.name, self._external[wanted.name], allocation)
        if self._needed_now():
            raise DoesNotFit(
                f"constants of {wanted.name} ({len(wanted.data)} bytes) find no place in the on-chip memory of "
                f"{self._chip.name} beside the tensors of their step; choose a chip with more memory"
            )
        return None

    def _load_first(self, load: Scheduled) -> bool:
        if self._needed_now():
            return True
        step = self._step_instruction()
        locks = set(named_locks(load.instruction))
        return locks.isdisjoint(named_locks(step)) and self._clock.start(load.instruction) <= self._clock.start(step)

    def _allocate(self, chunk: Chunk) -> Allocation | None:
        """The best place: away from what the steps until its use touch, never used by others, soonest, highest."""
        live_range = LiveRange(first=self._next, last=chunk.last_step)
        return self._chunks.find(
            len(chunk.data), live_range, busy=self._busy_groups(chunk), start=self._clock.load_start
        )

    def _busy_groups(self, chunk: Chunk) -> set[int]:
        """Groups that the steps before a chunk's first use touch: a load there would hold them up."""
        until = min(chunk.first_step + 1, self._next + LOOK_AHEAD, len(self._steps))
        names = {operand.buffer for step in self._steps[self._next : until] for operand in step.operands}
        allocations = [self._allocations[name] for name in names if name in self._allocations]
        return {
            group
            for allocation in allocations
            for group in groups_of(allocation.address, allocation.size_bytes, self._chip)
        }

    # --- instructions ---------------------------------------------------------------------------------------------

    def _import(self, wanted: Import) -> Scheduled:
        bare = Load(external_locks=wanted.external_locks)
        instruction = self._addressed(bare, wanted.external_address, wanted.allocation, wanted.region)
        return Scheduled(instruction=instruction, role=Role.LOAD, name=wanted.name)

    def _load(self, name: str, external_address: int, allocation: Allocation) -> Scheduled:
        region = DmaRegion(low=0, rows=1, row_bytes=allocation.size_bytes, pitch=0)
        instruction = self._addressed(Load(), external_address, allocation, region)
        return Scheduled(instruction=instruction, role=Role.LOAD, name=name)

    def _addressed(
        self, transfer: LoadOrStore, external_address: int, allocation: Allocation, region: DmaRegion
    ) -> LoadOrStore:
        """A transfer between the rows of a region in external memory and their allocation."""
        groups = groups_of(allocation.address, allocation.size_bytes, self._chip)
        return replace(
            transfer,
            external_address=external_address,
            local_address=allocation.address,
            inner_count=region.rows,
            run_bytes=region.row_bytes,
            external_inner_stride=region.pitch,
            local_inner_stride=region.row_bytes if region.rows > 1 else 0,
            first_group=groups[0],
            last_group=groups[-1],
        )

    def _step_instruction(self) -> Instruction:
        return relocate(self._steps[self._next], self._addresses, self._chip)

    def _issue(self, item: Scheduled) -> None:
        self._clock.issue(item.instruction)
        self._items.append(item)

    def _issue_load(self, load: Scheduled) -> None:
        wanted = self._loads.popleft()
        if isinstance(wanted, Chunk) and isinstance(load.instruction, Load):
            address = load.instruction.local_address
            live_range = LiveRange(first=self._next, last=wanted.last_step)
            allocation = Allocation(address=address, size_bytes=len(wanted.data), live_range=live_range)
            self._chunks.add(wanted.name, allocation)
            self._addresses.update({name: address + offset for name, offset in wanted.offsets.items()})
            self._allocations.update(dict.fromkeys(wanted.offsets, allocation))
        self._issue(load)

    def _issue_step(self) -> None:
        self._issue(Scheduled(instruction=self._step_instruction(), role=Role.STEP, step=self._next))
        self._issue_stores(self._next)
        self._next += 1

    def _issue_stores(self, step: int) -> None:
        for export in self._exports.get(step, ()):
            self._load_next_page()
            self._issue(self._store(export))

    def _store(self, export: Export) -> Scheduled:
        bare = Store(external_locks=export.external_locks)
        instruction = self._addressed(bare, export.external_address, export.allocation, export.region)
        return Scheduled(instruction=instruction, role=Role.STORE, name=export.name)

    def _load_next_page(self) -> None:
        size = self._chip.instructions.page_instructions
        page, position = divmod(len(self._items), size)
        if position != min(PAGE_POSITION, size // 2) or page + 1 >= self._pages:
            return
        size = page_bytes(self._chip)
        instruction = Load(
            space=Space.PAGE, local_address=(page + 1) % 2, external_address=(page + 1) * size, run_bytes=size
        )
        self._issue(Scheduled(instruction=instruction, role=Role.PAGE, name=f"page {page + 1}"))
