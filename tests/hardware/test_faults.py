"""A faulty program stops the machine in a documented error state; the verification refuses the same program."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from timed_programs import page_load, program_of

from chipsmith.chip import load_chip
from chipsmith.chip.description import INSTRUCTION_BYTES
from chipsmith.errors import BadInput
from chipsmith.hardware.build import build_machine
from chipsmith.hardware.package import Error
from chipsmith.hardware.simulate import Machine, external_memory
from chipsmith.program.instructions import (
    End,
    Load,
    Mode,
    Op,
    Rounding,
    Source,
    Store,
    TensorInstruction,
    Type,
    VectorInstruction,
    decode_instruction,
)
from chipsmith.program.program import Program, encode_pages
from chipsmith.program.verify import verify_program

pytestmark = pytest.mark.usefixtures("rtl_tools")

CHIP = load_chip("nano-64")
MOST_CYCLES = 20_000
GROUP = CHIP.memory.group_bytes
SMALL = Load(external_address=0, run_bytes=64, last_group=0)


def program(*payload, **changes) -> Program:
    sound = program_of(CHIP, payload)
    manifest = dataclasses.replace(sound.manifest, external_bytes=1 << 16)
    return dataclasses.replace(sound, manifest=manifest, **changes)


def run(faulty: Program, machine: Machine):
    return machine.infer(faulty, external_memory(faulty, {}), most_cycles=MOST_CYCLES)


@pytest.fixture(scope="module")
def machine(rtl_tools):
    with Machine(CHIP, build_machine(CHIP)) as machine:
        yield machine


@pytest.fixture(autouse=True)
def _after_reset(machine):
    machine.reset()


FAULTY = {
    "a run of no bytes": (Error.COUNT, Load(run_bytes=0)),
    "no runs": (Error.COUNT, Store(run_bytes=4, inner_count=0, external_address=1 << 15)),
    "a group that the chip has not": (Error.COUNT, Load(run_bytes=64, last_group=7)),
    "groups in the wrong order": (Error.COUNT, Load(run_bytes=64, first_group=2, last_group=1)),
    "a write beside the named groups": (Error.ADDRESS, Load(run_bytes=64, local_address=GROUP, last_group=0)),
    "a write across the end of the named groups": (
        Error.ADDRESS,
        Load(run_bytes=64, local_address=GROUP - 8, last_group=0),
    ),
    "a write beyond the memory": (
        Error.ADDRESS,
        Load(run_bytes=64, local_address=7 * GROUP - 8, first_group=6, last_group=6),
    ),
    "a read beside the named groups": (
        Error.ADDRESS,
        Store(run_bytes=64, external_address=1 << 15, local_address=3 * GROUP, first_group=1, last_group=2),
    ),
    "a page into the running slot": (Error.PAGE, dataclasses.replace(page_load(CHIP, 1), local_address=0)),
    "a page into a third slot": (Error.FIELD, dataclasses.replace(page_load(CHIP, 1), local_address=2)),
    "a page of the wrong size": (Error.FIELD, dataclasses.replace(page_load(CHIP, 1), run_bytes=128)),
    "no output channels": (Error.COUNT, TensorInstruction(output_channels=0)),
    "a window that does not fit the array": (Error.FIELD, TensorInstruction(mode=Mode.DEPTHWISE, run=3, dilation_x=4)),
    "all taps on one pixel": (Error.FIELD, TensorInstruction(mode=Mode.DEPTHWISE, run=3, dilation_x=0)),
    "two output pixels of one input pixel": (
        Error.FIELD,
        TensorInstruction(mode=Mode.DEPTHWISE, output_width=2, stride_x=0),
    ),
    "a zero point of ten bits": (Error.FIELD, TensorInstruction(a_zero_point=-129)),
    "a residual without a scale": (Error.FIELD, TensorInstruction(residual=1)),
    "a scale that shifts by one": (Error.FIELD, TensorInstruction(requantise=Rounding.SINGLE, shift=1)),
    "an output of unsigned bytes": (Error.FIELD, TensorInstruction(o_type=Type.UINT8)),
    "no lanes": (Error.COUNT, VectorInstruction(lanes=0, o_lane_stride=1)),
    "a reduction count without a reduction": (Error.FIELD, VectorInstruction(r0=2)),
    "two lanes on one byte": (Error.FIELD, VectorInstruction(lanes=2)),
    "an operation without its operand": (Error.FIELD, VectorInstruction(op=Op.ADD)),
    "a division by zero": (Error.FIELD, VectorInstruction(op=Op.DIV, b_source=Source.IMMEDIATE)),
    "an index that is no stream": (Error.FIELD, VectorInstruction(op=Op.GATHER, rows=4, b_source=Source.IMMEDIATE)),
    "an index with a zero point": (
        Error.FIELD,
        VectorInstruction(op=Op.SCATTER, rows=4, b_source=Source.STREAM, b_zero_point=1, o_base=8, b_base=16),
    ),
    "no rows": (Error.COUNT, VectorInstruction(op=Op.GATHER, b_source=Source.STREAM, o_base=8, b_base=16)),
    # Memory that was never written holds bytes of 90: row 90 stands in another group.
    "a row beside the named groups": (
        Error.ADDRESS,
        VectorInstruction(
            op=Op.GATHER,
            rows=100,
            row_pitch=GROUP // 16,
            b_source=Source.STREAM,
            b_base=4 * GROUP,
            o_base=8,
            b_first_group=4,
            b_last_group=4,
        ),
    ),
    "a shift by 32": (Error.FIELD, VectorInstruction(op=Op.SHL, b_source=Source.IMMEDIATE, b_immediate=32)),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_instruction_is_an_error_and_is_refused(machine, name):
    error, instruction = FAULTY[name]
    faulty = program(instruction)
    outcome = run(faulty, machine)
    assert (outcome.error, outcome.finished) == (error, False)
    with pytest.raises(BadInput):
        verify_program(faulty)


CORRUPT = {
    "a reserved opcode": (Error.OPCODE, {0: 9}),
    "a bit beyond the last field": (Error.FIELD, {INSTRUCTION_BYTES - 1: 1}),
}


@pytest.mark.parametrize("name", CORRUPT)
def test_bits_that_are_no_instruction_are_an_error_and_are_refused(machine, name):
    error, changed = CORRUPT[name]
    sound = program(SMALL)
    image = bytearray(sound.constants)
    for place, value in changed.items():
        image[place] = value
    outcome = run(dataclasses.replace(sound, constants=bytes(image)), machine)
    assert (outcome.error, outcome.error_index, outcome.finished) == (error, 0, False)
    with pytest.raises(BadInput):
        decode_instruction(bytes(image[:INSTRUCTION_BYTES]))


def test_a_page_that_was_never_loaded_is_an_error_and_is_refused(machine):
    instructions = (*[SMALL] * CHIP.instructions.page_instructions, End())
    faulty = program(SMALL, instructions=instructions, constants=encode_pages(CHIP, instructions))
    outcome = run(faulty, machine)
    assert (outcome.error, outcome.error_index) == (Error.PAGE, CHIP.instructions.page_instructions)
    with pytest.raises(BadInput):
        verify_program(faulty)


def test_the_machine_runs_again_after_reset(machine):
    assert run(program(Load(run_bytes=0)), machine).error is Error.COUNT
    sound = program(SMALL)
    refused = run(sound, machine)
    assert (refused.finished, len(refused.start)) == (False, 0)
    machine.reset()
    assert run(sound, machine).finished
    verify_program(sound)


def test_a_refused_write_changes_nothing(machine):
    store = Store(run_bytes=GROUP, external_address=1 << 15, local_address=GROUP, first_group=1, last_group=1)
    before = run(program(store), machine)
    assert before.finished
    run(program(Load(run_bytes=64, local_address=GROUP, last_group=0)), machine)
    machine.reset()
    memory = external_memory(program(store), {})
    assert machine.infer(program(store), memory, most_cycles=MOST_CYCLES).finished
    assert np.all(memory[1 << 15 : (1 << 15) + GROUP] == 0x5A)
