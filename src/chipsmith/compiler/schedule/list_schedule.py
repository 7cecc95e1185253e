"""One order for everything: loads as early as memory and engines allow, computation as soon as its operands are there.

The order is by predicted start. The prediction is the machine's own recurrence without the fetch of instructions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from chipsmith.chip.description import Chip
from chipsmith.compiler.allocate.activations import Allocation, group_mask, groups_of
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
from chipsmith.program.cycles import ISSUE, Occupancy, occupancy
from chipsmith.program.instructions import Engine, Instruction, Load, Space, Store
from chipsmith.program.locks import LOCKS, lock_mask, lock_positions
from chipsmith.program.program import page_bytes
from chipsmith.program.stream_fields import STREAM_FIELDS, with_fields

LoadOrStore = TypeVar("LoadOrStore", Load, Store)
PAGE_POSITION = 4
"""Where in a page the LOAD of the next one stands: late enough not to hold up the first loads of data.

In pages of fewer than twice as many instructions it stands in the middle."""
LOOK_AHEAD = 4
"""Steps ahead whose bank groups a load keeps away from."""


class _Recurrence:
    """The recurrence of the machine as far as the order needs it."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self._issued = -ISSUE
        self._engines = dict.fromkeys(Engine, 0)
        self._locks = [0] * len(LOCKS)

    def start(self, ready: _Ready) -> int:
        """The cycle in which an instruction would start now."""
        free = max(map(self._locks.__getitem__, lock_positions(ready.locks)), default=0)
        return max(self._issued + ISSUE, self._engines[ready.instruction.engine], free)

    def load_start(self, groups: range) -> int:
        """The cycle in which a LOAD into bank groups would start now."""
        free = max(self._locks[groups.start : groups.stop], default=0)
        return max(self._issued + ISSUE, self._engines[Engine.LOAD], free)

    def issue(self, ready: _Ready) -> Occupancy:
        """Start an instruction; the time that it takes."""
        start, time = self.start(ready), occupancy(ready.instruction, self._chip)
        self._issued = start
        self._engines[ready.instruction.engine] = start + time.engine
        for position in lock_positions(ready.locks):
            self._locks[position] = start + time.locks
        return time


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """An instruction with its addresses, and the locks that it names (`lock_mask`)."""

    instruction: Instruction
    locks: int


def _ready(instruction: Instruction) -> _Ready:
    return _Ready(instruction=instruction, locks=lock_mask(instruction))


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
        self._groups = {
            name: group_mask(allocation.address, allocation.size_bytes, chip)
            for name, allocation in activations.items()
        }
        self._next = 0
        self._next_step: _Ready | None = None
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

    def _candidate_load(self) -> _Ready | None:
        """The next load with its place, or None where it has none before the next step has run."""
        if not self._loads:
            return None
        wanted = self._loads[0]
        if isinstance(wanted, Import):
            arrives = max(wanted.allocation.live_range.first, wanted.after_step + 1) <= self._next
            return _ready(self._import(wanted)) if arrives else None
        address = self._place(wanted)
        if address is not None:
            return _ready(self._load(wanted, address))
        if self._needed_now():
            raise DoesNotFit(
                f"constants of {wanted.name} ({len(wanted.data)} bytes) find no place in the on-chip memory of "
                f"{self._chip.name} beside the tensors of their step; choose a chip with more memory",
                part=wanted.name,
            )
        return None

    def _load_first(self, load: _Ready) -> bool:
        if self._needed_now():
            return True
        step = self._ready_step()
        return not load.locks & step.locks and self._clock.start(load) <= self._clock.start(step)

    def _place(self, chunk: Chunk) -> int | None:
        """The best address: away from what the steps until its use touch, never used by others, soonest, highest."""
        live_range = LiveRange(first=self._next, last=chunk.last_step)
        return self._chunks.find(
            len(chunk.data), live_range, busy=self._busy_groups(chunk), start=self._clock.load_start
        )

    def _busy_groups(self, chunk: Chunk) -> int:
        """Groups that the steps before a chunk's first use touch, a bit each: a load there would hold them up."""
        until = min(chunk.first_step + 1, self._next + LOOK_AHEAD, len(self._steps))
        busy, groups = 0, self._groups
        for number in range(self._next, until):
            for operand in self._steps[number].operands:
                busy |= groups.get(operand.buffer, 0)
        return busy

    # --- instructions ---------------------------------------------------------------------------------------------

    def _import(self, wanted: Import) -> Load:
        bare = Load(external_locks=wanted.external_locks)
        return self._addressed(bare, wanted.external_address, wanted.allocation.address, wanted.region)

    def _load(self, chunk: Chunk, address: int) -> Load:
        region = DmaRegion(low=0, rows=1, row_bytes=len(chunk.data), pitch=0)
        return self._addressed(Load(), self._external[chunk.name], address, region)

    def _addressed(self, transfer: LoadOrStore, external_address: int, address: int, region: DmaRegion) -> LoadOrStore:
        """A transfer between the rows of a region in external memory and an address on the chip."""
        groups = groups_of(address, region.size_bytes, self._chip)
        return with_fields(
            transfer,
            {
                "external_address": external_address,
                "local_address": address,
                "inner_count": region.rows,
                "run_bytes": region.row_bytes,
                "external_inner_stride": region.pitch,
                "local_inner_stride": region.row_bytes if region.rows > 1 else 0,
                "first_group": groups[0],
                "last_group": groups[-1],
            },
        )

    def _ready_step(self) -> _Ready:
        """The next step, whose operands all have their places."""
        if self._next_step is None:
            self._next_step = _ready(relocate(self._steps[self._next], self._addresses, self._chip))
        return self._next_step

    def _issue(self, ready: _Ready, *, role: Role, name: str = "", step: int = -1) -> None:
        time = self._clock.issue(ready)
        self._items.append(Scheduled(instruction=ready.instruction, time=time, role=role, name=name, step=step))

    def _issue_load(self, load: _Ready) -> None:
        wanted = self._loads.popleft()
        if isinstance(wanted, Chunk) and isinstance(load.instruction, Load):
            address = load.instruction.local_address
            live_range = LiveRange(first=self._next, last=wanted.last_step)
            allocation = Allocation(address=address, size_bytes=len(wanted.data), live_range=live_range)
            self._chunks.add(wanted.name, allocation)
            self._addresses.update({name: address + offset for name, offset in wanted.offsets.items()})
            groups = group_mask(address, len(wanted.data), self._chip)
            self._groups.update(dict.fromkeys(wanted.offsets, groups))
        self._issue(load, role=Role.LOAD, name=wanted.name)

    def _issue_step(self) -> None:
        self._issue(self._ready_step(), role=Role.STEP, step=self._next)
        self._issue_stores(self._next)
        self._next += 1
        self._next_step = None

    def _issue_stores(self, step: int) -> None:
        for export in self._exports.get(step, ()):
            self._load_next_page()
            bare = Store(external_locks=export.external_locks)
            store = self._addressed(bare, export.external_address, export.allocation.address, export.region)
            self._issue(_ready(store), role=Role.STORE, name=export.name)

    def _load_next_page(self) -> None:
        size = self._chip.instructions.page_instructions
        page, position = divmod(len(self._items), size)
        if position != min(PAGE_POSITION, size // 2) or page + 1 >= self._pages:
            return
        size = page_bytes(self._chip)
        instruction = Load(
            space=Space.PAGE, local_address=(page + 1) % 2, external_address=(page + 1) * size, run_bytes=size
        )
        self._issue(_ready(instruction), role=Role.PAGE, name=f"page {page + 1}")
