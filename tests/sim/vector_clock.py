"""VECTOR stepped clock by clock for the clocked machine: the table's load, then beats through lock-step stages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tensor_clock import Machine, share_groups

from chipsmith.program.instructions import Op, Reduce, Rounding, Source, Table, Type, VectorInstruction

VECTOR_PIPE = 10
INDEX_PIPE = 7
IN_PIPE, STAGE_PIPE = 4, 3
STAGE_PIPES = {"IN": IN_PIPE, "OP": STAGE_PIPE, "OUT": STAGE_PIPE, "TABLE": STAGE_PIPE}
DIVIDE = 34
TABLE_BYTES = {Table.NONE: 0, Table.TABLE8: 256, Table.TABLE16: 1026}


@dataclass(frozen=True, kw_only=True)
class Beat:
    """Elements that pass together; `results` leave it, none where the reduction goes on."""

    elements: int
    results: int


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A stream of the beats: its accesses for so many elements, and the slots of a beat that are its own."""

    name: str
    groups: tuple[int, int]
    lane_stride: int
    kind: Type
    line: int
    slots: range

    def accesses(self, elements: int) -> int:
        return accesses_of(elements, self.lane_stride, self.kind, self.line)


def accesses_of(elements: int, lane_stride: int, kind: Type, line: int) -> int:
    """Accesses that bring so many elements, found by laying them out."""
    if lane_stride == kind.size_bytes:
        return len(range(0, elements * kind.size_bytes, line))
    return min(1, elements) if lane_stride == 0 else elements


def _is_indirect(vector: VectorInstruction) -> bool:
    return vector.op in (Op.GATHER, Op.SCATTER)


def vector_steps(machine: Machine, vector: VectorInstruction, counts: Counter[str]) -> Iterator[None]:
    """One step for each cycle that the instruction holds its engine."""
    return _VectorRun(machine, vector, counts).steps()


class _VectorRun:
    def __init__(self, machine: Machine, vector: VectorInstruction, counts: Counter[str]) -> None:
        self._machine, self._vector, self._counts = machine, vector, counts
        self._full = min(vector.lanes, machine.chip.vector.lanes)
        self._full_results = 1 if vector.lane_reduce else self._full
        self._reads, self._output = self._place_streams()
        self._slots = self._slots_of_a_beat()

    def steps(self) -> Iterator[None]:
        vector = self._vector
        for _ in range(0, TABLE_BYTES[vector.table], self._machine.chip.tensor.rows):
            self._machine.usage.access((vector.t_first_group, vector.t_last_group), "table")
            self._count(memory_read_lines=1, table_load_cycles=1)
            yield
        stages = self._stages()
        in_stage: list[Beat | None] = [None] * len(stages)
        beats = self._beats()
        beat = next(beats, None)
        while beat is not None or any(in_stage[:-1]):
            in_stage = [beat, *in_stage[:-1]]
            beat = next(beats, None)
            yield from self._advance(stages, in_stage)
        for _ in range(self._pipe()):
            yield

    def _pipe(self) -> int:
        stages = sum(STAGE_PIPES.get(stage, 0) for stage in self._stages())
        levels = 0
        while self._vector.lane_reduce and 1 << levels < self._machine.chip.vector.lanes:
            levels += 1
        return VECTOR_PIPE + stages + levels

    def _beats(self) -> Iterator[Beat]:
        vector, width = self._vector, self._machine.chip.vector.lanes
        cuts = [min(width, vector.lanes - start) for start in range(0, vector.lanes, width)]
        for _ in range(vector.o0 * vector.o1 * vector.o2 * vector.o3):
            for cut, elements in enumerate(cuts):
                for turn in range(vector.r0 * vector.r1):
                    whole = turn == vector.r0 * vector.r1 - 1
                    results = elements if whole else 0
                    if vector.lane_reduce:
                        results = 1 if whole and cut == len(cuts) - 1 else 0
                    yield Beat(elements=elements, results=results)

    def _stages(self) -> list[str]:
        vector = self._vector
        scaled_in = vector.a_rounding != Rounding.OFF or vector.b_rounding != Rounding.OFF
        stages = ["INDEX", *self._waiting_for_rows()] if _is_indirect(vector) else []
        stages += ["READ", *(["IN"] if scaled_in else []), *(["OP"] if vector.op in (Op.MUL, Op.DIV) else [])]
        stages += ["OUT"] if vector.o_rounding != Rounding.OFF else []
        return [*stages, *(["TABLE"] if vector.table != Table.NONE else []), "WRITE"]

    def _waiting_for_rows(self) -> list[str]:
        """Stages behind INDEX that a beat passes until INDEX_PIPE cycles are over."""
        return [f"ROW {cycle}" for cycle in range(self._slots, INDEX_PIPE, self._slots)]

    def _place_streams(self) -> tuple[list[Stream], Stream]:
        """Slots of each stream: after those of the streams before it whose groups it meets."""
        vector = self._vector
        reads = [("A", (vector.a_first_group, vector.a_last_group), vector.a_lane_stride, vector.a_type)]
        if vector.b_source == Source.STREAM:
            reads.append(("B", (vector.b_first_group, vector.b_last_group), vector.b_lane_stride, vector.b_type))
        # With lane_reduce the one result of a beat takes one access, whatever its stride.
        stride = 0 if vector.lane_reduce else vector.o_lane_stride
        output = ("O", (vector.o_first_group, vector.o_last_group), stride, vector.o_type)
        placed: list[Stream] = []
        for name, groups, lane_stride, kind in [*reads, output]:
            elements = self._full_results if name == "O" else self._full
            length = accesses_of(elements, lane_stride, kind, self._machine.chip.tensor.rows)
            start = self._first_room(placed, groups, length)
            placed.append(
                Stream(
                    name=name,
                    groups=groups,
                    lane_stride=lane_stride,
                    kind=kind,
                    line=self._machine.chip.tensor.rows,
                    slots=range(start, start + length),
                )
            )
        return placed[:-1], placed[-1]

    def _first_room(self, placed: list[Stream], groups: tuple[int, int], length: int) -> int:
        taken = {slot for stream in placed if share_groups(stream.groups, groups) for slot in stream.slots}
        start = 0
        while taken & set(range(start, start + length)):
            start += 1
        return start

    def _passes(self) -> list[tuple[str, int]]:
        """(stage, first element) of each pass of the multipliers in a beat."""
        vector, lanes = self._vector, self._machine.chip.vector.multiplier_lanes
        uses = [
            ("IN", self._full, vector.a_rounding != Rounding.OFF),
            ("IN", self._full, vector.b_rounding != Rounding.OFF),
        ]
        uses.append(("OP", self._full, vector.op == Op.MUL))
        uses.append(("OUT", self._full_results, vector.o_rounding != Rounding.OFF))
        return [(stage, start) for stage, count, used in uses if used for start in range(0, count, lanes)]

    def _slots_of_a_beat(self) -> int:
        """Cycles that all stages need before they advance together."""
        lookups = range(0, self._full_results, self._machine.chip.vector.table_lanes)
        divisions = range(DIVIDE * self._full if self._vector.op == Op.DIV else 0)
        needs = [len(self._passes()), len(divisions), len(lookups) if self._vector.table != Table.NONE else 0]
        streams = [*self._reads, self._output]
        # The machine gives a stream the time of all that it meets, though some of them might overlap.
        needs += [
            sum(len(other.slots) for other in streams if share_groups(other.groups, stream.groups))
            for stream in streams
        ]
        slots = max(1, *needs)
        assert all(stream.slots.stop <= slots for stream in streams), "the streams find no room in a beat"
        return slots

    def _advance(self, stages: list[str], in_stage: list[Beat | None]) -> Iterator[None]:
        """The cycles in which each stage works on the beat that it holds."""
        beats = dict(zip(stages, in_stage, strict=True))
        # An operation of a single cycle has no stage of its own.
        operating = "OP" if "OP" in stages else "READ"
        for slot in range(self._slots):
            for stage, work in (
                ("INDEX", self._index),
                ("READ", self._read),
                (operating, self._operate),
                ("TABLE", self._look_up),
            ):
                beat = beats.get(stage)
                if beat is not None:
                    work(beat, slot)
            if beats["WRITE"] is not None:
                self._write(beats["WRITE"], slot)
            self._multiply(beats, slot)
            yield

    def _index(self, beat: Beat, slot: int) -> None:
        if self._access(self._reads[1], beat, slot):
            self._machine.usage.use("row product")
            self._count(row_products=1)

    def _read(self, beat: Beat, slot: int) -> None:
        for stream in self._reads[:1] if _is_indirect(self._vector) else self._reads:
            self._access(stream, beat, slot)

    def _access(self, stream: Stream, beat: Beat, slot: int) -> bool:
        """Whether a stream has an access in a slot of a beat, which is made."""
        goes = slot in stream.slots and slot - stream.slots.start < stream.accesses(beat.elements)
        if goes:
            self._machine.usage.access(stream.groups, stream.name)
            self._count(memory_read_lines=1)
        return goes

    def _write(self, beat: Beat, slot: int) -> None:
        stream = self._output
        if slot in stream.slots and slot - stream.slots.start < stream.accesses(beat.results):
            whole_beats = self._pipe() // self._slots * self._slots
            self._machine.later(whole_beats, self._write_line)

    def _write_line(self) -> None:
        self._machine.usage.access(self._output.groups, "O")
        self._count(memory_write_lines=1)

    def _operate(self, beat: Beat, slot: int) -> None:
        vector = self._vector
        if slot == 0:
            self._count(vector_beats=1, vector_elements=beat.elements)
        if vector.op == Op.DIV:
            if slot < DIVIDE * beat.elements:
                self._machine.usage.use("division")
                self._count(alu_32=1)
        elif slot == 0:
            self._machine.usage.use("lane", beat.elements)
            self._count(alu_32=0 if vector.op == Op.PASS or _is_indirect(vector) else beat.elements)
        if slot == 0 and vector.reduce != Reduce.NONE:
            self._count(alu_32=beat.elements)

    def _look_up(self, beat: Beat, slot: int) -> None:
        lanes = self._machine.chip.vector.table_lanes
        finished = max(0, min(lanes, beat.results - slot * lanes))
        self._machine.usage.use("lookup", finished)
        self._count(table_lookups=finished)

    def _multiply(self, beats: dict[str, Beat | None], slot: int) -> None:
        """The slot's pass: no two stages multiply in the same cycle."""
        passes = self._passes()
        if slot >= len(passes):
            return
        stage, start = passes[slot]
        beat = beats[stage]
        if beat is not None:
            values = (beat.results if stage == "OUT" else beat.elements) - start
            values = max(0, min(self._machine.chip.vector.multiplier_lanes, values))
            self._machine.usage.use("multiply_32", values)
            self._count(multiply_32=values)

    def _count(self, **actions: int) -> None:
        self._counts.update(actions)
