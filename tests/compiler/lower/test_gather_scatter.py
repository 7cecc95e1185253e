"""GATHER and SCATTER: one instruction where the rows stand on the chip, part by part where they do not."""

from __future__ import annotations

import numpy as np
import pytest
from nets import Net

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.program.instructions import INDIRECT_OPS, Masking, Op, VectorInstruction
from chipsmith.program.program import Program
from chipsmith.program.verify import verify_program
from chipsmith.sim.functional import execute, execute_warm
from chipsmith.tosa.graph import DType

EDGE = load_chip("edge-256")
TINY = load_chip("nano-64", {"memory.groups": "4", "memory.group_bytes": "2048"})
"""8 KiB of memory."""
TYPES = (DType.INT8, DType.INT16, DType.INT32)


def net(**inputs: tuple[tuple[int, ...], DType]) -> Net:
    network = Net()
    for name, (shape, dtype) in inputs.items():
        network.inputs.append(network.tensor(name, shape, dtype))
    return network


def drawn(shape: tuple[int, ...], dtype: DType, seed: int = 5) -> np.ndarray:
    limits = np.iinfo(dtype.numpy)
    return np.random.default_rng(seed).integers(limits.min, limits.max, shape, dtype.numpy, endpoint=True)


def different_numbers(batch: int, rows: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(9)
    return np.array([rng.permutation(rows)[:count] for _ in range(batch)], np.int32)


def assert_exact(network: Net, output: str, inputs: dict[str, np.ndarray], reference_model, chip=EDGE) -> Program:
    graph = network.graph(output)
    program = compile_graph(graph, chip)
    verify_program(program)
    result = execute(program, inputs)[output]
    np.testing.assert_array_equal(result, reference_model(graph, inputs)[output])
    return program


def indirect(program: Program) -> list[VectorInstruction]:
    return [
        instruction
        for instruction in program.instructions
        if isinstance(instruction, VectorInstruction) and instruction.op in INDIRECT_OPS
    ]


@pytest.mark.parametrize("dtype", TYPES)
def test_rows_of_a_batch_are_gathered_by_one_instruction(dtype, reference_model):
    network = net(values=((3, 20, 7), dtype), numbers=((3, 11), DType.INT32))
    output = network.add("GATHER", ("values", "numbers"), (3, 11, 7), dtype)
    inputs = {"values": drawn((3, 20, 7), dtype), "numbers": np.random.default_rng(1).integers(0, 20, (3, 11), "i4")}
    (instruction,) = indirect(assert_exact(network, output, inputs, reference_model))
    assert (instruction.op, instruction.rows, instruction.row_pitch, instruction.b_lane_stride) == (
        Op.GATHER,
        20,
        7 * dtype.size_bytes,
        0,
    )


@pytest.mark.parametrize("dtype", TYPES)
def test_rows_are_scattered_over_a_copy_by_one_instruction(dtype, reference_model):
    network = net(values=((2, 9, 5), dtype), numbers=((2, 4), DType.INT32), rows=((2, 4, 5), dtype))
    output = network.add("SCATTER", ("values", "numbers", "rows"), (2, 9, 5), dtype)
    inputs = {
        "values": drawn((2, 9, 5), dtype),
        "numbers": different_numbers(2, 9, 4),
        "rows": drawn((2, 4, 5), dtype, seed=6),
    }
    (instruction,) = indirect(assert_exact(network, output, inputs, reference_model))
    assert (instruction.op, instruction.rows) == (Op.SCATTER, 9)


def test_rows_of_one_element_take_a_beat_each(reference_model):
    network = net(values=((4, 50, 1), DType.INT8), numbers=((4, 30), DType.INT32))
    output = network.add("GATHER", ("values", "numbers"), (4, 30, 1))
    inputs = {
        "values": drawn((4, 50, 1), DType.INT8),
        "numbers": np.random.default_rng(2).integers(0, 50, (4, 30), "i4"),
    }
    assert_exact(network, output, inputs, reference_model)


@pytest.mark.parametrize("constant", [True, False])
def test_a_table_larger_than_the_chip_is_worked_off_in_slabs(constant, reference_model):
    shape = (1, 400, 64)
    network = net(numbers=((1, 24), DType.INT32), **({} if constant else {"values": (shape, DType.INT8)}))
    values = drawn(shape, DType.INT8)
    table = network.constant(values) if constant else "values"
    output = network.add("GATHER", (table, "numbers"), (1, 24, 64))
    inputs = {"numbers": np.random.default_rng(3).integers(0, 400, (1, 24), "i4")}
    program = assert_exact(network, output, inputs | ({} if constant else {"values": values}), reference_model, TINY)
    assert program.manifest.weight_bytes == (values.nbytes if constant else 0)
    stripes = indirect(program)
    assert len(stripes) > 1
    assert len({stripe.b_immediate for stripe in stripes}) > 1


OUTSIDE = np.array([[-1, 400, 0, 401, 2**31 - 1, -(2**31), 399, 200]], np.int32)


@pytest.mark.parametrize("chip", [EDGE, TINY])
@pytest.mark.parametrize("constant", [True, False])
def test_an_index_outside_of_the_table_gives_zero(constant, chip):
    shape = (1, 400, 64)
    network = net(numbers=(OUTSIDE.shape, DType.INT32), **({} if constant else {"values": (shape, DType.INT8)}))
    values = drawn(shape, DType.INT8)
    output = network.add("GATHER", (network.constant(values) if constant else "values", "numbers"), (1, 8, 64))
    program, tables = compile_graph(network.graph(output), chip), {} if constant else {"values": values}
    inputs, before = ({"numbers": numbers} | tables for numbers in (OUTSIDE, np.arange(8, dtype=np.int32)[None] * 57))
    zeros = np.zeros(64, np.int8)
    expected = [zeros, zeros, values[0, 0], zeros, zeros, zeros, values[0, 399], values[0, 200]]
    np.testing.assert_array_equal(execute(program, inputs)[output][0], expected)
    np.testing.assert_array_equal(execute_warm(program, inputs, before=before)[output][0], expected)


def test_the_first_slab_writes_zeros_and_the_others_merge():
    network = net(numbers=((1, 24), DType.INT32))
    output = network.add("GATHER", (network.constant(drawn((1, 400, 64), DType.INT8)), "numbers"), (1, 24, 64))
    slabs = indirect(compile_graph(network.graph(output), TINY))
    first_rows = [slab.b_immediate for slab in slabs]
    assert first_rows == sorted(first_rows)
    assert [slab.masking for slab in slabs] == [Masking.ZERO, *[Masking.MERGE] * (len(slabs) - 1)]


def test_rows_are_scattered_into_a_tensor_larger_than_the_chip(reference_model):
    network = net(values=((2, 300, 32), DType.INT16), numbers=((2, 40), DType.INT32), rows=((2, 40, 32), DType.INT16))
    output = network.add("SCATTER", ("values", "numbers", "rows"), (2, 300, 32), DType.INT16)
    inputs = {
        "values": drawn((2, 300, 32), DType.INT16),
        "numbers": different_numbers(2, 300, 40),
        "rows": drawn((2, 40, 32), DType.INT16, seed=6),
    }
    assert len(indirect(assert_exact(network, output, inputs, reference_model, TINY))) > 1


def test_rows_of_a_transposed_tensor_are_read_where_they_stand(reference_model):
    network = net(values=((1, 6, 10), DType.INT8), numbers=((1, 5), DType.INT32))
    output = network.add("GATHER", (network.transpose("values", 0, 2, 1), "numbers"), (1, 5, 6))
    inputs = {"values": drawn((1, 6, 10), DType.INT8), "numbers": different_numbers(1, 10, 5)}
    program = assert_exact(network, output, inputs, reference_model)
    assert len([instruction for instruction in program.instructions if isinstance(instruction, VectorInstruction)]) == 1


def test_more_numbers_than_a_counter_holds_take_more_instructions(reference_model):
    network = net(values=((1, 3, 2), DType.INT8), numbers=((1, 70_000), DType.INT32))
    output = network.add("GATHER", ("values", "numbers"), (1, 70_000, 2))
    inputs = {
        "values": drawn((1, 3, 2), DType.INT8),
        "numbers": np.random.default_rng(4).integers(0, 3, (1, 70_000), "i4"),
    }
    assert len(indirect(assert_exact(network, output, inputs, reference_model))) > 1
