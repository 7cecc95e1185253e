"""A witness of the cycle simulator: the machine of docs/machine.md, stepped clock by clock.

It knows no closed form of a duration. Each engine is a state machine that advances one cycle a step, books what it
uses in that cycle, and is refused more than section 8 allows. It computes no values, only when things happen.

Where accesses stand in the pipelines: an activation or weight access in the cycle of its address; a residual read in
its drain slot; an output write TENSOR_PIPE after its drain slot; a VECTOR's write in its own slot of a beat, as many
whole beats late as its pipe holds. A stream books its whole range of groups, so that nothing rests on addresses.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from tensor_clock import tensor_steps
from vector_clock import vector_steps

from chipsmith.chip import Chip
from chipsmith.program.actions import ActionCounts
from chipsmith.program.instructions import (
    ChannelRecord,
    End,
    Engine,
    Instruction,
    Load,
    Op,
    Rounding,
    Source,
    Space,
    Store,
    Table,
    TensorInstruction,
    TransferInstruction,
    VectorInstruction,
)
from chipsmith.program.program import Program

INSTRUCTION_BYTES = 128
ISSUE = 4
TRANSFER_MIN = 8
STORE_PIPE = 3
FETCH_PIPE = 4
LINE_DELAY = 2
"""Cycles from the arrival of a word until its line is written."""
ATOM_BYTES = {"LPDDR4": 32, "LPDDR2": 16, "DDR3": 64, "GDDR5": 32, "HBM2": 32, "HBM3": 32}
PATIENCE = 2_000_000

Lock = tuple[str, int]
Groups = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Job:
    """An instruction that runs: its index in the program, or -1 for the doorbell's fetch of page 0."""

    index: int
    instruction: Instruction
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, kw_only=True)
class ClockedRun:
    """Start and end (all that it held is free again) of each instruction, in cycles, and its actions."""

    starts: list[int]
    ends: list[int]
    actions: list[ActionCounts]
    fetch: ActionCounts

    @property
    def latency_cycles(self) -> int:
        return self.starts[-1]


class Usage:
    """What the present cycle uses; asserts section 8."""

    def __init__(self, chip: Chip) -> None:
        self._limits = {
            "word read": 1,
            "word written": 1,
            "multiply_9": chip.tensor.rows * chip.tensor.columns,
            "accumulation": chip.tensor.columns,
            "multiply_32": chip.vector.multiplier_lanes,
            "lookup": chip.vector.table_lanes,
            "lane": chip.vector.lanes,
            "division": 1,
            "row product": 1,
        }
        self._groups: dict[int, str] = {}
        self._used: Counter[str] = Counter()

    def clear(self) -> None:
        self._groups.clear()
        self._used.clear()

    def access(self, groups: Groups, what: str) -> None:
        """One access of up to R bytes by a stream: no other may touch any group of the stream's range."""
        for group in range(groups[0], groups[1] + 1):
            assert group not in self._groups, f"{what} and {self._groups[group]} both use group {group}"
            self._groups[group] = what

    def use(self, what: str, count: int = 1) -> None:
        self._used[what] += count
        assert self._used[what] <= self._limits[what], f"{self._used[what]} x {what}, of {self._limits[what]}"


class ClockedMachine:
    """The chip in one cycle after another, from the doorbell to END."""

    def __init__(self, program: Program, *, warm: bool) -> None:
        self.chip = program.chip
        self.usage = Usage(program.chip)
        self.cycle = 0
        self._program = program
        self._warm = warm
        self._later: dict[int, list[Callable[[], None]]] = defaultdict(list)
        self._engines: dict[Engine, Iterator[None] | None] = dict.fromkeys(
            (Engine.LOAD, Engine.STORE, Engine.TENSOR, Engine.VECTOR)
        )
        self._locks: dict[Lock, int] = {}
        self._page_bytes = [0, 0]
        self._page_in_slot = [-1, -1]
        self._jobs: list[Job] = []
        self._starts: list[int] = []
        self._ends: list[int] = []

    def run(self) -> ClockedRun:
        """Ring the doorbell and step until END starts."""
        doorbell = Load(space=Space.PAGE, run_bytes=self.chip.instructions.page_instructions * INSTRUCTION_BYTES)
        fetch = Job(index=-1, instruction=doorbell)
        self._begin(fetch)
        self._advance_sequencer()
        while not self._finished():
            self.cycle += 1
            assert self.cycle < PATIENCE, f"no END after {self.cycle} cycles; {len(self._starts)} started"
            self._step()
        actions = [ActionCounts(**job.counts) for job in self._jobs]
        return ClockedRun(starts=self._starts, ends=self._ends, actions=actions, fetch=ActionCounts(**fetch.counts))

    def later(self, cycles: int, event: Callable[[], None]) -> None:
        """Let something happen so many cycles from now (0: in this cycle)."""
        if cycles:
            self._later[self.cycle + cycles].append(event)
        else:
            event()

    def _finished(self) -> bool:
        return len(self._starts) == len(self._program.instructions)

    def _step(self) -> None:
        self.usage.clear()
        for event in self._later.pop(self.cycle, ()):
            event()
        for engine, steps in self._engines.items():
            if steps is not None and next(steps, "done") == "done":
                self._engines[engine] = None
        self._advance_sequencer()

    def _advance_sequencer(self) -> None:
        index = len(self._starts)
        instruction = self._program.instructions[index]
        job = Job(index=index, instruction=instruction)
        if not self._there(index) or (self._starts and self.cycle < self._starts[-1] + ISSUE):
            return
        skipped = self._warm and isinstance(instruction, Load) and instruction.once
        if not skipped and not self._free(instruction):
            return
        job.counts["instruction_fetches"] += 1
        self._jobs.append(job)
        self._starts.append(self.cycle)
        self._ends.append(self.cycle)
        if not skipped and not isinstance(instruction, End):
            self._begin(job)

    def _there(self, index: int) -> bool:
        page, position = divmod(index, self.chip.instructions.page_instructions)
        slot = page % 2
        assert self._page_in_slot[slot] == page, f"page {page} was never loaded"
        return self._page_bytes[slot] >= INSTRUCTION_BYTES * (position + 1)

    def _free(self, instruction: Instruction) -> bool:
        if isinstance(instruction, End):
            return not self._locks and not any(self._engines.values())
        return self._engines[instruction.engine] is None and not any(
            lock in self._locks for lock in locks_of(instruction)
        )

    def _begin(self, job: Job) -> None:
        for lock in locks_of(job.instruction):
            self._locks[lock] = job.index
        steps = self._busy(job)
        self._engines[job.instruction.engine] = steps
        next(steps)

    def _busy(self, job: Job) -> Iterator[None]:
        """The steps of an instruction, each a cycle of its engine."""
        for step in self._steps(job):
            job.counts[f"{job.instruction.engine.value}_cycles"] += 1
            yield step

    def _release(self, job: Job, locks: list[Lock]) -> None:
        for lock in locks:
            holder = self._locks.pop(lock)
            assert holder == job.index
        self._end(job)

    def _end(self, job: Job) -> None:
        if job.index >= 0:
            self._ends[job.index] = max(self._ends[job.index], self.cycle)

    def _steps(self, job: Job) -> Iterator[None]:
        match job.instruction:
            case Load() as load:
                return self._load(job, load)
            case Store() as store:
                return self._store(job, store)
            case TensorInstruction() as tensor:
                return self._hold(job, tensor_steps(self, tensor, job.counts))
            case VectorInstruction() as vector:
                return self._hold(job, vector_steps(self, vector, job.counts))
        raise TypeError(job.instruction)

    def _hold(self, job: Job, steps: Iterator[None]) -> Iterator[None]:
        """The steps of an instruction that gives everything back with its engine."""
        yield from steps
        self._release(job, locks_of(job.instruction))

    def _load(self, job: Job, load: Load) -> Iterator[None]:
        """A word enters the request register each cycle, is requested in the next, and arrives L after that."""
        if load.space is Space.PAGE:
            page = self._page_running() + 1
            assert load.local_address == page % 2, f"page {page} loaded into slot {load.local_address}"
            self._page_in_slot[load.local_address] = page
            self._page_bytes[load.local_address] = 0
        words = list(_words(load, self.chip))
        for number in range(max(len(words), TRANSFER_MIN)):
            if number < len(words):
                step = partial(self._request, job, load, touched=words[number], last=number == len(words) - 1)
                self.later(1, step)
            yield
        self._end(job)

    def _page_running(self) -> int:
        """The page of the instruction that starts in this cycle, -1 at the doorbell."""
        return (len(self._starts) - 1) // self.chip.instructions.page_instructions

    def _request(self, job: Job, load: Load, *, touched: bool, last: bool) -> None:
        self.usage.use("word read")
        job.counts["external_read_bytes"] += self.chip.external.bytes_per_cycle
        # The word that arrives L cycles from now stands in a register for one cycle before its line is written.
        step = partial(self._write_line, job, load, touched=touched, last=last)
        self.later(self.chip.external.latency_cycles + 1, step)

    def _write_line(self, job: Job, load: Load, *, touched: bool, last: bool) -> None:
        """A word without bytes of its run passes the same registers and is dropped."""
        if load.space is Space.MEMORY and touched:
            self.usage.access((load.first_group, load.last_group), "load")
            job.counts["memory_write_words"] += 1
        self.later(1, lambda: self._written(job, load, last=last))

    def _written(self, job: Job, load: Load, *, last: bool) -> None:
        if load.space is Space.PAGE:
            job.counts["page_words"] += 1
            self.later(FETCH_PIPE - LINE_DELAY, lambda: self._count_page_word(load.local_address))
        if last:
            self._release(job, locks_of(load))

    def _count_page_word(self, slot: int) -> None:
        self._page_bytes[slot] += self.chip.external.bytes_per_cycle

    def _store(self, job: Job, store: Store) -> Iterator[None]:
        """A word is read in the cycle after it enters, and sent STORE_PIPE cycles after it entered."""
        words = list(_words(store, self.chip))
        for number in range(max(len(words), TRANSFER_MIN)):
            if number < len(words):
                if words[number]:
                    self.later(1, partial(self._read_line, job, store))
                self.later(STORE_PIPE, partial(self._send, job, store, last=number == len(words) - 1))
            yield
        self._end(job)

    def _read_line(self, job: Job, store: Store) -> None:
        self.usage.access((store.first_group, store.last_group), "store")
        job.counts["memory_read_lines"] += 1

    def _send(self, job: Job, store: Store, *, last: bool) -> None:
        self.usage.use("word written")
        job.counts["external_write_bytes"] += self.chip.external.bytes_per_cycle
        if last:
            external = [lock for lock in locks_of(store) if lock[0] == "external"]
            others = [lock for lock in locks_of(store) if lock[0] != "external"]
            self.later(1, lambda: self._release(job, others))
            # The acknowledgement comes L cycles after the word, and frees in the cycle after.
            self.later(1 + self.chip.external.latency_cycles, lambda: external and self._release(job, external))


def _words(transfer: TransferInstruction, chip: Chip) -> Iterator[bool]:
    """Whether each word that moves holds bytes of its run: the words of all atoms of a run, run after run."""
    width, atom = chip.external.bytes_per_cycle, max(ATOM_BYTES[chip.external.kind], chip.external.bytes_per_cycle)
    for outer in range(transfer.outer_count):
        for inner in range(transfer.inner_count):
            first = transfer.external_address
            first += outer * transfer.external_outer_stride + inner * transfer.external_inner_stride
            end = first + transfer.run_bytes
            word = first - first % atom
            while word < end or word % atom:
                yield first < word + width and word < end
                word += width


def locks_of(instruction: Instruction) -> list[Lock]:
    """The locks that an instruction names."""
    match instruction:
        case Load(space=Space.PAGE) as load:
            return [("page", load.local_address), *_external(load)]
        case TransferInstruction() as transfer:
            return [*_groups([(transfer.first_group, transfer.last_group)]), *_external(transfer)]
        case TensorInstruction() as tensor:
            return _tensor_locks(tensor)
        case VectorInstruction() as vector:
            return _vector_locks(vector)
    return []


def _external(transfer: TransferInstruction) -> list[Lock]:
    return [("external", region) for region in range(6) if transfer.external_locks & (1 << region)]


def _groups(ranges: list[Groups]) -> list[Lock]:
    return [("group", group) for group in sorted({g for first, last in ranges for g in range(first, last + 1)})]


def _tensor_locks(tensor: TensorInstruction) -> list[Lock]:
    ranges = [(tensor.a_first_group, tensor.a_last_group), (tensor.w_first_group, tensor.w_last_group)]
    ranges.append((tensor.o_first_group, tensor.o_last_group))
    if tensor.parameters != ChannelRecord.NONE:
        ranges.append((tensor.param_first_group, tensor.param_last_group))
    if tensor.residual:
        ranges.append((tensor.res_first_group, tensor.res_last_group))
    multiplies = tensor.requantise != Rounding.OFF or tensor.residual
    return [*_groups(ranges), *([("multipliers", 0)] if multiplies else [])]


def _vector_locks(vector: VectorInstruction) -> list[Lock]:
    ranges = [(vector.a_first_group, vector.a_last_group), (vector.o_first_group, vector.o_last_group)]
    if vector.b_source == Source.STREAM:
        ranges.append((vector.b_first_group, vector.b_last_group))
    if vector.table != Table.NONE:
        ranges.append((vector.t_first_group, vector.t_last_group))
    rescales = any(rounding != Rounding.OFF for rounding in (vector.a_rounding, vector.b_rounding, vector.o_rounding))
    multiplies = rescales or vector.op == Op.MUL
    return [*_groups(ranges), *([("multipliers", 0)] if multiplies else [])]
