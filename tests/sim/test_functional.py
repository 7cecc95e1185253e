"""The functional simulator against the machine in plain loops."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from naive_machine import NaiveMachine, naive_execute
from random_instructions import put_indices, random_row_move, random_tensor, random_vector
from random_programs import random_inputs, random_program

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.program.file import write_program
from chipsmith.program.instructions import (
    ChannelRecord,
    End,
    Load,
    Masking,
    Op,
    Rounding,
    Source,
    Store,
    TensorInstruction,
    Type,
    VectorInstruction,
)
from chipsmith.program.program import Manifest, Port, Program, encode_pages, page_bytes
from chipsmith.program.streams import streams
from chipsmith.sim.functional import execute, run_instruction
from chipsmith.sim.memory import blank_memories

CHIP = load_chip("nano-64")


def _same_as_naive(instruction, memories):
    """Both machines run the instruction on the same memories."""
    naive = [NaiveMachine(CHIP) for _ in range(memories.inferences)]
    for n, machine in enumerate(naive):
        machine.local[:] = memories.local[n].tobytes()
        machine.run(instruction)
    run_instruction(memories, instruction)
    for n, machine in enumerate(naive):
        np.testing.assert_array_equal(memories.local[n], np.frombuffer(machine.local, np.int8), str(instruction))


def _random_memories(rng, *, inferences=2):
    memories = blank_memories(inferences=inferences, local_bytes=CHIP.memory_bytes, constants=b"", external_bytes=0)
    memories.local[:] = rng.integers(-128, 128, memories.local.shape, np.int8)
    return memories


def _share(memories, instruction, name):
    """Give all inferences the same bytes in a stream, as constants have them."""
    for stream in streams(instruction):
        if stream.name == name:
            memories.local[:, stream.first : stream.last + 1] = memories.local[0, stream.first : stream.last + 1]


@pytest.mark.parametrize("seed", range(60))
def test_a_random_tensor_writes_what_plain_loops_write(seed):
    rng = np.random.default_rng([1, seed])
    for share in (False, True):
        instruction, memories = random_tensor(CHIP, rng), _random_memories(rng)
        if share:
            _share(memories, instruction, "W")
        _same_as_naive(instruction, memories)


@pytest.mark.parametrize("seed", range(60))
def test_a_random_vector_writes_what_plain_loops_write(seed):
    rng = np.random.default_rng([2, seed])
    for _ in range(6):
        _same_as_naive(random_vector(CHIP, rng), _random_memories(rng))


@pytest.mark.parametrize("seed", range(40))
def test_a_random_gather_or_scatter_writes_what_plain_loops_write(seed):
    rng = np.random.default_rng([6, seed])
    for _ in range(6):
        instruction, memories = random_row_move(CHIP, rng), _random_memories(rng)
        put_indices(instruction, memories.local, rng)
        _same_as_naive(instruction, memories)


ROWS = np.arange(24, dtype=np.int16).reshape(6, 4)
NAMED = np.array([5, 0, 7, 2, -1], np.int32)
LOOK_UP = VectorInstruction(
    o0=5, lanes=4, rows=6, row_pitch=8, b_source=Source.STREAM, b_type=Type.INT32, b_base=1024, b_stride_0=4,
    a_type=Type.INT16, a_lane_stride=2, o_type=Type.INT16, o_base=2048, o_lane_stride=2,
)  # fmt: skip
"""5 indices at byte 1024, data of 4 int16 from byte 0 on to byte 2048."""


def _moved(instruction, data, output, *, named=NAMED):
    """What stands at byte 2048 after a VECTOR on these bytes."""
    memories = blank_memories(inferences=1, local_bytes=CHIP.memory_bytes, constants=b"", external_bytes=0)
    for base, array in ((0, data), (1024, named), (2048, output)):
        memories.local[0, base : base + array.nbytes] = np.ascontiguousarray(array).view(np.int8).ravel()
    run_instruction(memories, instruction)
    return memories.local[0, 2048 : 2048 + output.nbytes].view(output.dtype).reshape(output.shape)


GATHER = dataclasses.replace(LOOK_UP, op=Op.GATHER, o_stride_0=8)
BEFORE = np.full((5, 4), -9, np.int16)
"""What the output of a GATHER holds before it."""


def test_a_gather_reads_the_rows_that_its_indices_name_and_zeros_for_others():
    np.testing.assert_array_equal(_moved(GATHER, ROWS, BEFORE), [ROWS[5], ROWS[0], [0] * 4, ROWS[2], [0] * 4])


def test_a_gather_that_merges_leaves_the_output_of_rows_that_are_not_there():
    merging = dataclasses.replace(GATHER, masking=Masking.MERGE)
    np.testing.assert_array_equal(_moved(merging, ROWS, BEFORE), [ROWS[5], ROWS[0], [-9] * 4, ROWS[2], [-9] * 4])


def test_the_zero_of_a_row_that_is_not_there_goes_through_the_chain():
    shifted = dataclasses.replace(GATHER, a_zero_point=3, a_left_shift=1, o_zero_point=100)
    output = _moved(shifted, ROWS, BEFORE)
    np.testing.assert_array_equal(output[2:], [[94] * 4, 2 * (ROWS[2] - 3) + 100, [94] * 4])


def test_a_gather_of_a_slab_takes_the_rows_from_its_first_one_on():
    slab = dataclasses.replace(GATHER, b_immediate=2, rows=4, masking=Masking.MERGE)
    output = _moved(slab, ROWS, BEFORE)
    np.testing.assert_array_equal(output, [ROWS[3], [-9] * 4, [-9] * 4, ROWS[0], [-9] * 4])


@pytest.mark.parametrize("index", [-1, 6, 7, 2**31 - 1, -(2**31)])
def test_no_index_outside_reaches_a_row(index):
    named = np.full(5, index, np.int32)
    np.testing.assert_array_equal(_moved(GATHER, ROWS, BEFORE, named=named), np.zeros((5, 4)))


def test_a_scatter_writes_the_rows_that_its_indices_name_and_no_others():
    output = _moved(dataclasses.replace(LOOK_UP, op=Op.SCATTER, a_stride_0=8), ROWS, np.full((6, 4), -9, np.int16))
    np.testing.assert_array_equal(output, [ROWS[1], [-9] * 4, ROWS[3], [-9] * 4, [-9] * 4, ROWS[0]])


@pytest.mark.parametrize("w_zero_point", [0, -256])
@pytest.mark.parametrize("weights", ["shared", "own"])
def test_sums_beyond_float32_stay_exact(w_zero_point, weights):
    # 3000 products of up to 255 * 383 need 28 bits: more than a float32 holds exactly
    instruction = TensorInstruction(
        output_width=5, output_channels=3, run=3000, pixel_pitch=3000, input_width=5, a_zero_point=127,
        w_base=16384, w_stride=3000, w_zero_point=w_zero_point, o_base=32768, o_stride_x=12, o_type=Type.INT32,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    memories = _random_memories(rng, inferences=3)
    memories.local[:, :15000] = rng.integers(-128, -64, (3, 15000))
    memories.local[:, 16384 : 16384 + 9000] = rng.integers(64, 128, (3, 9000))
    if weights == "shared":
        _share(memories, instruction, "W")
    _same_as_naive(instruction, memories)
    assert np.abs(memories.local[:, 32768 : 32768 + 60].view(np.int32)).max() > 1 << 24


def test_a_tensor_of_more_operands_than_stay_in_cache_runs_in_parts():
    instruction = TensorInstruction(
        output_height=24, output_width=24, output_channels=2, kernel_y=3, run=60, pixel_pitch=20, row_pitch=400,
        input_height=24, input_width=20, pad_top=1, pad_left=1, parameters=ChannelRecord.PER_CHANNEL, param_base=50000,
        requantise=Rounding.DOUBLE, clamp_min=-128, clamp_max=127,
        w_base=40000, w_stride=180, w_stride_y=60, o_base=20000, o_stride_y=48, o_stride_x=2,
    )  # fmt: skip
    memories = _random_memories(np.random.default_rng(1), inferences=7)
    memories.local[:, 50008:50018:9] = 38
    single = blank_memories(inferences=1, local_bytes=CHIP.memory_bytes, constants=b"", external_bytes=0)
    alone = []
    for n in range(7):
        single.local[:] = memories.local[n]
        run_instruction(single, instruction)
        alone.append(single.local[0].copy())
    run_instruction(memories, instruction)
    np.testing.assert_array_equal(memories.local, alone)


@pytest.mark.parametrize("seed", range(10))
def test_a_random_program_gives_what_plain_loops_give(seed):
    program = random_program(CHIP, seed, 25)
    inputs = random_inputs(program, seed, 3)
    outputs, expected = execute(program, inputs), naive_execute(program, inputs)
    assert outputs.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(outputs[name], array)


PAGE = page_bytes(CHIP)
AGAIN = (
    # Copies the input's 2 x 3 int16 to the output with its rows exchanged, and the last constant into `version`.
    Load(external_address=2 * PAGE + 4, outer_count=2, external_outer_stride=6, run_bytes=6, local_outer_stride=6),
    Load(external_address=PAGE, run_bytes=4, local_address=64),
    Store(external_address=2 * PAGE + 16, outer_count=2, external_outer_stride=6, run_bytes=6,
          local_address=6, local_outer_stride=-6),
    Store(external_address=2 * PAGE + 28, run_bytes=4, local_address=64),
    End(),
)  # fmt: skip
EXCHANGE = Program(
    chip=CHIP,
    instructions=AGAIN,
    constants=encode_pages(CHIP, AGAIN) + (2026).to_bytes(4, "little"),
    manifest=Manifest(
        network="exchange",
        inputs=(Port(name="rows", shape=(2, 3), dtype="<i2", address=2 * PAGE + 4, size_bytes=12),),
        outputs=(
            Port(name="exchanged", shape=(2, 3), dtype="<i2", address=2 * PAGE + 16, size_bytes=12),
            Port(name="version", shape=(1,), dtype="<i4", address=2 * PAGE + 28, size_bytes=4),
            Port(name="constant", shape=(1,), dtype="<i4", address=PAGE, size_bytes=4),
        ),
        external_bytes=2 * PAGE + 32,
        weight_bytes=0,
        resident=(),
        operators=(),
        kernels=(),
        buffers=(),
    ),
)


@pytest.mark.parametrize("inferences", [1, 2, 37])
def test_the_leading_dimension_counts_inferences(inferences):
    rows = np.arange(6 * inferences, dtype=np.int16).reshape(2 * inferences, 3)
    outputs = execute(EXCHANGE, {"rows": rows})
    expected = rows.reshape(inferences, 2, 3)[:, ::-1].reshape(-1, 3)
    np.testing.assert_array_equal(outputs["exchanged"], expected)
    assert outputs["exchanged"].dtype == np.int16
    for name in ("version", "constant"):
        np.testing.assert_array_equal(outputs[name], np.full(inferences, 2026))


def test_an_input_need_not_be_contiguous():
    rows = np.arange(48, dtype=np.int16).reshape(8, 6)[::-1, ::2]
    outputs = execute(EXCHANGE, {"rows": rows})
    np.testing.assert_array_equal(outputs["exchanged"], execute(EXCHANGE, {"rows": rows.copy()})["exchanged"])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, r"input rows is missing; the program's inputs are: rows int16 \[n\*2, 3\]"),
        ({"rows": np.zeros((2, 3), np.int8)}, r"input rows is int8 \[2, 3\]; expected rows int16 \[n\*2, 3\]"),
        ({"rows": np.zeros((3, 3), np.int16)}, r"input rows is int16 \[3, 3\]"),
        ({"rows": np.zeros((0, 3), np.int16)}, r"n at least 1"),
        ({"rows": np.zeros((2, 4), np.int16)}, r"input rows is int16 \[2, 4\]"),
        ({"rows": np.zeros(6, np.int16)}, r"input rows is int16 \[6\]"),
        ({"rows": np.zeros((2, 3), np.int16), "x": np.zeros(1)}, r"has no input x; its inputs are: rows int16"),
    ],
)
def test_inputs_that_do_not_fit_the_ports_are_refused(inputs, message):
    with pytest.raises(BadInput, match=message):
        execute(EXCHANGE, inputs)


def test_inputs_of_different_numbers_of_inferences_are_refused():
    program = random_program(CHIP, 0, 3)
    inputs = random_inputs(program, 0, 2)
    inputs["area1"] = inputs["area1"][:1]
    with pytest.raises(BadInput, match="different numbers of inferences: area0 2, area1 1, area2 2"):
        execute(program, inputs)


def test_a_faulty_program_is_refused_before_it_runs():
    with pytest.raises(BadInput, match="does not begin with the program's pages"):
        execute(dataclasses.replace(EXCHANGE, constants=bytes(PAGE + 4)), {"rows": np.zeros((2, 3), np.int16)})


ALONE = """
import sys, numpy as np
from pathlib import Path
from chipsmith.program.file import read_program
from chipsmith.sim.functional import execute
program = read_program(Path("p.program"))
inputs = dict(zip((port.name for port in program.manifest.inputs), np.load("in.npy")))
np.savez("out.npz", **execute(program, inputs))
print(sorted(name for name in sys.modules if name.startswith(("chipsmith.tosa", "chipsmith.compiler", "torch"))))
"""


def test_a_process_that_has_only_the_file_and_the_input_computes_the_same(tmp_path):
    program = random_program(CHIP, 5, 20)
    inputs = random_inputs(program, 5, 2)
    write_program(program, tmp_path / "p.program")
    np.save(tmp_path / "in.npy", np.stack(list(inputs.values())))
    run = subprocess.run([sys.executable, "-c", ALONE], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
    expected = execute(program, inputs)
    with np.load(tmp_path / "out.npz") as outputs:
        for name, array in expected.items():
            np.testing.assert_array_equal(outputs[name], array)
