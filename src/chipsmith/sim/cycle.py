"""The cycle simulator: start and end of each instruction of a Program, and what each one waited for.

A max-plus recurrence over the instructions with their closed-form times (docs/machine.md, sections 3, 4, 6, 7):
an instruction starts at the greatest of the times at which what it needs is there or free.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chipsmith.chip.description import INSTRUCTION_BYTES, INSTRUCTION_PAGES, Chip
from chipsmith.errors import BadInput
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.cycles import FETCH_PIPE, ISSUE, occupancy
from chipsmith.program.instructions import End, Engine, Instruction, Load, Space
from chipsmith.program.locks import Lock, LockKind, named_locks
from chipsmith.program.program import Program, page_bytes

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
class Timeline:
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


class _Bound(NamedTuple):
    """A cycle before which an instruction cannot start; what it waits for (a page by its number); who holds that."""

    cycle: int
    awaited: Engine | Lock | int | None
    holder: int


class _Hold(NamedTuple):
    """Until which cycle something is held, and by which instruction."""

    until: int = 0
    holder: int = DOORBELL


_FREE = _Hold()


def simulate(program: Program, *, warm: bool = False) -> Timeline:
    """The timeline of one inference of a legal Program.

    `warm`: the LOADs with `once` are skipped, their data being on the chip from the inference before.
    BadInput where a page is run that was never loaded, or is loaded into the wrong slot.
    """
    sequencer = _Sequencer(program.chip, warm=warm)
    for index, instruction in enumerate(program.instructions):
        sequencer.issue(index, instruction)
    return Timeline(
        start=np.array(sequencer.starts, np.int64),
        end=np.array(sequencer.ends, np.int64),
        wait_cycles=np.array(sequencer.waits, np.int64),
        engines=tuple(instruction.engine for instruction in program.instructions),
        reasons=tuple(_reason(bound) for bound in sequencer.bounds),
        busy_cycles=sequencer.busy_cycles,
    )


class _Sequencer:
    """The state of the recurrence after the instructions issued so far."""

    def __init__(self, chip: Chip, *, warm: bool) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.waits: list[int] = []
        self.bounds: list[_Bound] = []
        self._chip = chip
        self._warm = warm
        self._engines = dict.fromkeys(ENGINES, _FREE)
        self.busy_cycles = dict.fromkeys(ENGINES, 0)
        self._locks: dict[Lock, _Hold] = {}
        self._page = -1
        self._page_start = _FREE
        self._next_page_start: _Hold | None = None
        doorbell = Load(space=Space.PAGE, local_address=0, run_bytes=page_bytes(chip))
        self._hold(DOORBELL, 0, doorbell, named_locks(doorbell))

    def issue(self, index: int, instruction: Instruction) -> None:
        """Start the next instruction at the greatest of its bounds and hold what it names."""
        earliest = self.starts[-1] + ISSUE if self.starts else 0
        bounds = [_Bound(earliest, None, index - 1), self._there(index)]
        locks: Iterable[Lock] = ()
        if isinstance(instruction, End):
            bounds += [_Bound(hold.until, engine, hold.holder) for engine, hold in self._engines.items()]
            locks = self._locks
        elif not (self._warm and isinstance(instruction, Load) and instruction.once):
            until, holder = self._engines[instruction.engine]
            bounds.append(_Bound(until, instruction.engine, holder))
            locks = named_locks(instruction)
        bound = self._last_free(max(bounds, key=_cycle), locks)
        self.starts.append(bound.cycle)
        self.bounds.append(bound)
        self.waits.append(bound.cycle - earliest)
        self.ends.append(self._hold(index, bound.cycle, instruction, locks) if locks else bound.cycle)

    def _last_free(self, bound: _Bound, locks: Iterable[Lock]) -> _Bound:
        """The later of a bound and the release of the last of the locks."""
        for lock in locks:
            until, holder = self._locks.get(lock, _FREE)
            if until > bound.cycle:
                bound = _Bound(until, lock, holder)
        return bound

    def _there(self, index: int) -> _Bound:
        """Rule 1: the instruction's own bytes have arrived."""
        page, position = divmod(index, self._chip.instructions.page_instructions)
        if page != self._page:
            self._turn_page(page)
        loaded, holder = self._page_start
        words = ceil_div(INSTRUCTION_BYTES * (position + 1), self._chip.external.bytes_per_cycle)
        cycle = loaded + self._chip.external.latency_cycles + words + FETCH_PIPE
        return _Bound(cycle, page, holder)

    def _turn_page(self, page: int) -> None:
        if self._next_page_start is None:
            raise BadInput(
                f"the program runs into page {page} of its instructions, which no LOAD of page {page - 1} loads"
            )
        self._page, self._page_start, self._next_page_start = page, self._next_page_start, None

    def _hold(self, index: int, start: int, instruction: Instruction, locks: Iterable[Lock]) -> int:
        """Hold the engine and the locks from `start`; returns the cycle in which all of them are free again."""
        if isinstance(instruction, End):
            return start
        if isinstance(instruction, Load) and instruction.space is Space.PAGE:
            self._load_page(index, start, instruction)
        times = occupancy(instruction, self._chip)
        self._engines[instruction.engine] = _Hold(start + times.engine, index)
        self.busy_cycles[instruction.engine] += times.engine
        hold, external = _Hold(start + times.locks, index), _Hold(start + times.external, index)
        end = start + max(times.engine, times.locks)
        for lock in locks:
            self._locks[lock] = external if lock.kind is LockKind.EXTERNAL else hold
            end = max(end, self._locks[lock].until)
        return end

    def _load_page(self, index: int, start: int, load: Load) -> None:
        slot = (self._page + 1) % INSTRUCTION_PAGES
        if load.local_address != slot:
            raise BadInput(
                f"instruction {index} loads a page into slot {load.local_address}; "
                f"page {self._page + 1} belongs in slot {slot}"
            )
        self._next_page_start = _Hold(start, index)


def _cycle(bound: _Bound) -> int:
    return bound.cycle


def _reason(bound: _Bound) -> Reason:
    match bound.awaited:
        case Engine() as engine:
            return Reason(kind=Wait.ENGINE, name=f"{engine.value} engine", holder=bound.holder)
        case Lock(kind=kind, number=number):
            wait = _WAIT_OF_LOCK[kind]
            name = wait.value if wait is Wait.MULTIPLIERS else f"{wait.value} {number}"
            return Reason(kind=wait, name=name, holder=bound.holder)
        case None:
            return Reason(kind=Wait.ISSUE, name=Wait.ISSUE.value, holder=bound.holder)
        case page:
            return Reason(kind=Wait.FETCH, name=f"fetch of page {page}", holder=bound.holder)
