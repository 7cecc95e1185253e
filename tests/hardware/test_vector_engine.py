"""The VECTOR engine alone: every byte of memory and every cycle, against the functional simulator and the formula."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from engine_harness import EngineBench, Fault
from harsh_vectors import any_vector, harsh_row_move, harsh_vector
from random_instructions import DIRECT_OPS, put_indices, random_row_move, random_vector

from chipsmith.chip import Chip, load_chip, override_chip
from chipsmith.program.assembly import format_instruction
from chipsmith.program.instructions import INDIRECT_OPS, Source, Table, Type, VectorInstruction
from chipsmith.program.vector_cycles import beat_cycles, vector_cycles
from chipsmith.sim.functional import run_instruction
from chipsmith.sim.memory import Memories

pytestmark = pytest.mark.usefixtures("rtl_tools")


def chip_of(rows: int, lanes: int, multipliers: int, table_lanes: int) -> Chip:
    changes = {
        "name": "small",
        "tensor.rows": rows,
        "vector.lanes": lanes,
        "vector.multiplier_lanes": multipliers,
        "vector.table_lanes": table_lanes,
        "memory.groups": 4,
        "memory.group_bytes": 2048,
        "external.bytes_per_cycle": 4,
    }
    return override_chip(load_chip("nano-64"), {name: str(value) for name, value in changes.items()})


SMALL = chip_of(8, 4, 2, 1)


def assert_agrees(bench: EngineBench, chip: Chip, instruction: VectorInstruction, rng: np.random.Generator) -> None:
    """Every byte of the memory, the cycles, and no access that the contract forbids."""
    before = rng.integers(-128, 128, chip.memory_bytes, dtype=np.int8)
    if instruction.op in INDIRECT_OPS:
        put_indices(instruction, before[None], rng)
    bench.memory[:] = before.view(np.uint8)
    memories = Memories(local=before[None], constants=np.zeros(0, np.int8), private=np.zeros((1, 0), np.int8))
    run = bench.run(instruction)
    run_instruction(memories, instruction)
    told = format_instruction(instruction)
    assert run.fault is Fault.NONE, f"{run}: {told}"
    assert run.cycles == vector_cycles(instruction, chip), told
    wrong = np.flatnonzero(bench.memory.view(np.int8) != memories.local[0])
    assert not wrong.size, f"{wrong.size} bytes differ, the first at {wrong[0]}: {told}"


def assert_all_agree(
    chip: Chip, draw: Callable[[Chip, np.random.Generator], VectorInstruction], *, seed: int, instructions: int
) -> None:
    rng = np.random.default_rng(seed)
    with EngineBench(chip, "vector") as bench:
        for _ in range(instructions):
            assert_agrees(bench, chip, draw(chip, rng), rng)


DRAWS = [random_vector, harsh_vector, random_row_move, harsh_row_move, any_vector]


@pytest.mark.parametrize("draw", DRAWS)
def test_random_instructions_agree_in_every_byte_and_cycle(draw):
    assert_all_agree(SMALL, draw, seed=1, instructions=500)


def test_every_operation_agrees_on_values_at_the_ends_of_their_range():
    ends = [-(1 << 31), 1 - (1 << 31), -2, -1, 0, 1, 2, 31, 32, (1 << 31) - 1]
    a, b = (axis.ravel().astype("<i4") for axis in np.meshgrid(ends, ends))
    with EngineBench(SMALL, "vector") as bench:
        for op in DIRECT_OPS:
            # The words of A stand from 0 on, those of B from 2048 on, the results from 4096 on.
            instruction = VectorInstruction(
                op=op, lanes=len(a), b_source=Source.STREAM, b_base=2048, o_base=4096,
                a_type=Type.INT32, b_type=Type.INT32, o_type=Type.INT32,
                a_lane_stride=4, b_lane_stride=4, o_lane_stride=4,
                b_first_group=1, b_last_group=1, o_first_group=2, o_last_group=2,
            )  # fmt: skip
            local = np.zeros((1, SMALL.memory_bytes), np.int8)
            local[0, : a.nbytes], local[0, 2048 : 2048 + b.nbytes] = a.view(np.int8), b.view(np.int8)
            bench.memory[:] = local[0].view(np.uint8)
            bench.run(instruction)
            run_instruction(Memories(local=local, constants=local[0, :0], private=local[:, :0]), instruction)
            written, expected = (data[4096:4496].view("<i4") for data in (bench.memory, local[0]))
            assert written.tolist() == expected.tolist(), op.name


@pytest.mark.parametrize("op", INDIRECT_OPS)
@pytest.mark.parametrize("table", Table)
def test_rows_of_one_element_follow_each_other_in_every_cycle(op, table):
    # 120 indices in group 1, elements in groups 0 and 2: as many beats in flight as the engine can hold.
    instruction = VectorInstruction(
        op=op, o0=120, rows=90, row_pitch=2, b_source=Source.STREAM, b_type=Type.INT16, b_immediate=1000,
        a_type=Type.INT16, o_type=Type.INT16, b_base=2048, b_stride_0=2, o_base=4096, table=table, t_base=6144,
        a_stride_0=2, o_stride_0=2, b_first_group=1, b_last_group=1, o_first_group=2, o_last_group=2,
        t_first_group=3, t_last_group=3, clamp_min=-128, clamp_max=127,
    )  # fmt: skip
    assert beat_cycles(instruction, SMALL) == 1
    rng = np.random.default_rng(table)
    with EngineBench(SMALL, "vector") as bench:
        assert_agrees(bench, SMALL, instruction, rng)


@pytest.mark.parametrize("kind", Type)
@pytest.mark.parametrize("lanes", [1, 5, 8])
def test_a_beat_touches_no_byte_beyond_its_own(kind, lanes):
    rng = np.random.default_rng(lanes)
    group, size = SMALL.memory.group_bytes, kind.size_bytes
    instruction = VectorInstruction(
        lanes=lanes, a_type=kind, o_type=kind, a_lane_stride=size, o_lane_stride=size,
        a_base=group - lanes * size, o_base=SMALL.memory_bytes - lanes * size, o_first_group=3, o_last_group=3,
    )  # fmt: skip
    with EngineBench(SMALL, "vector") as bench:
        assert_agrees(bench, SMALL, instruction, rng)


@pytest.mark.slow
@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize(
    "sizes",
    [(4, 2, 1, 1), (4, 8, 2, 2), (8, 8, 4, 2), (16, 4, 4, 4), (4, 16, 1, 1), (32, 16, 16, 8), (64, 4, 2, 1)],
)
def test_many_random_instructions_agree_on_chips_of_many_shapes(sizes, draw):
    assert_all_agree(chip_of(*sizes), draw, seed=sum(sizes), instructions=3000)
