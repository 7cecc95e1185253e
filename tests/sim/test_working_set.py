"""Programs that would take the computer are refused in a message, and run where they are allowed to."""

from __future__ import annotations

import dataclasses
import tracemalloc

import numpy as np
import pytest
from random_programs import random_inputs, random_program

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.program.instructions import End, Op, Reduce, Source, Store, TensorInstruction, Type, VectorInstruction
from chipsmith.program.limits import Limits
from chipsmith.program.program import Manifest, Port, Program, encode_pages, page_bytes
from chipsmith.program.verify import verify_program
from chipsmith.sim.cycle import simulate
from chipsmith.sim.functional import execute
from chipsmith.sim.working_set import plan_execution, work_cycles

CHIP = load_chip("nano-64", {"external.size_mib": "4096"})
GROUP, PAGE = CHIP.memory.group_bytes, page_bytes(CHIP)
RESULT = Port(name="result", shape=(1,), dtype="<i4", address=PAGE, size_bytes=4)


def program_of(*instructions, **manifest):
    fields = {
        "network": "hand", "inputs": (), "outputs": (RESULT,), "external_bytes": PAGE + 64,
        "weight_bytes": 0, "resident": (), "operators": (), "kernels": (), "buffers": (),
    }  # fmt: skip
    whole = (*instructions, End())
    return Program(
        chip=CHIP,
        instructions=whole,
        constants=encode_pages(CHIP, whole),
        manifest=Manifest(**(fields | manifest)),
    )


def sum_of(**counts):
    """As many ones as the counts make, added up and stored as the result."""
    total = VectorInstruction(
        op=Op.MAX, b_source=Source.IMMEDIATE, b_immediate=1, clamp_min=0, reduce=Reduce.SUM, o_type=Type.INT32,
        o_base=GROUP, o_first_group=1, o_last_group=1, b_type=Type.INT32, a_zero_point=1 << 10, **counts,
    )  # fmt: skip
    put = Store(external_address=PAGE, local_address=GROUP, run_bytes=4, first_group=1, last_group=1)
    return program_of(total, put)


HUGE = {
    "r0 = r1 = 65535": (sum_of(r0=65535, r1=65535), "cycles .* more than the 1,000,000,000"),
    "a table of taps": (
        program_of(
            TensorInstruction(
                kernel_z=65535, kernel_y=200, run=64, pixel_pitch=64, dilation_y=0, w_base=GROUP, o_base=2 * GROUP,
                w_first_group=1, w_last_group=1, o_first_group=2, o_last_group=2,
            )
        ),
        r"executing hand on 1 inputs .*instruction 0, TENSOR.* takes about .* GiB.*--memory-limit",
    ),
    "an external memory of 4 GiB": (
        program_of(external_bytes=4 << 30),
        r"executing hand on 1 inputs \(.*memories 4 GiB.*--memory-limit or CHIPSMITH_MEMORY_LIMIT, such as 5GiB",
    ),
    "billions of runs": (
        program_of(
            Store(
                external_address=PAGE + 64, outer_count=65535, inner_count=60000, run_bytes=1,
                external_outer_stride=60000, external_inner_stride=1,
            ),
            external_bytes=4 << 30,
        ),
        "such as 5GiB|more than the 1,000,000,000",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", HUGE)
def test_a_huge_program_is_verified_and_timed_in_little_memory_and_not_executed(what):
    program, message = HUGE[what]
    tracemalloc.start()
    try:
        verify_program(program)
        assert simulate(program).latency_cycles > 0
        with pytest.raises(BadInput, match=message):
            execute(program, {})
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


def test_more_cycles_than_a_counter_holds_are_refused():
    endless = TensorInstruction(
        kernel_z=65535, kernel_y=65535, kernel_x=65535, run=1 << 15, pixel_pitch=1, dilation_x=0, dilation_y=0,
        w_base=GROUP, o_base=5 * GROUP, w_first_group=1, w_last_group=4, o_first_group=5, o_last_group=5,
    )  # fmt: skip
    verify_program(program_of(dataclasses.replace(endless, kernel_z=1)))
    assert simulate(program_of(dataclasses.replace(endless, kernel_z=1))).latency_cycles > 1 << 40
    with pytest.raises(
        BadInput, match=r"instruction 1 \(TENSOR\) ends after [\d,]+ cycles; .*4,611,686,018,427,387,903"
    ):
        verify_program(program_of(endless, endless))


def test_what_is_allowed_runs():
    program = sum_of(r0=3000, r1=1000)
    assert execute(program, {})["result"] == 3_000_000
    with pytest.raises(BadInput, match="--work-limit"):
        execute(program, {}, limits=Limits(work_cycles=work_cycles(program) - 1))
    assert execute(program, {}, limits=Limits(work_cycles=work_cycles(program)))["result"] == 3_000_000


def test_a_batch_is_cut_so_that_it_stays_in_the_limit():
    program = random_program(CHIP, 1, 20)
    inputs = random_inputs(program, 2, 40)
    whole = plan_execution(program, [inputs], 40, Limits())
    limits = Limits(memory_bytes=600_000)
    cut = plan_execution(program, [inputs], 40, limits)
    assert whole.chunk > cut.chunk
    assert cut.workers * cut.chunk * CHIP.memory_bytes < limits.memory_bytes
    outputs = execute(program, inputs, limits=limits)
    for name, array in execute(program, inputs).items():
        assert np.array_equal(array, outputs[name])


def test_the_inputs_and_outputs_of_a_batch_count():
    program = random_program(CHIP, 1, 20)
    few, many = (random_inputs(program, 2, count) for count in (1, 3000))
    limits = Limits(memory_bytes=16 << 20)
    execute(program, few, limits=limits)
    with pytest.raises(BadInput, match=r"executing random on 3000 inputs \(inputs and outputs 26\.\d MiB"):
        execute(program, many, limits=limits)
