"""Operators that do nothing, are there twice, or that nobody reads."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace

import numpy as np

from chipsmith.tosa.graph import DType, Graph, Operator
from chipsmith.tosa.operators.row import Operation
from chipsmith.tosa.passes.rewrite import bypass
from chipsmith.tosa.verify import operation_of


def drop_dead(graph: Graph) -> Graph:
    """Without operators, tensors and constants that no output needs; inputs stay."""
    needed = set(graph.outputs)
    kept: list[Operator] = []
    for op in reversed(graph.operators):
        if not needed.isdisjoint(op.outputs):
            kept.append(op)
            needed.update(op.inputs)
    used = {*needed, *graph.inputs}
    return replace(
        graph,
        operators=tuple(reversed(kept)),
        tensors={name: tensor for name, tensor in graph.tensors.items() if name in used},
        constants={name: data for name, data in graph.constants.items() if name in used},
    )


def merge_duplicates(graph: Graph) -> Graph:
    """One constant for all that are equal, then one operator for all of one kind with equal inputs."""
    names = _equal_constants(graph)
    operators = tuple(replace(op, inputs=tuple(names.get(name, name) for name in op.inputs)) for op in graph.operators)
    graph = replace(graph, operators=operators) if names else graph
    return bypass(graph, _equal_operators(graph))


def _equal_constants(graph: Graph) -> dict[str, str]:
    """For each constant that another equals, that other's name."""
    first: dict[Hashable, str] = {}
    names: dict[str, str] = {}
    for name, data in graph.constants.items():
        kept = first.setdefault((graph.tensor(name).dtype, data.shape, data.tobytes()), name)
        if kept != name and name not in graph.outputs:
            names[name] = kept
    return names


def _equal_operators(graph: Graph) -> dict[str, str]:
    first: dict[Hashable, str] = {}
    aliases: dict[str, str] = {}
    for op in graph.operators:
        inputs = tuple(aliases.get(name, name) for name in op.inputs)
        key = (op.kind, inputs, tuple(sorted(op.attributes.items())), graph.tensor(op.outputs[0]).dtype)
        kept = first.setdefault(key, op.outputs[0])
        if kept != op.outputs[0]:
            aliases[op.outputs[0]] = kept
    return aliases


def drop_identities(graph: Graph) -> Graph:
    """Without operators whose output is their first input, element for element in the same shape and type."""
    aliases = {op.outputs[0]: op.inputs[0] for op in graph.operators if _is_identity(graph, op)}
    return bypass(graph, aliases)


def _is_identity(graph: Graph, op: Operator) -> bool:
    rule = _IDENTITIES.get(op.kind)
    if rule is None:
        return False
    operation = operation_of(graph, op)
    source = operation.inputs[0]
    same = (source.shape, source.dtype) == (operation.output.shape, operation.output.dtype)
    return same and rule(operation)


def _always(_: Operation) -> bool:
    """Where the shape stays, nothing else can change."""
    return True


def _clamps_nothing(operation: Operation) -> bool:
    dtype = operation.output.dtype
    if dtype not in (DType.INT8, DType.INT16):
        return False
    limits = np.iinfo(dtype.numpy.name)
    return operation.integer("min_val") <= limits.min and operation.integer("max_val") >= limits.max


def _moves_nothing(operation: Operation) -> bool:
    return operation.integers("perms") == tuple(range(len(operation.output.shape)))


def _reverses_nothing(operation: Operation) -> bool:
    return operation.output.shape[operation.integer("axis")] == 1


def _reduces_nothing(operation: Operation) -> bool:
    return operation.inputs[0].shape[operation.integer("axis")] == 1


def _pools_single_pixels(operation: Operation) -> bool:
    return operation.integers("kernel") == (1, 1)


def _averages_single_pixels(operation: Operation) -> bool:
    known = {"input_zp", "output_zp"} <= operation.constants.keys()
    return known and _pools_single_pixels(operation) and operation.value("input_zp") == operation.value("output_zp")


def _adds_zero(operation: Operation) -> bool:
    added = operation.constants.get("input2")
    return added is not None and not added.any()


def _multiplies_by_one(operation: Operation) -> bool:
    factor, shift = operation.constants.get("input2"), operation.constants.get("shift")
    return factor is not None and shift is not None and bool((factor == 1).all()) and not shift.any()


_IDENTITIES: Mapping[str, Callable[[Operation], bool]] = {
    "IDENTITY": _always,
    "RESHAPE": _always,
    "SLICE": _always,
    "PAD": _always,
    "TILE": _always,
    "CONCAT": lambda operation: len(operation.inputs) == 1,
    "CLAMP": _clamps_nothing,
    "TRANSPOSE": _moves_nothing,
    "REVERSE": _reverses_nothing,
    "REDUCE_SUM": _reduces_nothing,
    "REDUCE_MAX": _reduces_nothing,
    "REDUCE_MIN": _reduces_nothing,
    "REDUCE_ALL": _reduces_nothing,
    "REDUCE_ANY": _reduces_nothing,
    "MAX_POOL2D": _pools_single_pixels,
    "AVG_POOL2D": _averages_single_pixels,
    "ADD": _adds_zero,
    "SUB": _adds_zero,
    "MUL": _multiplies_by_one,
}
