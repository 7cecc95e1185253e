"""A Program, and behind its own instructions those of its wipe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.compiler.wipe.flushes import flush_load, flush_tensor, flush_vector
from chipsmith.compiler.wipe.pages import append_instructions
from chipsmith.compiler.wipe.places import WipePlaces, choose_places, kept_bytes
from chipsmith.compiler.wipe.zeros import Span, clear_external, clear_local, local_gap, spans_to_clear
from chipsmith.program.instructions import Instruction, Load, Space
from chipsmith.program.locks import EXTERNAL_REGIONS
from chipsmith.program.program import Program
from chipsmith.program.registers import DataRegister
from chipsmith.program.residue import Residue, trace_residue
from chipsmith.program.streams import Mask, external_stream


def append_wipe(program: Program) -> Program:
    """The Program with a wipe: after END nothing but the outputs depends on the inputs any more.

    The weights that a warm inference needs stay; the inputs are cleared too. The outputs are those of `program`.
    DoesNotFit where a memory has no room for the wipe.
    """
    residue, kept = trace_residue(program), kept_bytes(program)
    places = choose_places(program, kept, residue.local)
    wiped = append_instructions(_with_locks(program), tuple(_wipe(program, residue, kept, places)))
    if wiped.manifest.external_bytes > program.chip.external_bytes:
        raise DoesNotFit(
            f"network {program.manifest.network} needs {wiped.manifest.external_bytes} bytes of external memory with "
            f"the instructions of its wipe; {program.chip.name} has {program.chip.external_bytes}: raise "
            "external.size_mib or compile without the wipe"
        )
    return wiped


def _wipe(program: Program, residue: Residue, kept: Mask, places: WipePlaces) -> Iterator[Instruction]:
    """The zeros, then the registers of the vector engine; what other engines do stands beside the longest zeros."""
    chip, registers = program.chip, residue.registers
    target = Span(places.zeros, places.zeros + places.target_bytes)
    spans = sorted(_local_spans(program, residue, kept, target), key=lambda span: span.first - span.end)
    # Instructions start in order: the tensor engine goes first, unless what it reads has to be cleared before.
    ready = not residue.local[places.source : places.source + places.source_bytes].any()
    tensor = tuple(flush_tensor(registers, places, chip))
    if DataRegister.LOADED_WORD in registers:
        yield flush_load(places, chip)
    yield clear_local(target, places.source, chip)
    yield from tensor[:1] if ready else ()
    yield from (clear_local(span, _ignored(span, places, chip), chip) for span in spans[:1])
    yield from tensor[1:] if ready else ()
    for span in _external_spans(program, residue):
        yield from clear_external(span, places.zeros, chip)
    yield from (clear_local(span, _ignored(span, places, chip), chip) for span in spans[1:])
    yield from () if ready else tensor
    yield from flush_vector(registers, places, chip)


def _ignored(span: Span, places: WipePlaces, chip: Chip) -> int:
    """Where the element stands that a VECTOR over a span reads and ignores: in a group that nothing else uses."""
    size = chip.memory.group_bytes
    used = {places.target // size, places.source // size, *range(span.first // size, (span.end - 1) // size + 1)}
    free = (group * size for group in range(chip.memory.groups) if group not in used)
    return next(free, places.target)


def _local_spans(program: Program, residue: Residue, kept: Mask, target: Span) -> tuple[Span, ...]:
    untouchable = kept.copy()
    untouchable[target.first : target.end] = True
    return spans_to_clear(residue.local & ~untouchable, untouchable, gap=local_gap(program.chip))


def _external_spans(program: Program, residue: Residue) -> tuple[Span, ...]:
    untouchable = np.zeros(len(residue.external), np.bool_)
    untouchable[: len(program.constants)] = True
    for port in program.manifest.outputs:
        untouchable[port.address : port.address + port.size_bytes] = True
    # Between two tensors nothing stands: one STORE more takes longer than the bytes that fill up their places.
    return spans_to_clear(residue.external & ~untouchable, untouchable, gap=len(untouchable))


def _with_locks(program: Program) -> Program:
    """The Program whose LOADs of what the wipe clears name external regions: the wipe waits for them.

    They take turns in the regions, so that they seldom wait for one another.
    """
    instructions = list(program.instructions)
    turn = 0
    for index, instruction in enumerate(instructions):
        if isinstance(instruction, Load) and _reads_unlocked(program, instruction):
            instructions[index] = replace(instruction, external_locks=1 << turn % EXTERNAL_REGIONS)
            turn += 1
    return replace(program, instructions=tuple(instructions))


def _reads_unlocked(program: Program, load: Load) -> bool:
    return (
        load.space is Space.MEMORY and load.external_locks == 0 and external_stream(load).last >= len(program.constants)
    )
