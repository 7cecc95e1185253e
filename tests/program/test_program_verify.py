"""What a chip refuses before it runs a program."""

from __future__ import annotations

import dataclasses

import pytest

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.program.instructions import (
    ChannelRecord,
    End,
    Load,
    Mode,
    Op,
    Reduce,
    Rounding,
    Source,
    Space,
    Store,
    Table,
    TensorInstruction,
    Type,
    VectorInstruction,
)
from chipsmith.program.program import Manifest, Port, Program, encode_pages, page_bytes
from chipsmith.program.verify import check_instruction, verify_program

CHIP = load_chip("nano-64")  # 7 groups of 8192 bytes, R = 8
GROUP = CHIP.memory.group_bytes
PAGE = page_bytes(CHIP)


POINT = TensorInstruction(
    input_height=4, input_width=4, pixel_pitch=8, row_pitch=32, run=8, output_height=4, output_width=4,
    output_channels=8, a_base=0, w_base=GROUP, w_stride=8, o_base=2 * GROUP, o_stride_y=32, o_stride_x=8,
    w_first_group=1, w_last_group=1, o_first_group=2, o_last_group=2,
)  # fmt: skip
"""A matrix product of 16 pixels of 8 channels, bytes 0 to 127 of groups 0, 1 and 2."""

COPY = VectorInstruction(lanes=16, a_lane_stride=1, o_base=GROUP, o_lane_stride=1, o_first_group=1, o_last_group=1)
"""16 bytes from group 0 to group 1."""

LOOK_UP = VectorInstruction(
    o0=3, lanes=16, op=Op.GATHER, a_lane_stride=1, rows=50, row_pitch=16, o_base=GROUP, o_stride_0=16, o_lane_stride=1,
    b_source=Source.STREAM, b_type=Type.INT32, b_base=2 * GROUP, b_stride_0=4,
    b_first_group=2, b_last_group=2, o_first_group=1, o_last_group=1,
)  # fmt: skip
"""3 of the 50 rows of 16 bytes in group 0, by the int32 indices in group 2, to group 1."""

FETCH = Load(run_bytes=16, external_address=PAGE, first_group=0, last_group=0)


def changed(instruction, **fields):
    return dataclasses.replace(instruction, **fields)


@pytest.mark.parametrize("instruction", [POINT, COPY, LOOK_UP, FETCH, End()])
def test_a_legal_instruction_passes(instruction):
    check_instruction(CHIP, instruction)


REFUSED = {
    "A touches bytes -8 to": changed(POINT, row_pitch=-32, a_base=88),
    "stream O touches bytes 57336 to 57463; the memory has 57344": changed(POINT, o_base=7 * GROUP - 8),
    "stream W touches bank groups 1 to 1 but names groups 2 to 2": changed(POINT, w_first_group=2, w_last_group=2),
    "stream A touches bank groups 0 to 1 but names groups 0 to 0": changed(POINT, a_base=GROUP - 8),
    "stream RES touches bank groups 0 to 0 but names groups 1 to 1": changed(
        POINT,
        residual=1,
        requantise=Rounding.SINGLE,
        shift=30,
        sum_rounding=Rounding.SINGLE,
        sum_shift=30,
        res_first_group=1,
        res_last_group=1,
    ),
    "base and strides must be multiples of 4": changed(POINT, o_type=Type.INT32, o_stride_x=34, o_stride_y=136),
    "stream O writes a byte more than once": changed(POINT, o_stride_x=7),
    "output stream O overlaps input stream A": changed(POINT, o_base=120, o_first_group=0, o_last_group=0),
    "output stream O overlaps input stream P": changed(
        POINT, parameters=ChannelRecord.BIAS, param_base=2 * GROUP + 64, param_first_group=2, param_last_group=2
    ),
    "output_height is 0; counts are at least 1": changed(POINT, output_height=0),
    "TENSOR.run is -1": changed(POINT, run=-1),
    "o_type UINT8": changed(POINT, o_type=Type.UINT8),
    "shift is 1; a scale stage shifts by 2 to 62": changed(POINT, requantise=Rounding.SINGLE, shift=1),
    "clamp_min 5 is above clamp_max 4": changed(POINT, requantise=Rounding.SINGLE, shift=30, clamp_min=5, clamp_max=4),
    "residual needs requantise": changed(POINT, residual=1, sum_rounding=Rounding.SINGLE, sum_shift=30),
    "window of 9 pixels": changed(POINT, mode=Mode.DEPTHWISE, run=3, dilation_x=4),
    "taps of DEPTHWISE cannot stand on one pixel": changed(POINT, mode=Mode.DEPTHWISE, run=3, dilation_x=0),
    "a_zero_point is 128; an operand of 9 bits": changed(POINT, a_zero_point=128),
    "w_zero_point is -129; an operand of 9 bits": changed(POINT, w_zero_point=-129),
    "column bytes 0 to 6442450183 do not fit": changed(POINT, stride_x=1 << 8, pixel_pitch=(1 << 23) - 1),
    "DEPTHWISE needs 1": changed(POINT, mode=Mode.DEPTHWISE, kernel_x=2, run=3),
    "a scale of the sum": changed(POINT, residual=1, requantise=Rounding.SINGLE, shift=30),
    "without a reduction": changed(COPY, r0=2),
    "o_lane_stride 0": changed(COPY, o_lane_stride=0),
    "op ADD needs an operand B": changed(COPY, op=Op.ADD),
    "b_rounding without a stream": changed(COPY, b_rounding=Rounding.SINGLE, b_shift=30),
    "SHL by 32": changed(COPY, op=Op.SHL, b_source=Source.IMMEDIATE, b_immediate=32),
    "DIV by 0": changed(COPY, op=Op.DIV, b_source=Source.IMMEDIATE),
    "ASR is reserved": changed(COPY, op=Op.ASR, op_argument=2, b_source=Source.IMMEDIATE),
    "stream TABLE touches bank groups 1 to 1 but names": changed(COPY, table=Table.TABLE8, t_base=GROUP),
    "output stream O overlaps input stream TABLE": changed(
        COPY, table=Table.TABLE8, t_base=GROUP - 256 + 8, t_first_group=0, t_last_group=1
    ),
    "overlaps input stream B": changed(
        COPY, op=Op.ADD, b_source=Source.STREAM, b_base=GROUP + 1, b_lane_stride=1, b_first_group=1, b_last_group=1
    ),
    "rows is 0; counts are at least 1": changed(LOOK_UP, rows=0),
    "op GATHER needs a stream B": changed(LOOK_UP, b_source=Source.IMMEDIATE),
    "b_lane_stride is 4; op GATHER needs 0": changed(LOOK_UP, b_lane_stride=4),
    "b_zero_point is 1; op GATHER needs 0": changed(LOOK_UP, b_zero_point=1),
    "reduce is 1; op GATHER needs 0": changed(LOOK_UP, reduce=Reduce.SUM),
    "stream A touches bytes 0 to 65535": changed(LOOK_UP, rows=4096, a_last_group=6),
    "stream A touches bank groups 0 to 2 but names groups 0 to 0": changed(LOOK_UP, rows=1100),
    "O overlaps input stream A": changed(LOOK_UP, o_base=49 * 16, o_first_group=0),
    "to slot 2": Load(space=Space.PAGE, local_address=2, run_bytes=PAGE),
    "one run of": Load(space=Space.PAGE, local_address=1, run_bytes=PAGE - 1),
    "cannot be `once`": Load(space=Space.PAGE, local_address=1, run_bytes=PAGE, once=1),
    "run_bytes is 0": changed(FETCH, run_bytes=0),
    "stream destination writes a byte more than once": changed(FETCH, inner_count=2, local_inner_stride=15),
    "stream source touches bytes": Store(run_bytes=16, local_address=7 * GROUP, first_group=6, last_group=6),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_faulty_instruction_is_refused_by_name(message):
    with pytest.raises(BadInput, match=r"^.*" + message.replace("[", r"\[")):
        check_instruction(CHIP, REFUSED[message])


def test_a_scatter_may_write_a_byte_again():
    check_instruction(CHIP, changed(LOOK_UP, op=Op.SCATTER, o_stride_0=0))
    with pytest.raises(BadInput, match="stream O touches bank groups 1 to 4 but names groups 1 to 1"):
        check_instruction(CHIP, changed(LOOK_UP, op=Op.SCATTER, o_stride_0=0, rows=2000))


IN_PLACE = changed(COPY, o_base=0, o_first_group=0, o_last_group=0)


@pytest.mark.parametrize(
    "instruction",
    [
        IN_PLACE,
        changed(IN_PLACE, a_type=Type.UINT8),
        changed(IN_PLACE, o3=2, a_stride_3=32, o_stride_3=32),
        changed(
            COPY, op=Op.SUB, b_source=Source.STREAM, b_base=GROUP, b_lane_stride=1, b_first_group=1, b_last_group=1
        ),
    ],
)
def test_an_output_may_stand_exactly_on_its_own_input(instruction):
    check_instruction(CHIP, instruction)


@pytest.mark.parametrize(
    "instruction",
    [
        changed(IN_PLACE, o_base=1),
        changed(IN_PLACE, a_lane_stride=-1, a_base=15),
        changed(IN_PLACE, o_type=Type.INT16, o_lane_stride=2),
        changed(IN_PLACE, reduce=Reduce.SUM, r0=2, a_reduce_0=16),
    ],
)
def test_any_other_overlap_is_refused(instruction):
    with pytest.raises(BadInput, match="overlaps input stream A"):
        check_instruction(CHIP, instruction)


def test_streams_may_interleave_without_meeting():
    even = changed(COPY, a_lane_stride=2, o_base=1, o_lane_stride=2, o_first_group=0, o_last_group=0)
    check_instruction(CHIP, even)


AREA = Port(name="area", shape=(1, 64), dtype="<i1", address=2 * PAGE, size_bytes=64)


def _program(*instructions, **manifest):
    pages = encode_pages(CHIP, instructions)
    fields = {
        "network": "hand", "inputs": (AREA,), "outputs": (AREA,), "external_bytes": 2 * PAGE + 64,
        "weight_bytes": 0, "resident": (), "operators": (), "kernels": (), "buffers": (),
    }  # fmt: skip
    return Program(
        chip=CHIP,
        instructions=instructions,
        constants=pages.ljust(2 * PAGE, b"\0"),
        manifest=Manifest(**(fields | manifest)),
    )


NEXT_PAGE = Load(space=Space.PAGE, external_address=PAGE, local_address=1, run_bytes=PAGE)
KEEP = changed(FETCH, once=1)
PUT = Store(run_bytes=16, external_address=2 * PAGE, first_group=0, last_group=0)
GET = Load(run_bytes=16, external_address=2 * PAGE + 8, local_address=100, first_group=0, last_group=0)


@pytest.mark.parametrize(
    "program",
    [
        _program(End()),
        _program(NEXT_PAGE, *(COPY for _ in range(8)), End()),
        _program(KEEP, POINT, COPY, End()),
        _program(changed(PUT, external_locks=3), changed(GET, external_locks=2), End()),
    ],
)
def test_a_legal_program_passes(program):
    verify_program(program)


REFUSED_PROGRAMS = {
    "END at": _program(End(), COPY, End()),
    "page 1 is never loaded": _program(*(COPY for _ in range(8)), End()),
    "must load page 1 from": _program(changed(NEXT_PAGE, local_address=0), *(COPY for _ in range(8)), End()),
    "no page follows": _program(NEXT_PAGE, End()),
    r"instruction 1 \(VECTOR\): without|instruction 1 \(VECTOR\): r0": _program(COPY, changed(COPY, r0=2), End()),
    r"instruction 0 \(LOAD\): touches bytes": _program(changed(FETCH, external_address=2 * PAGE + 60), End()),
    "is `once` but reads beyond the constants": _program(changed(KEEP, external_address=2 * PAGE), End()),
    "into the constants": _program(changed(PUT, external_address=PAGE), End()),
    "no common external region": _program(changed(PUT, external_locks=1), changed(GET, external_locks=2), End()),
    r"instruction 1 \(STORE\) and instruction 0 \(LOAD\) meet": _program(GET, PUT, End()),
    r"instruction 0 \(VECTOR\) writes bytes that a `once` LOAD keeps": _program(IN_PLACE, KEEP, End()),
    r"instruction 1 \(LOAD\) writes bytes that a `once` LOAD keeps": _program(KEEP, FETCH, End()),
    "the chip has": _program(End(), external_bytes=1 << 40),
    "'O'|port area is O": _program(End(), inputs=(changed(AREA, dtype="O"),)),
    "dimensions are at least 1": _program(End(), inputs=(changed(AREA, shape=(-1, -64)),)),
    "of 18446744073709551616 bytes": _program(End(), inputs=(changed(AREA, shape=(1 << 32, 1 << 32)),)),
    "says that it has 63": _program(End(), inputs=(changed(AREA, size_bytes=63),)),
    "ends beyond": _program(End(), outputs=(changed(AREA, address=2 * PAGE + 1),)),
    "stands in the constants": _program(End(), inputs=(changed(AREA, address=PAGE),)),
}


@pytest.mark.parametrize("message", REFUSED_PROGRAMS)
def test_a_faulty_program_is_refused_by_name(message):
    with pytest.raises(BadInput, match=message):
        verify_program(REFUSED_PROGRAMS[message])


def test_runs_between_each_other_do_not_meet_unless_there_are_too_many_to_compare(monkeypatch):
    even, odd = (
        changed(instruction, external_address=2 * PAGE + first, run_bytes=1, inner_count=4, external_inner_stride=2)
        for first, instruction in enumerate((PUT, changed(GET, local_inner_stride=1)))
    )
    verify_program(_program(even, odd, End()))
    monkeypatch.setattr("chipsmith.program.verify.COMPARED_PAIRS", 0)
    with pytest.raises(BadInput, match="no common external region"):
        verify_program(_program(even, odd, End()))


def test_the_image_must_begin_with_the_programs_own_pages():
    with pytest.raises(BadInput, match="does not begin with the program's pages"):
        verify_program(dataclasses.replace(_program(COPY, End()), constants=bytes(2 * PAGE)))
