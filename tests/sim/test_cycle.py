"""The cycle simulator on programs small enough to work out by hand from docs/machine.md."""

from __future__ import annotations

import dataclasses

import pytest
from timed_programs import page_load, program_of

from chipsmith.chip import Chip, load_chip, override_chip
from chipsmith.errors import BadInput
from chipsmith.program.instructions import (
    ChannelRecord,
    Engine,
    Load,
    Op,
    Rounding,
    Source,
    Store,
    TensorInstruction,
    Type,
    VectorInstruction,
)
from chipsmith.sim.cycle import DOORBELL, Wait, simulate


def chip_with_pages_of(page_instructions: int) -> Chip:
    """R = C = V = 8, M = 4, T = 64, L = 32 and W = 8: instruction j of page 0 is there in cycle 32 + 16*(j+1) + 2."""
    settings = {"instructions.page_instructions": str(page_instructions), "external.bytes_per_cycle": "8"}
    return override_chip(load_chip("nano-64"), settings)


CONVOLUTION = TensorInstruction(
    # 16 pixels of a 1 x 1 convolution, 8 channels to 8: wl = 8, pl = ceil(4*8/8) = 4, one phase of 16 accesses,
    # drain 16 x max(ceil(8/4), 1) = 32, so max(8 + 4, TENSOR_SETUP 14) + 16 + 32 + TENSOR_PIPE 16 = 78 cycles.
    output_height=4,
    output_width=4,
    output_channels=8,
    run=8,
    parameters=ChannelRecord.BIAS,
    requantise=Rounding.SINGLE,
    a_first_group=0,
    a_last_group=0,
    w_first_group=1,
    w_last_group=1,
    param_first_group=1,
    param_last_group=1,
    o_first_group=2,
    o_last_group=2,
)

RELU = VectorInstruction(
    # 16 beats in place: a read and a write of one group, so 2 cycles a beat; READ and WRITE:
    # (16 + 2 - 1)*2 + VECTOR_PIPE 10 = 44 cycles.
    o3=16,
    lanes=8,
    a_lane_stride=1,
    o_lane_stride=1,
    op=Op.MAX,
    b_source=Source.IMMEDIATE,
    a_first_group=2,
    a_last_group=2,
    o_first_group=2,
    o_last_group=2,
)


def test_an_empty_program_ends_when_its_own_page_has_arrived():
    # END is there in cycle 32 + 16 + 2 = 50; the doorbell's fetch of 4*128/8 = 64 words holds slot 0 for 32 + 64 + 2.
    timeline = simulate(program_of(chip_with_pages_of(4), []))
    assert timeline.start.tolist() == [98]
    assert timeline.latency_cycles == 98
    assert timeline.reasons[0].kind is Wait.PAGE
    assert str(timeline.reasons[0]) == "page slot 0, the doorbell"


def test_a_store_waits_for_the_load_and_end_for_the_acknowledgement():
    load = Load(external_address=1024, run_bytes=16, first_group=3, last_group=3)
    store = Store(external_address=2048, run_bytes=16, first_group=3, last_group=3, external_locks=1 << 2)
    timeline = simulate(program_of(chip_with_pages_of(4), [load, store]))
    # The fetch of page 0 holds the load engine for 64 cycles; LOAD of an atom, 4 words, then holds group 3
    # for 32 + 4 + 2. STORE holds region 2 for 4 + 3 + 32 from cycle 102.
    assert timeline.start.tolist() == [64, 102, 141]
    assert timeline.end.tolist() == [102, 141, 141]
    assert [reason.kind for reason in timeline.reasons] == [Wait.ENGINE, Wait.GROUP, Wait.EXTERNAL]
    assert [str(reason) for reason in timeline.reasons] == [
        "load engine, the doorbell",
        "bank group 3, instruction 0",
        "external region 2, instruction 1",
    ]
    # Each engine is held for TRANSFER_MIN 8 cycles, the load engine also for the page.
    assert timeline.busy_cycles == {Engine.LOAD: 64 + 8, Engine.STORE: 8, Engine.TENSOR: 0, Engine.VECTOR: 0}


def test_a_vector_waits_for_the_group_that_a_tensor_writes():
    timeline = simulate(program_of(chip_with_pages_of(4), [CONVOLUTION, RELU]))
    # TENSOR is there in cycle 52, VECTOR in 68, END in 84.
    assert timeline.start.tolist() == [52, 130, 174]
    assert timeline.end.tolist() == [130, 174, 174]
    assert [reason.holder for reason in timeline.reasons] == [DOORBELL, 0, 1]
    assert [reason.kind for reason in timeline.reasons] == [Wait.FETCH, Wait.GROUP, Wait.ENGINE]
    assert timeline.busy_share[Engine.TENSOR] == 78 / 174


def test_waits_are_counted_from_the_earliest_start_that_the_issue_distance_allows():
    timeline = simulate(program_of(chip_with_pages_of(4), [CONVOLUTION, RELU]))
    # From cycle 0 to 52; from 52 + 4 to 130; from 130 + 4 to 174.
    assert timeline.wait_cycles.tolist() == [52, 74, 40]
    stalls = timeline.stall_cycles
    assert (stalls[Wait.FETCH], stalls[Wait.GROUP], stalls[Wait.ENGINE]) == (52, 74, 40)
    assert sum(stalls.values()) == 166


def test_vector_and_tensor_share_the_multipliers():
    multiply = VectorInstruction(
        op=Op.MUL,
        b_source=Source.IMMEDIATE,
        lanes=8,
        a_type=Type.INT8,
        a_lane_stride=1,
        o_lane_stride=1,
        a_first_group=4,
        a_last_group=4,
        o_first_group=5,
        o_last_group=5,
    )
    timeline = simulate(program_of(chip_with_pages_of(4), [CONVOLUTION, multiply]))
    # One beat of ceil(8/4) = 2 passes: (1 + 2)*2 + VECTOR_PIPE 10 + STAGE_PIPE 3 = 19 cycles.
    assert timeline.start.tolist() == [52, 130, 149]
    assert str(timeline.reasons[1]) == "multipliers, instruction 0"


def test_independent_instructions_start_as_they_arrive():
    # Page 0 brings an instruction each 16 cycles, more than ISSUE; the engines and groups differ.
    elsewhere = VectorInstruction(a_first_group=4, a_last_group=4, o_first_group=5, o_last_group=5)
    timeline = simulate(program_of(chip_with_pages_of(4), [CONVOLUTION, elsewhere]))
    assert timeline.start.tolist()[:2] == [52, 68]
    assert timeline.reasons[1].kind is Wait.FETCH


def test_the_next_page_is_there_when_its_load_has_brought_it():
    # Pages [LOAD of page 1, first RELU] and [second RELU, END]. The LOAD starts when it is there, in cycle 52; the
    # second RELU is there in cycle 52 + 32 + 16 + FETCH_PIPE 4 = 104 but waits for the first, which runs from 68 to
    # 112.
    timeline = simulate(program_of(chip_with_pages_of(2), [RELU, RELU]))
    assert timeline.start.tolist() == [52, 68, 112, 156]
    assert timeline.end.tolist() == [52 + 32 + 32 + 2, 112, 156, 156]


def test_an_instruction_waits_for_the_fetch_of_its_page():
    timeline = simulate(program_of(chip_with_pages_of(2), [RELU, RELU, RELU]))
    # Page 1: LOAD of page 2 in cycle 104 (there), second RELU in 120 (there); page 2: third RELU, END.
    assert timeline.start.tolist() == [52, 68, 104, 120, 164, 208]
    assert str(timeline.reasons[2]) == "fetch of page 1, instruction 0"


def test_a_warm_inference_skips_the_loads_of_what_stays_on_the_chip():
    weights = Load(once=1, external_address=1024, run_bytes=800, first_group=1, last_group=1)
    program = program_of(chip_with_pages_of(4), [weights, CONVOLUTION])
    cold, warm = simulate(program), simulate(program, warm=True)
    # Cold: LOAD starts when the page has left its engine and holds group 1 for 32 + 100 + 2.
    assert cold.start.tolist() == [64, 198, 276]
    # Warm: LOAD starts when it is there and holds nothing.
    assert warm.start.tolist() == [52, 68, 146]
    assert warm.end.tolist()[0] == 52
    assert warm.busy_cycles[Engine.LOAD] == 64


def test_a_page_that_was_never_loaded_is_a_faulty_program():
    program = program_of(chip_with_pages_of(2), [RELU, RELU])
    without = dataclasses.replace(program, instructions=(RELU, *program.instructions[1:]))
    with pytest.raises(BadInput, match="page 1"):
        simulate(without)


def test_a_page_in_the_wrong_slot_is_a_faulty_program():
    chip = chip_with_pages_of(4)
    with pytest.raises(BadInput, match="belongs in slot 1"):
        simulate(program_of(chip, [page_load(chip, 2)]))
