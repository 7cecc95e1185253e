"""The instruction behind a byte of external memory."""

from __future__ import annotations

import pytest
from timed_programs import program_of

from chipsmith.chip import load_chip
from chipsmith.program.instructions import Load, Store, VectorInstruction
from chipsmith.program.writers import writer_of

CHIP = load_chip("nano-64")
# 0: a LOAD of 32 bytes; 1 and 2: copies of 8 of them to 64 and to 72; 3: two runs of 8 bytes, from 72 and from 64.
PROGRAM = program_of(
    CHIP,
    [
        Load(run_bytes=32),
        VectorInstruction(lanes=8, a_lane_stride=1, o_base=64, o_lane_stride=1),
        VectorInstruction(lanes=8, a_lane_stride=1, o_base=72, o_lane_stride=1),
        Store(external_address=1000, outer_count=2, run_bytes=8, external_outer_stride=100,
              local_address=72, local_outer_stride=-8),
        Store(external_address=2000, run_bytes=4, local_address=30),
    ],
)  # fmt: skip


@pytest.mark.parametrize(
    ("address", "writer"),
    [(1000, 2), (1007, 2), (1008, None), (1100, 1), (1107, 1), (2001, 0), (2002, None), (3000, None)],
)
def test_the_writer_is_the_last_instruction_whose_output_was_stored(address, writer):
    assert writer_of(PROGRAM, address) == writer
