"""One order for everything: loads as early as memory and engines allow, computation as soon as its operands are there.

The order is by predicted start. The prediction is the machine's own recurrence without the fetch of instructions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chipsmith.chip.description import Chip
from chipsmith.compiler.allocate.activations import BEFORE, DoesNotFit, Life, Place, groups_of
from chipsmith.compiler.allocate.constants import ChunkPlaces
from chipsmith.compiler.allocate.packing import Chunk
from chipsmith.compiler.lower.kernel import Step
from chipsmith.compiler.spill.dma_region import Box
from chipsmith.compiler.spill.footprint import reaches
from chipsmith.program.cycles import ISSUE, occupancy
from chipsmith.program.instructions import Engine, Instruction, Load, Space, Store
from chipsmith.program.locks import Lock, LockKind, named_locks
from chipsmith.program.program import page_bytes

PAGE_POSITION = 4
"""Where in a page the LOAD of the next one stands: late enough not to hold up the first loads of data.

In pages of fewer than twice as many instructions it stands in the middle."""
LOOK_AHEAD = 4
"""Steps ahead whose bank groups a load keeps away from."""


@dataclass(frozen=True, kw_only=True)
class Import:
    """Rows of a box that are brought to their place before step `first_step`, not before `after_step` ran.

    `external_address`: the first of them; `external_locks`: the external regions that the transfer holds.
    """

    name: str
    place: Place
    box: Box
    external_address: int
    first_step: int
    after_step: int
    external_locks: int


@dataclass(frozen=True, kw_only=True)
class Export:
    """The rows of a box, which are written to external memory from `external_address` on after step `last_step`."""

    name: str
    place: Place
    box: Box
    external_address: int
    last_step: int
    external_locks: int


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """An instruction in its final order: what it is for ('load', 'step', 'store', 'page') and which one."""

    instruction: Instruction
    role: str
    name: str
    step: int = -1


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The program in order, and the places of the constants."""

    items: tuple[Scheduled, ...]
    chunks: Mapping[str, Place]


@dataclass
class _Clock:
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


def relocate(step: Step, addresses: Mapping[str, int], chip: Chip) -> Instruction:
    """A step's instruction with its bases and bank groups, given the address of each buffer."""
    size, reached = chip.memory.group_bytes, reaches(step.template)
    fields: dict[str, int] = {}
    for one in step.operands:
        base = addresses[one.buffer] + one.base
        fields[f"{one.stream}_base"] = base
        if one.stream in reached:
            low, high = reached[one.stream]
            fields[f"{one.stream}_first_group"] = (base + low) // size
            fields[f"{one.stream}_last_group"] = (base + high - 1) // size
    return replace(step.template, **fields)


def pages_needed(chip: Chip, items: int) -> int:
    """Pages of a program of so many instructions beside END and the LOADs of its own pages."""
    return max(1, -(-items // (chip.instructions.page_instructions - 1)))


class Scheduler:
    """Merges loads, steps and stores; see `run`."""

    def __init__(
        self,
        *,
        chip: Chip,
        steps: Sequence[Step],
        chunks: Sequence[Chunk],
        activations: Mapping[str, Place],
        imports: Sequence[Import],
        exports: Sequence[Export],
        chunk_addresses: Mapping[str, int],
    ) -> None:
        self._chip = chip
        self._steps = steps
        self._activations = activations
        self._exports: dict[int, list[Export]] = {}
        for one in exports:
            self._exports.setdefault(one.last_step, []).append(one)
        self._external = chunk_addresses
        arrivals: list[Import | Chunk] = [*chunks, *imports]
        self._loads = deque(sorted(arrivals, key=lambda one: one.first_step))
        self._clock = _Clock(chip)
        self._items: list[Scheduled] = []
        self._chunks = ChunkPlaces(activations.values(), chip)
        self._addresses = {name: place.address for name, place in activations.items()}
        self._places = dict(activations)
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
        self._issue_stores(BEFORE)
        return Schedule(items=tuple(self._items), chunks=self._chunks.found)

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
            ready = max(wanted.place.life.first, wanted.after_step + 1) <= self._next
            return self._import(wanted) if ready else None
        place = self._place(wanted)
        if place is not None:
            return self._load(wanted.name, self._external[wanted.name], place)
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
        held = set(named_locks(load.instruction))
        return held.isdisjoint(named_locks(step)) and self._clock.start(load.instruction) <= self._clock.start(step)

    def _place(self, chunk: Chunk) -> Place | None:
        """The best place: away from what the steps until its use touch, never used by others, soonest, highest."""
        life = Life(first=self._next, last=chunk.last_step)
        return self._chunks.find(len(chunk.data), life, busy=self._busy_groups(chunk), start=self._clock.load_start)

    def _busy_groups(self, chunk: Chunk) -> set[int]:
        """Groups that the steps before a chunk's first use touch: a load there would hold them up."""
        until = min(chunk.first_step + 1, self._next + LOOK_AHEAD, len(self._steps))
        names = {one.buffer for step in self._steps[self._next : until] for one in step.operands}
        places = [self._places[name] for name in names if name in self._places]
        return {group for one in places for group in groups_of(one.address, one.size_bytes, self._chip)}

    # --- instructions ---------------------------------------------------------------------------------------------

    def _import(self, wanted: Import) -> Scheduled:
        fields = self._fields(wanted.external_address, wanted.place, wanted.box)
        instruction = replace(Load(external_locks=wanted.external_locks), **fields)
        return Scheduled(instruction=instruction, role="load", name=wanted.name)

    def _load(self, name: str, external_address: int, place: Place) -> Scheduled:
        box = Box(low=0, rows=1, row_bytes=place.size_bytes, pitch=0)
        instruction = replace(Load(), **self._fields(external_address, place, box))
        return Scheduled(instruction=instruction, role="load", name=name)

    def _fields(self, external_address: int, place: Place, box: Box) -> dict[str, Any]:
        """The fields of a transfer between the rows of a box in external memory and their place."""
        groups = groups_of(place.address, place.size_bytes, self._chip)
        return {
            "external_address": external_address,
            "local_address": place.address,
            "inner_count": box.rows,
            "run_bytes": box.row_bytes,
            "external_inner_stride": box.pitch,
            "local_inner_stride": box.row_bytes if box.rows > 1 else 0,
            "first_group": groups[0],
            "last_group": groups[-1],
        }

    def _step_instruction(self) -> Instruction:
        return relocate(self._steps[self._next], self._addresses, self._chip)

    def _issue(self, item: Scheduled) -> None:
        self._clock.issue(item.instruction)
        self._items.append(item)

    def _issue_load(self, load: Scheduled) -> None:
        wanted = self._loads.popleft()
        if isinstance(wanted, Chunk) and isinstance(load.instruction, Load):
            address = load.instruction.local_address
            life = Life(first=self._next, last=wanted.last_step)
            place = Place(address=address, size_bytes=len(wanted.data), life=life)
            self._chunks.add(wanted.name, place)
            self._addresses.update({name: address + offset for name, offset in wanted.offsets.items()})
            self._places.update(dict.fromkeys(wanted.offsets, place))
        self._issue(load)

    def _issue_step(self) -> None:
        self._issue(Scheduled(instruction=self._step_instruction(), role="step", name="", step=self._next))
        self._issue_stores(self._next)
        self._next += 1

    def _issue_stores(self, step: int) -> None:
        for export in self._exports.get(step, ()):
            self._load_next_page()
            self._issue(self._store(export))

    def _store(self, export: Export) -> Scheduled:
        fields = self._fields(export.external_address, export.place, export.box)
        instruction = replace(Store(external_locks=export.external_locks), **fields)
        return Scheduled(instruction=instruction, role="store", name=export.name)

    def _load_next_page(self) -> None:
        size = self._chip.instructions.page_instructions
        page, position = divmod(len(self._items), size)
        if position != min(PAGE_POSITION, size // 2) or page + 1 >= self._pages:
            return
        size = page_bytes(self._chip)
        instruction = Load(
            space=Space.PAGE, local_address=(page + 1) % 2, external_address=(page + 1) * size, run_bytes=size
        )
        self._issue(Scheduled(instruction=instruction, role="page", name=f"page {page + 1}"))
