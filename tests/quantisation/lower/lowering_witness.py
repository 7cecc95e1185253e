"""Float graphs with a plan, as integers beside the same graph in floating point, rounded where the plan says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
from chipsmith.tosa.graph import Array, AttributeValue, DType, Graph
from chipsmith.tosa.reference import evaluate_batch

Inputs = Mapping[str, Array]
INFERENCES = 4

CONVOLUTION: Mapping[str, AttributeValue] = {
    "pad": (0, 0, 0, 0),
    "stride": (1, 1),
    "dilation": (1, 1),
    "local_bound": False,
    "acc_type": "FP32",
}


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
    """An output in real numbers: `exact` of the rounded float graph, `integer` of the integer graph, in its `step`s."""

    exact: Array
    integer: Array
    step: float

    @property
    def steps(self) -> float:
        """The greatest difference, in steps."""
        return float(np.abs(self.exact - self.integer).max() / self.step)

    @property
    def relative(self) -> float:
        """The greatest difference, as a part of the greatest result."""
        return float(np.abs(self.exact - self.integer).max() / np.abs(self.exact).max())


def write_graph(write: Callable[[GraphBuilder], str | Sequence[str]], **inputs: tuple[int, ...]) -> Graph:
    """A graph with inputs of these shapes, reals, that a function writes; it gives the names of the outputs."""
    build = GraphBuilder()
    for name, shape in inputs.items():
        build.enter(name, shape, DType.FP32)
    build.scope = "node"
    outputs = write(build)
    return build.finish("net", (outputs,) if isinstance(outputs, str) else tuple(outputs))


def random_inputs(graph: Graph, *, low: float = -1.0, high: float = 1.0) -> dict[str, Array]:
    """Seeded inputs: reals from low to high, integers from -3 to 3, masks."""
    rng = np.random.default_rng(5)
    result: dict[str, Array] = {}
    for name in graph.inputs:
        shape, dtype = (INFERENCES, *graph.tensor(name).shape), graph.tensor(name).dtype
        if dtype is DType.FP32:
            result[name] = rng.uniform(low, high, shape).astype(np.float32)
        else:
            result[name] = rng.integers(-3, 4, shape).astype(dtype.numpy)
    return result


def plan_by_range(
    graph: Graph, inputs: Inputs, planned: Iterable[str] = (), *, wide: Iterable[str] = ()
) -> QuantisationPlan:
    """Real inputs and `planned` over the ranges that they have for the inputs, those of `wide` in 16 bits."""
    real = (name for name in graph.inputs if graph.tensor(name).dtype is DType.FP32)
    names = tuple(dict.fromkeys((*real, *planned, *wide)))
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
    return {name: _compare_output(lowered, name, exact[name], integers[name]) for name in graph.outputs}


def _compare_output(lowered: LoweredNetwork, name: str, exact: Array, integers: Array) -> Comparison:
    quantisation = lowered.tensors[name].quantisation
    if quantisation is None:
        return Comparison(exact=exact.astype(np.int64), integer=integers.astype(np.int64), step=1.0)
    real = (integers.astype(np.float64) - quantisation.zero_point) * quantisation.scale
    return Comparison(exact=exact, integer=real, step=float(quantisation.scale[0]))


def assert_rounded_right(graph: Graph, *, low: float = -1.0, high: float = 1.0, wide: Iterable[str] = ()) -> None:
    """With its outputs planned, no element of the integer graph is off by more than a step."""
    inputs = random_inputs(graph, low=low, high=high)
    real = [name for name in graph.outputs if graph.tensor(name).dtype is DType.FP32]
    for comparison in compare(graph, plan_by_range(graph, inputs, real, wide=wide), inputs).values():
        assert comparison.steps <= 1.01


def assert_nearly_exact(
    graph: Graph, *, low: float = -1.0, high: float = 1.0, wide: Iterable[str] = (), tolerance: float = 1e-4
) -> None:
    """With its outputs left in int32, the integer graph is as near to the float graph as 14 bits are."""
    inputs = random_inputs(graph, low=low, high=high)
    for comparison in compare(graph, plan_by_range(graph, inputs, wide=wide), inputs).values():
        assert comparison.relative <= tolerance


def real_constant(build: GraphBuilder, data: object) -> str:
    """A constant of real numbers."""
    return build.constant(np.asarray(data, np.float32), DType.FP32)


def number(build: GraphBuilder, value: float, *, rank: int) -> str:
    """A constant of a single element."""
    return real_constant(build, np.full((1,) * rank, value))


def int8_weights(shape: tuple[int, ...], *, axis: int | None, seed: int = 0) -> Array:
    """Weights that int8 holds exactly, with a scale for each index of an axis, or with a single one."""
    rng = np.random.default_rng(seed)
    integers = rng.integers(-127, 128, shape).astype(np.float64)
    if axis is None:
        integers.flat[0] = 127
        return (integers * 0.01).astype(np.float32)
    moved = np.moveaxis(integers, axis, -1)
    moved[(0,) * (len(shape) - 1)] = 127
    return np.moveaxis(moved * rng.uniform(0.005, 0.02, shape[axis]), -1, axis).astype(np.float32)


SOURCES: Mapping[str, Callable[[GraphBuilder], str]] = {
    "int8": lambda build: build.unary("IDENTITY", "x"),
    "int32": lambda build: convolve(build, "x", int8_weights((3, 1, 1, 3), axis=0), [1, 2, 3], shape=(1, 4, 6, 3)),
    "table": lambda build: build.unary("EXP", "x"),
}
"""What an operator may read: of an input of (1, 4, 6, 3), in the forms that the lowering has for it."""


def convolve(
    build: GraphBuilder, source: str, weights: Array, bias: object, *, shape: tuple[int, ...], kind: str = "CONV2D"
) -> str:
    """A convolution without padding, in strides of 1, that gives this shape."""
    zero = real_constant(build, [0.0])
    operands = (source, real_constant(build, weights), real_constant(build, bias), zero, zero)
    return build.emit(kind, operands, shape, DType.FP32, CONVOLUTION)


def multiply_matrices(build: GraphBuilder, left: str, right: str) -> str:
    """MATMUL of (N, H, C) and (N, C, W)."""
    zero = real_constant(build, [0.0])
    shape = (*build.shape(left)[:2], build.shape(right)[2])
    return build.emit("MATMUL", (left, right, zero, zero), shape, DType.FP32)


def assert_compiles(graph: Graph, plan: QuantisationPlan, inputs: Inputs, *, chip: str) -> None:
    """The compiled program gives the integers of the reference to the bit."""
    lowered = lower(graph, plan)
    integers = quantise_inputs(lowered, inputs)
    program = compile_graph(lowered.graph, load_chip(chip))
    outputs = execute(program, {name: data.reshape(-1, *data.shape[2:]) for name, data in integers.items()})
    for name, data in evaluate_batch(lowered.graph, integers).items():
        np.testing.assert_array_equal(outputs[name].reshape(data.shape), data)
