"""The cycle simulator: start and end of each instruction of a Program, and what each one waited for.

A max-plus recurrence over the instructions with their closed-form times (docs/machine.md, sections 3, 4, 6, 7):
an instruction starts at the greatest of the times at which what it needs is there or free.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.chip.description import INSTRUCTION_BYTES, INSTRUCTION_PAGES, Chip
from chipsmith.errors import BadInput
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.cycles import FETCH_PIPE, ISSUE, Occupancy, occupancy
from chipsmith.program.instructions import End, Engine, Instruction, Load, Space
from chipsmith.program.locks import EXTERNAL_POSITIONS, LOCKS, Lock, LockKind, lock_mask, lock_positions
from chipsmith.program.program import Program, page_bytes
from chipsmith.shown import Shown
from chipsmith.units import percent

DOORBELL = -1
"""Holder of what the doorbell's own fetch of page 0 holds."""

ENGINES: tuple[Engine, ...] = (Engine.LOAD, Engine.STORE, Engine.TENSOR, Engine.VECTOR)
"""The engines that instructions occupy."""

Cycles = npt.NDArray[np.int64]


class Wait(enum.Enum):
    """What kept an instruction from starting one cycle earlier."""

    FETCH = "fetch"
    ISSUE = "issue distance"
    ENGINE = "engine"
    GROUP = "bank group"
    PAGE = "page slot"
    EXTERNAL = "external region"
    MULTIPLIERS = "multipliers"


_WAIT_OF_LOCK = {
    LockKind.GROUP: Wait.GROUP,
    LockKind.PAGE: Wait.PAGE,
    LockKind.EXTERNAL: Wait.EXTERNAL,
    LockKind.MULTIPLIERS: Wait.MULTIPLIERS,
}


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why an instruction started no earlier.

    `kind`; `name`: what was waited for, such as 'group 3' or 'tensor engine'; `holder`: index of the instruction
    that held or fetched it, DOORBELL for the fetch of page 0.
    """

    kind: Wait
    name: str
    holder: int

    def __str__(self) -> str:
        holder = "the doorbell" if self.holder == DOORBELL else f"instruction {self.holder}"
        return f"{self.name}, {holder}"


@dataclass(frozen=True, kw_only=True)
class Timeline(Shown):
    """When the instructions of a Program run, in cycles from the doorbell; arrays have one int64 an instruction.

    `start`; `end`: the cycle in which all that the instruction held is free again; `wait_cycles`: start less the
    earliest start that the issue distance allows; `reasons`: what decided each start; `busy_cycles` of each engine.
    """

    start: Cycles
    end: Cycles
    wait_cycles: Cycles
    engines: tuple[Engine, ...]
    reasons: tuple[Reason, ...]
    busy_cycles: dict[Engine, int]

    def _brief(self) -> str:
        busy = ", ".join(f"{engine.value} {percent(share, 0)}" for engine, share in self.busy_share.items())
        return f"{len(self.engines)} instructions in {self.latency_cycles:,} cycles (simulated); busy: {busy}"

    @property
    def latency_cycles(self) -> int:
        """Cycles of the inference: the start of END."""
        return int(self.start[-1])

    @property
    def stall_cycles(self) -> dict[Wait, int]:
        """Cycles that the sequencer waited beyond the issue distance, by what it waited for."""
        stalls = dict.fromkeys(Wait, 0)
        for reason, cycles in zip(self.reasons, self.wait_cycles.tolist(), strict=True):
            stalls[reason.kind] += cycles
        return stalls

    @property
    def busy_share(self) -> dict[Engine, float]:
        """Share of the latency in which each engine is held."""
        latency = max(1, self.latency_cycles)
        return {engine: cycles / latency for engine, cycles in self.busy_cycles.items()}


_Awaited: TypeAlias = Engine | Lock | int | None
"""What an instruction waits for: an engine, a lock, a page by its number, or None: the issue distance."""


def simulate(program: Program, *, warm: bool = False) -> Timeline:
    """The timeline of one inference of a legal Program.

    `warm`: the LOADs with `once` are skipped, their data being on the chip from the inference before.
    BadInput where a page is run that was never loaded, or is loaded into the wrong slot.
    """
    instructions = program.instructions
    times = [occupancy(instruction, program.chip) for instruction in instructions]
    sequencer = _sequence(program.chip, instructions, times, warm=warm)
    starts = np.array(sequencer.starts, np.int64)
    earliest = np.concatenate(([0], starts[:-1] + ISSUE))
    return Timeline(
        start=starts,
        end=np.array(sequencer.ends, np.int64),
        wait_cycles=starts - earliest[: len(starts)],
        engines=tuple(instruction.engine for instruction in instructions),
        reasons=tuple(itertools.starmap(_reason, zip(sequencer.awaited, sequencer.holders, strict=True))),
        busy_cycles=sequencer.busy_cycles,
    )


def latency_of(
    chip: Chip, instructions: Sequence[Instruction], times: Sequence[Occupancy], *, warm: bool = False
) -> int:
    """`simulate(...).latency_cycles` of a program's instructions, whose occupancies are known: END's start."""
    return _sequence(chip, instructions, times, warm=warm).starts[-1]


def _sequence(chip: Chip, instructions: Sequence[Instruction], times: Sequence[Occupancy], *, warm: bool) -> _Sequencer:
    """The recurrence after all instructions."""
    sequencer = _Sequencer(chip)
    for index, (instruction, time) in enumerate(zip(instructions, times, strict=True)):
        if isinstance(instruction, End):
            sequencer.finish(index)
        elif warm and isinstance(instruction, Load) and instruction.once:
            sequencer.skip(index)
        else:
            sequencer.issue(index, instruction, time)
    return sequencer


class _Sequencer:
    """The state of the recurrence after the instructions issued so far, of each of which the lists have an entry.

    `awaited` and `holders`: what decided the start, and who held that.
    """

    def __init__(self, chip: Chip) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.awaited: list[_Awaited] = []
        self.holders: list[int] = []
        self.busy_cycles = dict.fromkeys(ENGINES, 0)
        self._engine_free = dict.fromkeys(ENGINES, 0)
        self._engine_holder = dict.fromkeys(ENGINES, DOORBELL)
        self._lock_free = [0] * len(LOCKS)
        self._lock_holder = [DOORBELL] * len(LOCKS)
        self._held: dict[int, None] = {}
        self._page_size = chip.instructions.page_instructions
        self._arrivals = [
            chip.external.latency_cycles + ceil_div(INSTRUCTION_BYTES * (position + 1), chip.external.bytes_per_cycle)
            for position in range(self._page_size)
        ]
        self._page = -1
        self._page_start, self._page_holder = 0, DOORBELL
        self._next_page: tuple[int, int] | None = None
        doorbell = Load(space=Space.PAGE, local_address=0, run_bytes=page_bytes(chip))
        self._hold(DOORBELL, 0, doorbell, occupancy(doorbell, chip), lock_positions(lock_mask(doorbell)))

    def issue(self, index: int, instruction: Instruction, time: Occupancy) -> None:
        """Start the next instruction at the greatest of its bounds and hold what it names for its time."""
        cycle, awaited, holder = self._there(index)
        engine = instruction.engine
        if self._engine_free[engine] > cycle:
            cycle, awaited, holder = self._engine_free[engine], engine, self._engine_holder[engine]
        positions = lock_positions(lock_mask(instruction))
        cycle, awaited, holder = self._last_free(cycle, awaited, holder, positions)
        self._start(cycle, awaited, holder)
        self.ends.append(self._hold(index, cycle, instruction, time, positions))

    def skip(self, index: int) -> None:
        """Take an instruction that does nothing."""
        bound = self._there(index)
        self._start(*bound)
        self.ends.append(bound[0])

    def finish(self, index: int) -> None:
        """Start END when all engines and locks are free."""
        cycle, awaited, holder = self._there(index)
        for engine in ENGINES:
            if self._engine_free[engine] > cycle:
                cycle, awaited, holder = self._engine_free[engine], engine, self._engine_holder[engine]
        cycle, awaited, holder = self._last_free(cycle, awaited, holder, self._held)
        self._start(cycle, awaited, holder)
        self.ends.append(cycle)

    def _start(self, cycle: int, awaited: _Awaited, holder: int) -> None:
        self.starts.append(cycle)
        self.awaited.append(awaited)
        self.holders.append(holder)

    def _last_free(
        self, cycle: int, awaited: _Awaited, holder: int, positions: Iterable[int]
    ) -> tuple[int, _Awaited, int]:
        """The later of a bound and the release of the last of the locks."""
        free, last = self._lock_free, -1
        for position in positions:
            if free[position] > cycle:
                cycle, last = free[position], position
        return (cycle, awaited, holder) if last < 0 else (cycle, LOCKS[last], self._lock_holder[last])

    def _there(self, index: int) -> tuple[int, _Awaited, int]:
        """The later of the issue distance and rule 1: the instruction's own bytes have arrived."""
        page, position = divmod(index, self._page_size)
        if page != self._page:
            self._turn_page(page)
        arrived = self._page_start + self._arrivals[position] + FETCH_PIPE
        earliest = self.starts[-1] + ISSUE if self.starts else 0
        return (arrived, page, self._page_holder) if arrived > earliest else (earliest, None, index - 1)

    def _turn_page(self, page: int) -> None:
        if self._next_page is None:
            raise BadInput(
                f"the program runs into page {page} of its instructions, which no LOAD of page {page - 1} loads"
            )
        self._page, (self._page_start, self._page_holder), self._next_page = page, self._next_page, None

    def _hold(
        self, index: int, start: int, instruction: Instruction, time: Occupancy, positions: tuple[int, ...]
    ) -> int:
        """Hold the engine and the locks from `start`; returns the cycle in which all of them are free again."""
        if isinstance(instruction, Load) and instruction.space is Space.PAGE:
            self._load_page(index, start, instruction)
        engine = instruction.engine
        self._engine_free[engine], self._engine_holder[engine] = start + time.engine, index
        self.busy_cycles[engine] += time.engine
        free, holders = self._lock_free, self._lock_holder
        end = start + max(time.engine, time.locks)
        for position in positions:
            taken = time.external if position in EXTERNAL_POSITIONS else time.locks
            free[position], holders[position] = start + taken, index
            self._held[position] = None
            if taken > end - start:
                end = start + taken
        return end

    def _load_page(self, index: int, start: int, load: Load) -> None:
        slot = (self._page + 1) % INSTRUCTION_PAGES
        if load.local_address != slot:
            raise BadInput(
                f"instruction {index} loads a page into slot {load.local_address}; "
                f"page {self._page + 1} belongs in slot {slot}"
            )
        self._next_page = (start, index)


def _reason(awaited: _Awaited, holder: int) -> Reason:
    match awaited:
        case Engine() as engine:
            return Reason(kind=Wait.ENGINE, name=f"{engine.value} engine", holder=holder)
        case Lock(kind=kind, number=number):
            wait = _WAIT_OF_LOCK[kind]
            name = wait.value if wait is Wait.MULTIPLIERS else f"{wait.value} {number}"
            return Reason(kind=wait, name=name, holder=holder)
        case None:
            return Reason(kind=Wait.ISSUE, name=Wait.ISSUE.value, holder=holder)
        case page:
            return Reason(kind=Wait.FETCH, name=f"fetch of page {page}", holder=holder)
