"""Assembly text: a line an instruction, only what differs from the defaults, and it parses back."""

from __future__ import annotations

import pytest
from random_programs import random_program

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.program.assembly import format_assembly, format_instruction, parse_assembly
from chipsmith.program.instructions import End, Load, Op, Source, Space, VectorInstruction


def test_a_line_names_what_differs_from_the_defaults():
    load = Load(space=Space.PAGE, external_address=4096, local_address=1, run_bytes=2048)
    assert format_instruction(load) == "LOAD external_address=4096 local_address=1 run_bytes=2048 space=PAGE"
    assert format_instruction(End()) == "END"


@pytest.mark.parametrize("chip", ["nano-64", "edge-256"])
def test_programs_parse_back(chip):
    program = random_program(load_chip(chip), 3, 60)
    text = format_assembly(program.instructions)
    assert len(text.splitlines()) == len(program.instructions)
    assert parse_assembly(text) == program.instructions


def test_comments_empty_lines_and_hexadecimal_numbers_are_read():
    text = "# a sum\n\nVECTOR op=ADD lanes=0x10 b_source=IMMEDIATE b_immediate=-3  # minus three\nEND\n"
    assert parse_assembly(text) == (
        VectorInstruction(op=Op.ADD, lanes=16, b_source=Source.IMMEDIATE, b_immediate=-3),
        End(),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("END\nJUMP", "line 2: no instruction 'JUMP'; the machine has END, LOAD, STORE, TENSOR, VECTOR"),
        ("LOAD run_byte=1", "line 1: LOAD has no field 'run_byte'; did you mean run_bytes?"),
        ("LOAD run_bytes", "line 1: LOAD: write run_bytes=VALUE"),
        ("LOAD run_bytes=1 run_bytes=2", "line 1: LOAD gives run_bytes twice"),
        ("LOAD run_bytes=many", "line 1: run_bytes=many is not an integer"),
        ("LOAD space=MARS", "line 1: space=MARS is not MEMORY, PAGE"),
        ("END\nLOAD run_bytes=16777216", "line 2: LOAD.run_bytes is 16777216; 24 bits hold 0 to 16777215"),
    ],
)
def test_a_faulty_line_is_named(text, message):
    with pytest.raises(BadInput) as error:
        parse_assembly(text)
    assert message in str(error.value)
