"""What of its inputs a Program may leave behind: the flow of its data, byte by byte and register by register.

The flow errs towards more: an instruction that reads a byte which depends on the inputs may write such bytes alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.errors import BadInput
from chipsmith.program.instructions import (
    INDIRECT_OPS,
    Instruction,
    Load,
    Space,
    Store,
    Table,
    TensorInstruction,
    VectorInstruction,
)
from chipsmith.program.program import Program
from chipsmith.program.registers import DataRegister, registers_filled, registers_used
from chipsmith.program.streams import Mask, Stream, external_stream, streams

BANKS = 2
"""Banks of a group; lines take turns."""


@dataclass(frozen=True, kw_only=True)
class Residue:
    """What may depend on the inputs when a Program has ended, cold or warm.

    `local`: each byte of on-chip memory; `external`: each byte of external memory, those of the outputs included;
    `read_lines`: each bank group, whether a line that was read of it last does; `registers`: those of the engines.
    """

    local: Mask
    external: Mask
    read_lines: Mask
    registers: frozenset[DataRegister]


def trace_residue(program: Program) -> Residue:
    """The residue of a verified Program, from its instructions and its ports."""
    flow = _Flow(program.chip, program.manifest.external_bytes)
    for port in program.manifest.inputs:
        flow.external[port.address : port.address + port.size_bytes] = True
    for instruction in program.instructions:
        flow.follow(instruction)
    return Residue(
        local=flow.local,
        external=flow.external,
        read_lines=flow.read_lines,
        registers=frozenset(flow.registers),
    )


def check_wipe(program: Program) -> None:
    """Raise BadInput where a Program says that it wipes, and something but its outputs may depend on its inputs.

    The outputs must stand before the wipe begins.
    """
    start = program.manifest.wipe_start
    if start is None:
        return
    if not 0 <= start < len(program.instructions):
        raise BadInput(f"its wipe begins with instruction {start}; it has {len(program.instructions)} instructions")
    outputs = _outputs(program)
    for index, instruction in enumerate(program.instructions[start:], start):
        if isinstance(instruction, Store) and _touches(outputs, external_stream(instruction)):
            raise BadInput(f"instruction {index} (STORE) belongs to its wipe, but writes an output")
    left = ", ".join(_left(outputs, trace_residue(program)))
    if left:
        raise BadInput(f"it says that it wipes what depends on its inputs, but leaves {left}")


def _outputs(program: Program) -> Mask:
    """Whether each byte of external memory is an output's."""
    outputs: Mask = np.zeros(program.manifest.external_bytes, np.bool_)
    for port in program.manifest.outputs:
        outputs[port.address : port.address + port.size_bytes] = True
    return outputs


def _left(outputs: Mask, residue: Residue) -> Iterator[str]:
    """What a wipe should not have left; `outputs`: those bytes of external memory may depend on the inputs."""
    for memory, dependent in (("on-chip", residue.local), ("external", residue.external & ~outputs)):
        if dependent.any():
            yield f"{np.count_nonzero(dependent):,} bytes of {memory} memory from {np.argmax(dependent)}"
    if residue.read_lines.any():
        yield f"the line that was read last of group {np.argmax(residue.read_lines)}"
    yield from (f"the {register}" for register in DataRegister if register in residue.registers)


class _Flow:
    """What depends on the inputs behind the instructions so far."""

    def __init__(self, chip: Chip, external_bytes: int) -> None:
        self._chip = chip
        self.local: Mask = np.zeros(chip.memory_bytes, np.bool_)
        self.external: Mask = np.zeros(external_bytes, np.bool_)
        self.read_lines: Mask = np.zeros(chip.memory.groups, np.bool_)
        self.registers: set[DataRegister] = set()

    def follow(self, instruction: Instruction) -> None:
        """Take the flow through the next instruction."""
        match instruction:
            case Load(space=Space.PAGE):
                self._pass(instruction, frozenset())
            case Load():
                self._load(instruction)
            case Store():
                self._store(instruction)
            case TensorInstruction() | VectorInstruction():
                self._compute(instruction)

    def _load(self, load: Load) -> None:
        (target,) = streams(load)
        source = external_stream(load)
        passing = _touches_atoms(self.external, source, self._chip.external.atom_bytes)
        self._pass(load, {source.name} if passing else frozenset())
        _mark(self.local, target, _touches(self.external, source))

    def _store(self, store: Store) -> None:
        (source,) = streams(store)
        self._read((source,), certain=True)
        _mark(self.external, external_stream(store), _touches(self.local, source))

    def _compute(self, instruction: TensorInstruction | VectorInstruction) -> None:
        touched = streams(instruction)
        sources = [stream for stream in touched if not stream.written]
        dependent = {stream.name for stream in sources if _touches(self.local, stream)}
        indirect = isinstance(instruction, VectorInstruction) and instruction.op in INDIRECT_OPS
        self._read(sources, certain=not indirect)
        self._pass(instruction, dependent)
        chosen = isinstance(instruction, VectorInstruction) and instruction.writes_by_data
        for stream in touched:
            if stream.written and (dependent or not chosen):
                _mark(self.local, stream, bool(dependent) and (chosen or not _is_constant(instruction)))

    def _pass(self, instruction: Instruction, dependent: Collection[str]) -> None:
        """Take the registers through an instruction whose streams `dependent` depend on the inputs."""
        if dependent:
            self.registers |= registers_used(instruction, dependent)
        else:
            self.registers -= registers_filled(instruction, self._chip)

    def _read(self, sources: Iterable[Stream], *, certain: bool) -> None:
        """What streams leave in the read registers of their bank groups; `certain`: each byte of them is read."""
        parts = [part for source in sources for part in self._lines_by_group(source)]
        for group, banks, dependent in parts:
            if certain and not dependent and banks.all():
                self.read_lines[group] = False
        for group, _, dependent in parts:
            if dependent:
                self.read_lines[group] = True

    def _lines_by_group(self, stream: Stream) -> Iterator[tuple[int, Mask, bool]]:
        """Each bank group of a stream, its banks of which a line is read, and whether some such line is dependent."""
        line = self._chip.tensor.rows
        first, after = stream.first // line, -(stream.last + 1) % line
        lines = np.pad(stream.mask(), (stream.first - first * line, after)).reshape(-1, line).any(axis=1)
        dependent = self.local[first * line : (first + len(lines)) * line].reshape(-1, line).any(axis=1)
        read = first + np.flatnonzero(lines)
        group = read // (self._chip.memory.group_bytes // line)
        for number in np.unique(group):
            own = read[group == number]
            banks = np.array([(own % BANKS == bank).any() for bank in range(BANKS)])
            yield int(number), banks, bool(dependent[own - first].any())


def _touches(dependent: Mask, stream: Stream) -> bool:
    span = dependent[stream.first : stream.last + 1]
    return bool(span.any()) and bool((span & stream.mask()).any())


def _touches_atoms(dependent: Mask, stream: Stream, atom_bytes: int) -> bool:
    """Whether some atom of external memory that a stream touches has a dependent byte: all of it passes the engine."""
    before, behind = stream.first % atom_bytes, -(stream.last + 1) % atom_bytes
    reached = dependent[stream.first - before : stream.last + 1 + behind]
    if not reached.any():
        return False
    touched = np.pad(stream.mask(), (before, behind))
    atoms = np.pad(reached, (0, len(touched) - len(reached))).reshape(-1, atom_bytes).any(axis=1)
    return bool((touched.reshape(-1, atom_bytes).any(axis=1) & atoms).any())


def _mark(dependent: Mask, stream: Stream, value: bool) -> None:
    dependent[stream.first : stream.last + 1][stream.mask()] = value


def _is_constant(instruction: Instruction) -> bool:
    """Whether what an instruction writes is the same whatever it reads: both its limits are one value."""
    return (
        isinstance(instruction, VectorInstruction)
        and instruction.clamp_min == instruction.clamp_max
        and instruction.table is Table.NONE
    )
