"""Float graphs with a plan, as integers beside the same graph in floating point, rounded where the plan says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from chipsmith.chip import load_chip
from chipsmith.compiler.compile import compile_graph
from chipsmith.quantisation.lower.network import LoweredNetwork, lower_network
from chipsmith.quantisation.network import FloatNetwork
from chipsmith.quantisation.plan import Quantisation, QuantisationPlan, quantise_tensor
from chipsmith.sim.functional import execute
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.floating.evaluate import evaluate_floats
from chipsmith.tosa.graph import Array, DType, Graph
from chipsmith.tosa.reference import evaluate_batch

Inputs = Mapping[str, Array]


def cover(low: float, high: float, *, width: int = 8) -> Quantisation:
    """The quantisation that holds low ... high and zero; of 16 bits a symmetric one."""
    if width == 16:
        return quantise_tensor(max(abs(low), abs(high), 1e-6) / 32767, 0, width=16)
    low, high = min(low, 0.0), max(high, 0.0)
    scale = max(high - low, 1e-6) / 255
    return quantise_tensor(scale, round(-128 - low / scale))


def round_to(quantisation: Quantisation) -> Callable[[Array], Array]:
    """A tensor with its elements rounded as the plan says."""

    def change(values: Array) -> Array:
        steps = np.clip(np.rint(values / quantisation.scale) + quantisation.zero_point, *quantisation.limits)
        return ((steps - quantisation.zero_point) * quantisation.scale).astype(np.float32)

    return change


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """An output in real numbers: `exact` of the rounded float graph, `integer` of the integer graph, `step` of the latter."""

    exact: Array
    integer: Array
    step: float

    @property
    def largest_step(self) -> float:
        """The greatest difference, in steps."""
        return float(np.abs(self.exact - self.integer).max() / self.step)


def plan_by_range(graph: Graph, inputs: Inputs, planned: Iterable[str], *, wide: Iterable[str] = ()) -> QuantisationPlan:
    """Each tensor of `planned` over the range that it has for the inputs; those of `wide` in 16 bits."""
    names = tuple(dict.fromkeys((*planned, *wide)))
    values = evaluate_floats(graph, inputs, keep=names)
    return QuantisationPlan(
        tensors={
            name: cover(float(data.min()), float(data.max()), width=16 if name in wide else 8)
            for name, data in values.items()
        }
    )


def lower(graph: Graph, plan: QuantisationPlan) -> LoweredNetwork:
    """The integer graph of a float graph without an author."""
    return lower_network(FloatNetwork(graph=graph, inputs=(), outputs=()), plan)


def quantise_inputs(lowered: LoweredNetwork, inputs: Inputs) -> dict[str, Array]:
    """The integers of real inputs; others as they are."""
    result: dict[str, Array] = {}
    for name, data in inputs.items():
        quantisation, dtype = lowered.tensors[name].quantisation, lowered.graph.tensor(name).dtype.numpy
        result[name] = np.asarray(data)
        if quantisation is not None:
            steps = np.clip(np.rint(data / quantisation.scale) + quantisation.zero_point, *quantisation.limits)
            result[name] = steps.astype(dtype)
    return result


def compare(graph: Graph, plan: QuantisationPlan, inputs: Inputs) -> dict[str, Comparison]:
    """Each output of the integer graph beside that of the float graph with the plan's tensors rounded."""
    lowered = lower(graph, plan)
    changes = {name: round_to(q) for name, q in plan.tensors.items() if name not in graph.constants}
    exact = evaluate_floats(graph, inputs, keep=graph.outputs, changes=changes)
    integers = evaluate_batch(lowered.graph, quantise_inputs(lowered, inputs))
    return {name: compare_output(lowered, name, exact[name], integers[name]) for name in graph.outputs}


def compare_output(lowered: LoweredNetwork, name: str, exact: Array, integers: Array) -> Comparison:
    """An output in its own steps."""
    quantisation = lowered.tensors[name].quantisation
    if quantisation is None:
        return Comparison(exact=exact.astype(np.int64), integer=integers.astype(np.int64), step=1.0)
    real = (integers.astype(np.float64) - quantisation.zero_point) * quantisation.scale
    return Comparison(exact=exact, integer=real, step=float(quantisation.scale[0]))


def build_graph(write: Callable[[GraphBuilder], Iterable[str]]) -> Graph:
    """A graph that a function writes; it gives the names of the outputs."""
    build = GraphBuilder()
    return build.finish("net", tuple(write(build)))


def real_constant(build: GraphBuilder, data: object) -> str:
    """A constant of real numbers."""
    return build.constant(np.asarray(data, np.float32), DType.FP32)


def assert_compiles(lowered: LoweredNetwork, inputs: Mapping[str, Array], *, chip: str) -> None:
    """The compiled program gives the integers of the reference to the bit."""
    program = compile_graph(lowered.graph, load_chip(chip))
    stacked = {name: data.reshape(-1, *data.shape[2:]) if data.ndim > 1 else data for name, data in inputs.items()}
    outputs = execute(program, stacked)
    for name, data in evaluate_batch(lowered.graph, inputs).items():
        np.testing.assert_array_equal(outputs[name].reshape(data.shape), data)
