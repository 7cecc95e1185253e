"""The TENSOR engine in RTL against plain loops, byte for byte, and against the closed form, cycle for cycle."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
from engine_harness import EngineBench, Fault
from naive_machine import NaiveMachine
from random_instructions import random_tensor
from tight_instructions import in_groups, tight_tensor

from chipsmith.chip import Chip, load_chip, override_chip
from chipsmith.hardware.lint import FRONT_ENDS, lint_design, machine_designs
from chipsmith.program.instructions import ChannelRecord, Mode, Rounding, TensorInstruction, Type, WeightsBy
from chipsmith.program.tensor_cycles import tensor_cycles

APART = {"A": 0, "W": 1, "P": 2, "O": 3, "RES": 4}


def small_chip(*, rows: int, columns: int, pixels: int, multipliers: int) -> Chip:
    sizes = {"tensor.rows": rows, "tensor.columns": columns, "tensor.tile_pixels": pixels}
    lanes = {"vector.lanes": max(8, multipliers), "vector.multiplier_lanes": multipliers, "vector.table_lanes": 1}
    name = f"tensor-{rows}x{columns}-{pixels}-{multipliers}"
    settings = {"name": name, **sizes, **lanes, "external.bytes_per_cycle": 4}
    return override_chip(load_chip("nano-64"), {field: str(value) for field, value in settings.items()})


TINY = small_chip(rows=4, columns=4, pixels=8, multipliers=2)
SHAPES = [
    small_chip(rows=4, columns=16, pixels=8, multipliers=4),
    small_chip(rows=4, columns=8, pixels=8, multipliers=16),
    small_chip(rows=16, columns=4, pixels=16, multipliers=1),
    small_chip(rows=32, columns=4, pixels=8, multipliers=8),
    small_chip(rows=8, columns=8, pixels=64, multipliers=4),
]
ONE_PASS = small_chip(rows=8, columns=4, pixels=8, multipliers=4)


@pytest.fixture(scope="module")
def bench(rtl_tools) -> Iterator[EngineBench]:
    with EngineBench(TINY, "tensor") as opened:
        yield opened


def assert_exact(bench: EngineBench, chip: Chip, instruction: TensorInstruction, rng: np.random.Generator) -> None:
    """Every byte of the memory after the instruction, its cycles, and what it asked of its ports."""
    before = rng.integers(0, 256, chip.memory_bytes, np.uint8)
    naive = NaiveMachine(chip)
    naive.local[:] = before.tobytes()
    naive.run(instruction)
    bench.memory[:] = before
    run = bench.run(instruction)
    assert run.fault is Fault.NONE, f"{run}: {instruction}"
    differing = np.flatnonzero(bench.memory != np.frombuffer(naive.local, np.uint8))
    assert not differing.size, f"{differing.size} bytes differ, the first at {differing[0]}: {instruction}"
    assert run.cycles == tensor_cycles(instruction, chip), instruction


def convolution(**changes: object) -> TensorInstruction:
    """3 x 3 on 5 x 6 pixels of 5 channels to 6 channels, all strides dense, bytes as they come."""
    fields = {
        "output_height": 5,
        "output_width": 6,
        "output_channels": 6,
        "kernel_y": 3,
        "kernel_x": 3,
        "run": 5,
        "row_pitch": 30,
        "pixel_pitch": 5,
        "input_height": 5,
        "input_width": 6,
        "pad_top": 1,
        "pad_left": 1,
        "a_zero_point": -3,
        "w_stride": 45,
        "w_stride_y": 15,
        "w_stride_x": 5,
        "parameters": ChannelRecord.PER_CHANNEL,
        "requantise": Rounding.DOUBLE,
        "clamp_min": -128,
        "clamp_max": 127,
        "o_stride_y": 36,
        "o_stride_x": 6,
    }
    return TensorInstruction(**{**fields, **changes})


def with_residual(*, acc: Rounding, res: Rounding) -> TensorInstruction:
    """The convolution with a residual; `acc` and `res` round the two sides of the sum."""
    return convolution(
        residual=1,
        res_stride_y=36,
        res_stride_x=6,
        acc_left_shift=7,
        acc_rounding=acc,
        acc_multiplier=1 << 30,
        acc_shift=31,
        res_zero_point=5,
        res_left_shift=7,
        res_rounding=res,
        res_multiplier=1_234_567_890,
        res_shift=30,
        sum_rounding=Rounding.SINGLE,
        sum_multiplier=1_987_654_321,
        sum_shift=37,
        sum_clamp_min=-100,
        sum_clamp_max=100,
    )


def run_in_groups(bench: EngineBench, instruction: TensorInstruction, groups: dict[str, int]) -> None:
    rng = np.random.default_rng(7)
    placed = in_groups(TINY, instruction, rng, groups)
    while placed is None:
        placed = in_groups(TINY, instruction, rng, groups)
    assert_exact(bench, TINY, placed, rng)


@pytest.mark.parametrize("o_type", [Type.INT8, Type.INT16, Type.INT32])
@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("parameters", ChannelRecord)
def test_a_convolution_writes_each_type_from_each_record(bench, parameters, rounding, o_type):
    size = o_type.size_bytes
    strides = {"o_stride_y": 36 * size, "o_stride_x": 6 * size}
    instruction = convolution(
        parameters=parameters, requantise=rounding, o_type=o_type, multiplier=1 << 30, shift=38, **strides
    )
    run_in_groups(bench, instruction, APART)


@pytest.mark.parametrize("acc", [Rounding.OFF, Rounding.SINGLE])
@pytest.mark.parametrize("res", [Rounding.OFF, Rounding.DOUBLE])
@pytest.mark.parametrize("res_group", [APART["RES"], APART["O"]])
def test_a_residual_is_read_beside_the_writes_or_between_them(bench, acc, res, res_group):
    run_in_groups(bench, with_residual(acc=acc, res=res), {**APART, "RES": res_group})


@pytest.mark.parametrize("shared", [("A", "W"), ("A", "P"), ("O", "A"), ("O", "W"), ("O", "P"), ("RES", "A")])
def test_streams_that_share_a_group_take_turns(bench, shared):
    stream, other = shared
    run_in_groups(bench, with_residual(acc=Rounding.SINGLE, res=Rounding.SINGLE), {**APART, stream: APART[other]})


@pytest.mark.parametrize("weights_by", WeightsBy)
def test_a_matrix_product_of_one_pixel_is_bound_by_its_weights(bench, weights_by):
    strides = {"w_stride": 21 if weights_by is WeightsBy.COLUMN else 13}
    instruction = TensorInstruction(
        output_channels=13, run=21, weights_by=weights_by, **strides, pixel_pitch=21, o_type=Type.INT32
    )
    run_in_groups(bench, instruction, APART)


@pytest.mark.parametrize("dilation_x", [1, 3])
@pytest.mark.parametrize("stride_x", [1, 2, 5])
def test_depthwise_slides_a_window(bench, stride_x, dilation_x):
    window = {"stride_x": stride_x, "dilation_x": dilation_x, "run": 4 if dilation_x == 1 else 2}
    image = {"input_width": 40, "row_pitch": 280, "pixel_pitch": 7, "input_height": 5}
    instruction = convolution(
        mode=Mode.DEPTHWISE, kernel_x=1, output_channels=7, output_width=11, w_stride=7, **window, **image
    )
    run_in_groups(bench, dataclasses.replace(instruction, w_stride_y=28, o_stride_x=7, o_stride_y=77), APART)


@pytest.mark.parametrize("draw", [random_tensor, tight_tensor])
def test_random_instructions_one_after_the_other(bench, draw):
    for seed in range(150):
        rng = np.random.default_rng(seed)
        assert_exact(bench, TINY, draw(TINY, rng), rng)


@pytest.mark.slow
@pytest.mark.parametrize("residual", [False, True])
def test_records_do_not_overtake_the_drain_three_blocks_before(rtl_tools, residual):
    # One tap, one tile a block, one pass a pixel: the record of block k+3 is read as the last pixel of block k drains.
    instruction = with_residual(acc=Rounding.OFF, res=Rounding.OFF) if residual else convolution()
    pixels = {"output_height": 1, "output_width": 8, "input_width": 8, "input_height": 1, "pad_top": 0, "pad_left": 0}
    tap = {"kernel_y": 1, "kernel_x": 1, "run": 1, "weights_by": WeightsBy.ROW, "output_channels": 24}
    instruction = dataclasses.replace(instruction, **pixels, **tap, o_stride_x=24, res_stride_x=24)
    with EngineBench(ONE_PASS, "tensor") as opened:
        for seed in range(100):
            rng = np.random.default_rng(seed)
            placed = in_groups(ONE_PASS, instruction, rng, APART)
            assert placed is not None
            assert_exact(opened, ONE_PASS, placed, rng)


@pytest.mark.slow
@pytest.mark.parametrize("chip", [TINY, ONE_PASS, *SHAPES], ids=lambda chip: chip.name)
@pytest.mark.parametrize("draw", [random_tensor, tight_tensor])
def test_long_random_runs_on_chips_of_all_shapes(rtl_tools, chip, draw):
    with EngineBench(chip, "tensor") as opened:
        for seed in range(1000, 2000):
            rng = np.random.default_rng(seed)
            assert_exact(opened, chip, draw(chip, rng), rng)


@pytest.mark.parametrize("chip", [TINY, SHAPES[0], SHAPES[3]], ids=lambda chip: chip.name)
def test_lint_has_nothing_to_say(rtl_tools, chip):
    design = dataclasses.replace(machine_designs(chip)[0], top="tensor_engine")
    verilator = next(front_end for front_end in FRONT_ENDS if front_end.name == "verilator")
    assert lint_design(design, verilator).said == ""
