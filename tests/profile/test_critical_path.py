"""The critical path: side by side from the doorbell to the end, and only what is on it shortens an inference."""

from __future__ import annotations

import itertools

import pytest
from compiled import NETWORKS, compiled_program

from chipsmith.chip import load_chip, override_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.profile.critical_path import Bound, PathSegment, critical_path, work_bound
from chipsmith.profile.transfers import profile_transfers
from chipsmith.program.instructions import Load, Space, Store, TensorInstruction, VectorInstruction
from chipsmith.program.program import Program
from chipsmith.sim.cycle import simulate
from chipsmith.tosa.file import read_tosa

PAIRS = tuple(itertools.product(("digits_cnn", "encoder_layer", "gru"), ("nano-64", "edge-256")))


def path_of(program: Program, *, warm: bool = False) -> tuple[PathSegment, ...]:
    return critical_path(program, simulate(program, warm=warm), profile_transfers(program))


@pytest.mark.parametrize(("network", "chip"), PAIRS)
@pytest.mark.parametrize("warm", [False, True])
def test_segments_are_side_by_side_and_sum_to_the_latency(network: str, chip: str, warm: bool) -> None:
    program = compiled_program(network, chip)
    path = path_of(program, warm=warm)
    assert path[0].first_cycle == 0
    assert path[-1].last_cycle == simulate(program, warm=warm).latency_cycles
    assert all(before.last_cycle == after.first_cycle for before, after in itertools.pairwise(path))
    assert all(segment.cycles > 0 for segment in path)


def test_the_first_segment_is_the_fetch_of_the_first_instructions() -> None:
    assert path_of(compiled_program())[0].bound is Bound.START


def test_a_warm_path_waits_for_no_weights_that_stay() -> None:
    program = compiled_program("encoder_layer")
    cold, warm = (
        sum(segment.cycles for segment in path_of(program, warm=warm) if segment.bound is Bound.EXTERNAL)
        for warm in (False, True)
    )
    assert warm < cold / 2


@pytest.mark.parametrize("network", ["digits_cnn", "encoder_layer"])
def test_what_bounds_an_instruction_is_what_makes_it_shorter(network: str) -> None:
    """By the closed forms of the instructions: lanes for what waits for lanes, and none for what does not."""
    from chipsmith.program.cycles import occupancy

    program = compiled_program(network)
    chip = program.chip
    for instruction in program.instructions:
        bound = work_bound(instruction, chip)
        cycles = occupancy(instruction, chip).engine

        def with_lanes(**lanes: int) -> int:
            vector = chip.vector.model_copy(update=lanes)
            return occupancy(instruction, chip.model_copy(update={"vector": vector})).engine  # noqa: B023

        match instruction:
            case Load():
                assert bound is (Bound.PAGES if instruction.space is Space.PAGE else Bound.EXTERNAL)
            case Store():
                assert bound is Bound.STORES
            case TensorInstruction() | VectorInstruction() if bound is Bound.MULTIPLIERS:
                assert with_lanes(lanes=64, multiplier_lanes=32) <= 0.8 * cycles
            case VectorInstruction() if bound is Bound.TABLE_LANES:
                assert with_lanes(table_lanes=16) <= 0.8 * cycles
            case VectorInstruction() if bound in (Bound.BEATS, Bound.STEPS):
                assert with_lanes(lanes=64, multiplier_lanes=32, table_lanes=16) > 0.8 * cycles


def test_a_single_pixel_waits_for_weights_and_many_pixels_for_the_array() -> None:
    bounds = {
        instruction.output_pixels: work_bound(instruction, load_chip("edge-256"))
        for instruction in compiled_program().instructions
        if isinstance(instruction, TensorInstruction)
    }
    assert bounds[1] is Bound.WEIGHT_LOADS
    assert bounds[max(bounds)] is Bound.ARRAY


def test_sixteen_channels_leave_more_lanes_empty() -> None:
    """A pool of 16 channels: at 16 lanes the vector engine is busy, and more lanes would stay empty."""
    program = compiled_program()
    pool = next(each for each in program.instructions if isinstance(each, VectorInstruction) and each.lanes <= 16)
    assert work_bound(pool, program.chip) is Bound.BEATS


def test_a_faster_engine_off_the_path_makes_no_inference_faster() -> None:
    """On a bus of one byte the path has no cycle of the vector engine: its lanes change nothing."""
    slow = {"external.bytes_per_cycle": "1", "vector.lanes": "8", "vector.multiplier_lanes": "8"}
    graph, latencies = read_tosa(NETWORKS / "digits_cnn.tosa"), []
    for lanes in ("8", "32"):
        chip = override_chip(load_chip("edge-256"), {**slow, "vector.lanes": lanes})
        program = compile_graph(graph, chip)
        assert not {Bound.LANES, Bound.BEATS} & {segment.bound for segment in path_of(program)}
        latencies.append(simulate(program).latency_cycles)
    assert latencies[0] == latencies[1]
