"""A loop nest, run step by step, computes what the operator means."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from chipsmith.tosa.graph import Array
from chipsmith.tosa.operators import OPERATORS
from chipsmith.tosa.operators.loops import AffineIndex, LoopNest
from chipsmith.tosa.operators.row import Operation
from chipsmith.tosa.reference import evaluate
from chipsmith.tosa.verify import operation_of
from chipsmith.witness.conformance.cases import Case, load_case

NESTED = sorted(kind for kind, row in OPERATORS.items() if row.loop_nest)


def run_loops(nest: LoopNest, operands: Mapping[str, Array], shape: tuple[int, ...]) -> Array:
    """Every step of the nest at once: counters as arrays."""
    grids = np.meshgrid(*(np.arange(bound) for bound in nest.bounds.values()), indexing="ij")
    counters = dict(zip(nest.bounds, (grid.reshape(-1) for grid in grids), strict=True))
    product = np.ones(nest.multiply_accumulates, np.int64)
    for name, indices in nest.reads.items():
        product *= elements(operands[name], indices, counters)
    total = np.zeros(shape, np.int64)
    where = index_arrays(nest.write, counters)
    inside = is_inside(where, shape)
    np.add.at(total, tuple(index[inside] for index in where), product[inside])
    return total


def elements(array: Array, indices: tuple[AffineIndex, ...], counters: Mapping[str, Array]) -> Array:
    where = index_arrays(indices, counters)
    inside = is_inside(where, array.shape)
    return np.where(inside, array[tuple(np.where(inside, index, 0) for index in where)], 0)


def index_arrays(indices: tuple[AffineIndex, ...], counters: Mapping[str, Array]) -> list[Array]:
    return [sum(step * counters[name] for name, step in i.coefficients.items()) + i.offset for i in indices]


def is_inside(where: list[Array], shape: tuple[int, ...]) -> Array:
    return np.logical_and.reduce([(index >= 0) & (index < size) for index, size in zip(where, shape, strict=True)])


def centred(case: Case, operation: Operation, name: str) -> Array:
    index = list(operation.tensors).index(name)
    tensor = operation.operator.inputs[index]
    data = case.graph.constants[tensor] if tensor in case.graph.constants else case.inputs[tensor]
    return data.astype(np.int64) - operation.value(f"{name}_zp")


@pytest.mark.parametrize("kind", NESTED)
def test_the_nest_computes_the_operator_without_its_bias(kind, sample):
    for folder in sample[kind]:
        case = load_case(folder)
        (operator,) = case.graph.operators
        operation = operation_of(case.graph, operator)
        nest = OPERATORS[kind].loop_nest(operation)
        sums = run_loops(nest, {name: centred(case, operation, name) for name in nest.reads}, operation.output.shape)
        outputs = evaluate(case.graph, case.inputs)[case.graph.outputs[0]]
        np.testing.assert_array_equal(sums + bias(case, operation), outputs, err_msg=case.name)


def bias(case: Case, operation: Operation) -> Array | int:
    if "bias" not in operation.tensors:
        return 0
    name = operation.operator.inputs[2]
    return case.graph.constants.get(name, case.inputs.get(name)).astype(np.int64)


def test_reductions_are_the_loops_that_are_not_written(sample):
    case = load_case(sample["MATMUL"][0])
    nest = OPERATORS["MATMUL"].loop_nest(operation_of(case.graph, case.graph.operators[0]))
    assert nest.reductions == ("c",)
