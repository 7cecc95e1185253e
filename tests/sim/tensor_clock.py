"""TENSOR stepped clock by clock for the clocked machine: phases, loads of weights and records, and the drain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from chipsmith.chip import Chip
from chipsmith.program.instructions import ChannelRecord, Mode, Rounding, TensorInstruction, WeightsBy

PHASE_MIN = 4
TENSOR_SETUP = 14
TENSOR_PIPE = 16
RESIDUAL_PIPE = 14
DRAIN_SETS = 3
RECORD_BYTES = {ChannelRecord.NONE: 0, ChannelRecord.BIAS: 4, ChannelRecord.PER_CHANNEL: 9}


class Ports(Protocol):
    """What an engine may use of a cycle."""

    def access(self, groups: tuple[int, int], what: str) -> None: ...
    def use(self, what: str, count: int = 1) -> None: ...


class Machine(Protocol):
    """What an engine sees of the machine."""

    chip: Chip
    usage: Ports
    cycle: int

    def later(self, cycles: int, event: Callable[[], None]) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Tile:
    """Pixels of one accumulator tile, of one block of channels."""

    block: int
    channels: int
    pixels: int
    first_of_block: bool


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One set of weights meeting one tile; `rows` of the array are used."""

    tile: Tile
    rows: int
    first_of_tile: bool
    last_of_tile: bool


def share_groups(groups: tuple[int, int], other: tuple[int, int]) -> bool:
    return bool(set(range(groups[0], groups[1] + 1)) & set(range(other[0], other[1] + 1)))


def tensor_steps(machine: Machine, tensor: TensorInstruction, counts: Counter[str]) -> Iterator[None]:
    """One step for each cycle that the instruction holds its engine."""
    return _TensorRun(machine, tensor, counts).steps()


class _TensorRun:
    def __init__(self, machine: Machine, tensor: TensorInstruction, counts: Counter[str]) -> None:
        self._machine, self._tensor, self._counts = machine, tensor, counts
        self._draining_block: int | None = None
        self._line = machine.chip.tensor.rows
        self._columns = machine.chip.tensor.columns
        # The machine gives every block the time of a full one.
        self._full_channels = min(self._columns, tensor.output_channels)
        self._full_lines = len(range(0, self._full_channels, self._line))
        self._a = (tensor.a_first_group, tensor.a_last_group)
        self._w = (tensor.w_first_group, tensor.w_last_group)
        self._p = (tensor.param_first_group, tensor.param_last_group)
        self._o = (tensor.o_first_group, tensor.o_last_group)
        self._r = (tensor.res_first_group, tensor.res_last_group)

    def steps(self) -> Iterator[None]:
        phases = list(self._phases())
        drain: Iterator[None] | None = None
        loads = [*self._loads(phases[0])]
        for event in loads + [_idle] * (TENSOR_SETUP - len(loads)):
            event()
            yield
        for phase, following in pairwise([*phases, None]):
            assert phase is not None
            if drain is not None and phase.first_of_tile and self._alone():
                yield from drain
                yield from self._empty_pipe()
                drain = None
            yield from self._run_phase(phase, following, drain)
            if phase.last_of_tile:
                # The accumulators of the tile before must be empty before the tiles change places.
                yield from drain or ()
                drain = self._drain(phase.tile)
        yield from drain or ()
        yield from self._empty_pipe()

    def _empty_pipe(self) -> Iterator[None]:
        """Until the last drained value is written."""
        for _ in range(self._pipe()):
            yield

    def _pipe(self) -> int:
        """Cycles from a drain slot to its write."""
        return TENSOR_PIPE + RESIDUAL_PIPE * self._tensor.residual

    def _alone(self) -> bool:
        """Whether computing and draining share groups, so that they never overlap."""
        drained = [self._o, self._r] if self._tensor.residual else [self._o]
        operands = [self._a, self._w, *([self._p] if self._tensor.parameters else [])]
        return any(share_groups(stream, operand) for stream in drained for operand in operands)

    def _run_phase(self, phase: Phase, following: Phase | None, drain: Iterator[None] | None) -> Iterator[None]:
        reads, loads = self._reads(phase), self._loads(following)
        shared = share_groups(self._a, self._w) or (self._tensor.parameters != 0 and share_groups(self._a, self._p))
        read, load, cycles = next(reads, None), next(loads, None), 0
        self._count(array_phases=1)
        while read is not None or load is not None or cycles < PHASE_MIN:
            if read is not None:
                read()
            if load is not None and (read is None or not shared):
                load()
                load = next(loads, None)
            read = next(reads, None)
            cycles += 1
            if drain is not None:
                next(drain, None)
            yield

    def _tiles(self) -> Iterator[Tile]:
        tensor, limit = self._tensor, self._machine.chip.tensor.tile_pixels
        for block, base in enumerate(range(0, tensor.output_channels, self._columns)):
            channels = min(self._columns, tensor.output_channels - base)
            first = True
            if tensor.mode == Mode.CONV:
                rows = [tensor.output_height * tensor.output_width]
            else:
                rows = [tensor.output_width] * tensor.output_height
            for row in rows:
                for start in range(0, row, limit):
                    pixels = min(limit, row - start)
                    yield Tile(block=block, channels=channels, pixels=pixels, first_of_block=first)
                    first = False

    def _phases(self) -> Iterator[Phase]:
        tensor = self._tensor
        for tile in self._tiles():
            kernel_rows = [(z, y) for z in range(tensor.kernel_z) for y in range(tensor.kernel_y)]
            if tensor.mode == Mode.CONV:
                cuts = [min(self._line, tensor.run - start) for start in range(0, tensor.run, self._line)]
                uses = [rows for _ in kernel_rows for _ in range(tensor.kernel_x) for rows in cuts]
            else:
                uses = [tensor.run for _ in kernel_rows]
            for number, rows in enumerate(uses):
                yield Phase(tile=tile, rows=rows, first_of_tile=number == 0, last_of_tile=number == len(uses) - 1)

    def _reads(self, phase: Phase) -> Iterator[Callable[[], None]]:
        """Each activation access of a phase, with what it sets off in the array."""
        if self._tensor.mode == Mode.CONV:
            for _ in range(phase.tile.pixels):
                yield lambda: self._activate(phase.rows, phase.tile.channels, sums=True, first=phase.first_of_tile)
            return
        tensor = self._tensor
        window = (tensor.run - 1) * tensor.dilation_x + 1
        outputs = {window - 1 + number * tensor.stride_x for number in range(phase.tile.pixels)}
        assert len(outputs) == phase.tile.pixels, "one input pixel completes several output pixels"
        for pixel in range(max(outputs) + 1):
            complete = pixel in outputs
            for start in range(0, self._full_lines * self._line, self._line):
                left = phase.tile.channels - start
                yield self._depthwise_access(phase, left, complete=complete)

    def _depthwise_access(self, phase: Phase, left: int, *, complete: bool) -> Callable[[], None]:
        """An access of the channels that are left, as far as a line goes: all are summed once the last has come."""
        if left <= 0:
            return _idle
        channels, last = min(self._line, left), left <= self._line
        return lambda: self._activate(
            phase.rows, channels if complete else 0, sums=complete and last, first=phase.first_of_tile
        )

    def _activate(self, rows: int, channels: int, *, sums: bool, first: bool) -> None:
        self._machine.usage.access(self._a, "activations")
        self._machine.usage.use("multiply_9", rows * channels)
        self._machine.usage.use("accumulation", channels)
        self._count(
            memory_read_lines=1,
            array_active_cycles=1,
            mac_int8=rows * channels,
            accumulator_reads=sums and not first,
            accumulator_writes=sums,
        )

    def _loads(self, phase: Phase | None) -> Iterator[Callable[[], None]]:
        """Each slot of the load for a phase; slots of channels or rows that do not exist stay idle."""
        if phase is None:
            return
        for sizes in self._weight_slots(phase):
            yield self._load(self._w, "weights", sizes) if sizes else _idle
        if phase.first_of_tile and phase.tile.first_of_block:
            record = RECORD_BYTES[self._tensor.parameters]
            for start in range(0, record * self._full_channels, self._line):
                yield self._load_records(phase.tile.block) if start < record * phase.tile.channels else _idle

    def _load_records(self, block: int) -> Callable[[], None]:
        def access() -> None:
            drained = self._draining_block
            assert drained is None or drained % DRAIN_SETS != block % DRAIN_SETS, (
                f"records of block {block} overwrite those of block {drained}, which still drains"
            )
            self._load(self._p, "records", 0)()

        return access

    def _weight_slots(self, phase: Phase) -> Iterator[int]:
        """Bytes of weights that each slot of a phase's load brings; 0 for an idle slot."""
        tensor, channels = self._tensor, phase.tile.channels
        if tensor.mode == Mode.CONV and tensor.weights_by == WeightsBy.COLUMN:
            for channel in range(self._full_channels):
                yield phase.rows if channel < channels else 0
            return
        rows = tensor.run if tensor.mode == Mode.DEPTHWISE else min(self._line, tensor.run)
        for row in range(rows):
            for start in range(0, self._full_channels, self._line):
                yield max(0, min(self._line, channels - start)) if row < phase.rows else 0

    def _load(self, groups: tuple[int, int], what: str, weight_bytes: int) -> Callable[[], None]:
        def access() -> None:
            self._machine.usage.access(groups, what)
            self._count(memory_read_lines=1, weight_register_bytes=weight_bytes)

        return access

    def _drain(self, tile: Tile) -> Iterator[None]:
        """The drain of a tile: a fixed number of cycles a pixel, in which its passes and accesses find room."""
        self._draining_block = tile.block
        for _ in range(tile.pixels):
            yield from self._drain_pixel(tile.channels)
        self._draining_block = None

    def _drain_pixel(self, channels: int) -> Iterator[None]:
        """Cycles until every pass, read and write of a pixel has had its slot."""
        tensor, size = self._tensor, self._tensor.o_type.size_bytes
        self._count(accumulator_reads=1, alu_32=channels * ((tensor.parameters != 0) + tensor.residual))
        passes = list(self._passes(channels))
        writes = [start < channels * size for start in range(0, self._full_channels * size, self._line)]
        reads = [start < channels for start in range(0, self._full_channels, self._line)] if tensor.residual else []
        shared = bool(tensor.residual) and share_groups(self._r, self._o)
        while passes or reads or writes:
            if passes:
                self._multiply(passes.pop(0))
            # Residual and output take turns at a group that they share: reads in even cycles, writes in odd ones.
            if reads and not (shared and self._machine.cycle % 2):
                self._access(self._r, "residual", "memory_read_lines", performed=reads.pop(0))
            if writes and (not shared or (self._machine.cycle + self._pipe()) % 2):
                self._write(performed=writes.pop(0))
            self._count(drain_cycles=1)
            yield

    def _passes(self, channels: int) -> Iterator[int]:
        """Values that each pass of the multipliers scales; 0 where a full block would have more.

        With a residual, a rounding that is OFF multiplies by 1.
        """
        tensor, lanes = self._tensor, self._machine.chip.vector.multiplier_lanes
        if tensor.residual:
            lanes = min(lanes, self._line)
        for _ in range(4 if tensor.residual else int(tensor.requantise != Rounding.OFF)):
            for start in range(0, self._full_channels, lanes):
                yield max(0, min(lanes, channels - start))

    def _multiply(self, values: int) -> None:
        self._machine.usage.use("multiply_32", values)
        self._count(multiply_32=values)

    def _write(self, *, performed: bool) -> None:
        self._machine.later(
            self._pipe(), lambda: self._access(self._o, "output", "memory_write_lines", performed=performed)
        )

    def _access(self, groups: tuple[int, int], what: str, action: str, *, performed: bool) -> None:
        if performed:
            self._machine.usage.access(groups, what)
            self._count(**{action: 1})

    def _count(self, **actions: int) -> None:
        self._counts.update(actions)


def _idle() -> None:
    """A slot in which nothing is accessed."""
