"""What the lowering of an operator has at hand: the float graph, its plan, the values so far, the graph to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.errors import OperatorRefused
from chipsmith.quantisation.lower.rescale import find_reach, limit_to_finite, narrow
from chipsmith.quantisation.lower.values import (
    ConstantValue,
    Int8Value,
    Int16Value,
    Int32Value,
    RealValue,
    Tabulated,
    Value,
)
from chipsmith.quantisation.plan import Quantisation, QuantisationPlan
from chipsmith.quantisation.ranges import ValueRange, cover_range
from chipsmith.tosa.builder import GraphBuilder, Shape
from chipsmith.tosa.floating.rows import step_of
from chipsmith.tosa.graph import Graph, Operator


@dataclass(frozen=True, kw_only=True)
class LoweringState:
    """The float `graph` and its `plan`; `values` by the float graph's names; `build`, which makes the integer graph.

    `origins` are the author's names of the float graph's operators, `kinds` what the author calls each of these.
    """

    graph: Graph
    plan: QuantisationPlan
    origins: Mapping[str, str]
    kinds: Mapping[str, str]
    build: GraphBuilder
    values: dict[str, Value] = field(default_factory=dict)

    def value(self, name: str) -> Value:
        """The value of a tensor of the float graph."""
        if name in self.graph.constants:
            return ConstantValue(data=self.graph.constants[name], name=name)
        return self.values[name]

    def operand(self, operator: Operator, index: int) -> Value:
        """The value of an operator's input."""
        return self.value(operator.inputs[index])

    def real_operand(self, operator: Operator, index: int) -> RealValue:
        """An input that the graph computes and that stands for real numbers."""
        value = self.operand(operator, index)
        if not isinstance(value, Int8Value | Int16Value | Tabulated | Int32Value):
            raise self.refuse(operator, f"its input '{operator.inputs[index]}' must be real numbers that are computed")
        return value

    def integers(self, operator: Operator, index: int) -> tuple[int, ...]:
        """The integers of a constant input, flat."""
        value = self.operand(operator, index)
        if not isinstance(value, ConstantValue):
            raise self.refuse(operator, f"its input '{operator.inputs[index]}' is computed; it must be a constant")
        return tuple(int(number) for number in value.data.reshape(-1))

    def shape(self, name: str) -> Shape:
        """The shape of a tensor of the float graph."""
        return self.graph.tensors[name].shape

    def number(self, operator: Operator, attribute: str) -> float:
        """An attribute that is a number."""
        value = operator.attributes[attribute]
        assert isinstance(value, int | float)
        return float(value)

    def planned(self, name: str) -> Quantisation | None:
        """The quantisation of a computed tensor of the float graph; None where the plan does not round it."""
        return None if name in self.graph.constants else self.plan.tensors.get(name)

    def planned_reach(self, operator: Operator) -> float | None:
        """No magnitude of an operator's result counts beyond this; None where the plan says nothing."""
        planned = self.planned(operator.outputs[0])
        return None if planned is None else float(planned.scale[0] * (planned.limits[1] - planned.limits[0] + 1))

    def to_int8(self, operator: Operator, index: int) -> Int8Value:
        """An input as int8, for an operator that reads nothing else.

        A function of an int8 tensor takes the range that it has; of 16 bits the upper 8 stay. Raises OperatorRefused
        where the plan must say a range and does not.
        """
        value = self.real_operand(operator, index)
        if isinstance(value, Int32Value):
            raise self.refuse(operator, f"the plan has no range for '{operator.inputs[index]}', which it reads in int8")
        return value if isinstance(value, Int8Value) else self.narrow_to_own_range(value)

    def narrow_to_own_range(self, value: Int16Value | Tabulated) -> Int8Value:
        """The value as int8 over all that it may be."""
        real = limit_to_finite(value.real) if isinstance(value, Tabulated) else np.array([-1, 1]) * find_reach(value)
        result = narrow(self.build, value, cover_range(ValueRange(low=float(real.min()), high=float(real.max()))))
        assert isinstance(result, Int8Value)
        return result

    def refuse(self, operator: Operator, reason: str) -> OperatorRefused:
        """The refusal of an operator, by its author's name."""
        name = self.origins.get(operator.name, operator.name)
        return OperatorRefused(f"{self.kinds.get(name, operator.kind)} '{name}': {reason}")

    def evaluate(self, operator: Operator, arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """What an operator means in floating point, for inputs that have an axis of inferences in front."""
        step = step_of(self.graph, operator)
        with np.errstate(all="ignore"):
            return np.asarray(step.meaning(step.operation, arrays))


Handler: TypeAlias = Callable[[LoweringState, Operator], Value]
"""Lowers an operator of the float graph to the value of its output, not rounded by the plan yet."""
