"""A float graph with the rounding of its plan: what the integers of the plan stand for, computed in floating point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.plan import Quantisation, QuantisationPlan
from chipsmith.quantisation.weights import symmetric_scales, weight_uses
from chipsmith.tosa.floating.evaluate import Change, evaluate_floats
from chipsmith.tosa.graph import Array, Graph
from chipsmith.tosa.operators.row import Values


def evaluate_rounded(
    graph: Graph, plan: QuantisationPlan, inputs: Mapping[str, Array], *, keep: Iterable[str]
) -> dict[str, Array]:
    """As evaluate_floats, with weights and each tensor of the plan rounded."""
    return evaluate_floats(round_weights(graph, plan), inputs, keep=keep, changes=rounding_changes(graph, plan))


def rounding_changes(graph: Graph, plan: QuantisationPlan) -> dict[str, Change]:
    """For each computed tensor and input of the plan how its readers see it."""
    return {
        name: activation_rounding(quantisation)
        for name, quantisation in plan.tensors.items()
        if name not in graph.constants
    }


def activation_rounding(quantisation: Quantisation) -> Change:
    """The function that rounds values to what a quantisation of a single scale holds; NaN counts as the least."""
    scale, zero = np.float32(quantisation.scale[0]), int(quantisation.zero_point[0])
    low, high = (np.float32(limit - zero) for limit in quantisation.limits)

    def change(values: Values) -> Values:
        steps = np.divide(values, scale)
        np.rint(steps, out=steps)
        np.fmin(np.fmax(steps, low, out=steps), high, out=steps)
        return np.multiply(steps, scale, out=steps)

    return change


def round_weights(graph: Graph, plan: QuantisationPlan) -> Graph:
    """The graph whose products read rounded constants; other readers of a constant see it as it is."""
    tensors, constants = dict(graph.tensors), dict(graph.constants)
    operands: dict[str, dict[int, str]] = {}
    for operator, position, axis in weight_uses(graph):
        name = operator.inputs[position]
        rounded = f"{name} in {operator.name}"
        quantisation = plan.tensors.get(name) or symmetric_scales(graph.constants[name], axis)
        constants[rounded] = round_constant(graph.constants[name], quantisation)
        tensors[rounded] = replace(tensors[name], name=rounded)
        operands.setdefault(operator.name, {})[position] = rounded
    operators = tuple(
        replace(
            operator,
            inputs=tuple(operands.get(operator.name, {}).get(i, name) for i, name in enumerate(operator.inputs)),
        )
        for operator in graph.operators
    )
    return replace(graph, tensors=tensors, constants=constants, operators=operators)


def round_constant(data: npt.NDArray[np.generic], quantisation: Quantisation) -> npt.NDArray[np.float32]:
    """The reals that a constant's integers stand for, in float32."""
    shape = [1] * data.ndim
    if quantisation.scale.size > 1:
        shape[quantisation.axis] = -1
    scale, zero = (part.reshape(shape).astype(np.float32) for part in (quantisation.scale, quantisation.zero_point))
    low, high = quantisation.limits
    steps = np.asarray(np.rint(np.divide(data, scale, dtype=np.float32)))
    np.clip(steps, low - zero, high - zero, out=steps)
    return np.multiply(steps, scale, out=steps)
