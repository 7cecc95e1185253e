"""How 32-bit sums become int8 where they are computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chipsmith import numerics
from chipsmith.codegen.expressions import range_of
from chipsmith.codegen.unit import Unit
from chipsmith.numerics import Int64Array
from chipsmith.tosa.graph import Array, DType, Graph, Operator
from chipsmith.tosa.operators.conversion import output_zero_point
from chipsmith.tosa.operators.row import Operation
from chipsmith.tosa.verify import operation_of

_INT32_MAX = numerics.highest(32)
_CHANNEL_FIRST = {"CONV2D", "CONV3D", "TRANSPOSE_CONV2D"}
"""Operators whose weights begin with the output channel; others' end with it."""


@dataclass(frozen=True, kw_only=True)
class Epilogue:
    """A RESCALE, with a CLAMP behind it or none, that turns the sums of an operator into int8."""

    rescale: Operator
    clamp: Operator | None = None

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The operators in order."""
        return (self.rescale,) if self.clamp is None else (self.rescale, self.clamp)


def add_requantization(graph: Graph, operator: Operator, epilogue: Epilogue, unit: Unit) -> str:
    """The name of the structure that says how the sums of an operator become int8."""
    operation = operation_of(graph, epilogue.rescale)
    channels = operation.output.shape[-1]
    multipliers, shifts = (
        operation.constants[name].reshape(-1).repeat(channels // operation.constants[name].size)
        for name in ("multiplier", "shift")
    )
    low, high = range_of(DType.INT8)
    if epilogue.clamp is not None:
        clamp = operation_of(graph, epilogue.clamp)
        low, high = clamp.integer("min_val"), clamp.integer("max_val")
    zero = output_zero_point(operation)
    bounds = bounds_of_sums(operation_of(graph, operator))
    fields: dict[str, int | str] = {
        "multipliers": unit.add_array("multipliers", multipliers, DType.INT32),
        "shifts": unit.add_array("shifts", shifts, DType.INT8),
        "zero": zero,
        "low": low,
        "high": high,
        "is_double": int(operation.name("rounding_mode") == "DOUBLE_ROUND"),
        "is_wide": int(not _fits(bounds, multipliers, shifts, abs(zero))),
    }
    return unit.add_structure("requantization", "requantization", fields)


def _fits(bounds: Int64Array, multipliers: Array, shifts: Array, margin: int) -> bool:
    """Whether sums of at most these magnitudes, scaled, and a zero point of at most `margin`, fit 32 bits."""
    scaled = bounds * multipliers.astype(np.float64) / np.exp2(shifts.astype(np.float64))
    return bool(scaled.max() + margin + 2 <= _INT32_MAX)


def bounds_of_sums(operation: Operation) -> Int64Array:
    """The greatest magnitude that a 32-bit sum of each output channel can have, or the same of all (1,)."""
    if operation.operator.kind == "MATMUL":
        bounds = np.array([operation.shape("A")[2] * _reach(operation, "A_zp") * _reach(operation, "B_zp")])
    else:
        products = _weight_sums(operation) * _reach(operation, "input_zp")
        bounds = products + _bias_magnitudes(operation)
    return np.where(bounds > _INT32_MAX, _INT32_MAX + 1, bounds)


def _reach(operation: Operation, zero_point: str) -> int:
    """The greatest magnitude of an int8 minus a zero point."""
    value = operation.value(zero_point)
    return max(127 - value, 128 + value)


def _weight_sums(operation: Operation) -> Int64Array:
    """The sum of the weights' magnitudes for each output channel."""
    kind, shape = operation.operator.kind, operation.shape("weight")
    if "weight" not in operation.constants:
        products = int(np.prod(shape[:2] if kind == "DEPTHWISE_CONV2D" else shape[1:]))
        return np.array([products * _reach(operation, "weight_zp")])
    centred = np.abs(operation.constants["weight"].astype(np.int64) - operation.value("weight_zp"))
    if kind in _CHANNEL_FIRST:
        return np.asarray(centred.reshape(shape[0], -1).sum(axis=1))
    return np.asarray(centred.reshape(shape[0] * shape[1], -1).sum(axis=0))


def _bias_magnitudes(operation: Operation) -> Int64Array:
    if "bias" not in operation.constants:
        return np.array([_INT32_MAX + 1])
    return np.abs(operation.constants["bias"].astype(np.int64))
