"""More instructions behind those of a Program: the pages that they fill, and all addresses behind the pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chipsmith.chip.description import Chip
from chipsmith.program.actions import count_macs
from chipsmith.program.instructions import End, Engine, Instruction, Load, Space, TransferInstruction
from chipsmith.program.program import (
    WIPE,
    WIPE_TENSOR,
    BufferSpan,
    KernelSpan,
    Manifest,
    Port,
    Program,
    encode_pages,
    page_bytes,
    page_count,
)


def append_instructions(program: Program, wipe: Sequence[Instruction]) -> Program:
    """The Program with the instructions of its wipe before END, and the LOADs of the pages that these need."""
    chip = program.chip
    before = page_count(chip, len(program.instructions)) * page_bytes(chip)
    unplaced = (*_paged(program, wipe, chip), End())
    shift = page_count(chip, len(unplaced)) * page_bytes(chip) - before
    instructions = tuple(_moved(instruction, before, shift) for instruction in unplaced)
    return replace(
        program,
        instructions=instructions,
        constants=encode_pages(chip, instructions) + program.constants[before:],
        manifest=_manifest(program, instructions, shift),
    )


def _paged(program: Program, wipe: Sequence[Instruction], chip: Chip) -> Iterator[Instruction]:
    """The instructions without END; the LOAD of a page that none loads yet stands as early as it may."""
    size, own = chip.instructions.page_instructions, program.instructions[:-1]
    yield from own
    place, left = len(own), len(wipe) + 1
    loaded = page_count(chip, len(program.instructions))
    for instruction in wipe:
        if place // size + 1 == loaded and left > size - place % size:
            yield _page_load(loaded, chip)
            loaded, place = loaded + 1, place + 1
        yield instruction
        place, left = place + 1, left - 1
    if place // size + 1 == loaded and left > size - place % size:
        yield _page_load(loaded, chip)


def _page_load(page: int, chip: Chip) -> Load:
    size = page_bytes(chip)
    return Load(space=Space.PAGE, local_address=page % 2, external_address=page * size, run_bytes=size)


def _moved(instruction: Instruction, before: int, shift: int) -> Instruction:
    """An instruction whose external bytes stand behind `shift` more bytes of pages."""
    if not isinstance(instruction, TransferInstruction) or _is_page_load(instruction):
        return instruction
    address = instruction.external_address
    return replace(instruction, external_address=address + shift) if address >= before else instruction


def _is_page_load(instruction: Instruction) -> bool:
    return isinstance(instruction, Load) and instruction.space is Space.PAGE


def _manifest(program: Program, instructions: Sequence[Instruction], shift: int) -> Manifest:
    manifest, wipe_start = program.manifest, len(program.instructions) - 1
    return replace(
        manifest,
        inputs=tuple(_moved_port(port, shift) for port in manifest.inputs),
        outputs=tuple(_moved_port(port, shift) for port in manifest.outputs),
        external_bytes=manifest.external_bytes + shift,
        kernels=(*manifest.kernels, *_kernels(instructions, wipe_start)),
        buffers=tuple(_lasting(span, wipe_start, len(instructions) - 1) for span in manifest.buffers),
        wipe_start=wipe_start,
    )


def _moved_port(port: Port, shift: int) -> Port:
    return replace(port, address=port.address + shift)


def _kernels(instructions: Sequence[Instruction], start: int) -> Iterator[KernelSpan]:
    """A kernel of the wipe for each engine that computes in it."""
    for name, kind in ((WIPE, Engine.VECTOR), (WIPE_TENSOR, Engine.TENSOR)):
        own = tuple(index for index in range(start, len(instructions)) if instructions[index].engine is kind)
        if own:
            macs = count_macs(instructions[index] for index in own)
            yield KernelSpan(name=name, kind=kind, instructions=own, macs=macs)


def _lasting(span: BufferSpan, end: int, new_end: int) -> BufferSpan:
    """A buffer that stayed until END, until the new one."""
    return replace(span, last_instruction=new_end) if span.last_instruction == end else span
