"""How 32-bit sums become int8 where they are computed."""

from __future__ import annotations

from dataclasses import dataclass

from chipsmith.codegen.expressions import HIGH_SHIFT, range_of
from chipsmith.codegen.unit import Unit
from chipsmith.tosa.graph import DType, Graph, Operator
from chipsmith.tosa.operators.conversion import output_zero_point
from chipsmith.tosa.verify import operation_of


@dataclass(frozen=True, kw_only=True)
class Narrowing:
    """A RESCALE, with a CLAMP behind it or none, that turns the sums of an operator into int8."""

    rescale: Operator
    clamp: Operator | None = None

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The operators in order."""
        return (self.rescale,) if self.clamp is None else (self.rescale, self.clamp)


def add_requantization(graph: Graph, narrowing: Narrowing, unit: Unit) -> str:
    """The name of the structure that says how sums become int8."""
    operation = operation_of(graph, narrowing.rescale)
    channels = operation.output.shape[-1]
    multipliers, shifts = (
        operation.constants[name].reshape(-1).repeat(channels // operation.constants[name].size)
        for name in ("multiplier", "shift")
    )
    low, high = range_of(DType.INT8)
    if narrowing.clamp is not None:
        clamp = operation_of(graph, narrowing.clamp)
        low, high = clamp.integer("min_val"), clamp.integer("max_val")
    fields: dict[str, int | str] = {
        "multipliers": unit.add_array("multipliers", multipliers, DType.INT32),
        "shifts": unit.add_array("shifts", shifts, DType.INT8),
        "zero": output_zero_point(operation),
        "low": low,
        "high": high,
        "is_double": int(operation.name("rounding_mode") == "DOUBLE_ROUND"),
        "is_high": int(shifts.min() >= HIGH_SHIFT),
    }
    return unit.add_structure("requantization", "requantization", fields)
