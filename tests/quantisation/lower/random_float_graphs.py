"""Random float graphs: chains and branches of the operators that front ends write, of small shapes of any rank."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from lowering_witness import convolve, multiply_matrices, number, real_constant

from chipsmith.frontends.forms.normalise import scale_by_root_mean_square, softmax, standardise
from chipsmith.frontends.forms.values import natural_value
from chipsmith.tosa.builder import GraphBuilder
from chipsmith.tosa.graph import DType, Graph
from chipsmith.tosa.passes.cleanup import drop_dead

Step = Callable[["RandomGraph", str], str | None]
"""Adds an operator behind a tensor: the result's name, or None where the shapes do not allow it."""
LARGEST, LARGEST_RANK = 3000, 6


class RandomGraph:
    """A graph in the making, with the tensors that further operators may read."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.build = GraphBuilder()
        self.tensors: list[str] = []

    def choose(self, *choices: str) -> str:
        return str(self.rng.choice(choices))

    def pick(self) -> str:
        """A tensor, a recent rather than an old one."""
        return self.tensors[int(self.rng.integers(max(0, len(self.tensors) - 4), len(self.tensors)))]

    def axis(self, tensor: str) -> int:
        return int(self.rng.integers(len(self.build.shape(tensor))))

    def partner(self, tensor: str) -> str | None:
        """Another tensor that broadcasts with this one."""
        other, shape = self.pick(), self.build.shape(tensor)
        shapes = zip(shape, self.build.shape(other), strict=False)
        fits = len(self.build.shape(other)) == len(shape) and all(a == b or 1 in (a, b) for a, b in shapes)
        return other if fits else None

    def number(self, value: float, tensor: str) -> str:
        return number(self.build, value, rank=len(self.build.shape(tensor)))


def emit(graph: RandomGraph, left: str, right: str) -> str:
    kind = graph.choose("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM")
    return graph.build.multiply(left, right) if kind == "MUL" else graph.build.binary(kind, left, right)


def join_two(graph: RandomGraph, tensor: str) -> str | None:
    other = graph.partner(tensor)
    return None if other is None else emit(graph, tensor, other)


def join_constant(graph: RandomGraph, tensor: str) -> str:
    shape = [size if graph.rng.random() < 0.5 else 1 for size in graph.build.shape(tensor)]
    return emit(graph, tensor, real_constant(graph.build, graph.rng.normal(size=shape)))


def apply_function(graph: RandomGraph, tensor: str) -> str:
    return graph.build.unary(graph.choose("SIGMOID", "TANH", "ERF", "ABS", "SIN", "COS"), tensor)


def apply_to_positive(graph: RandomGraph, tensor: str) -> str:
    positive = graph.build.binary("ADD", graph.build.unary("ABS", tensor), graph.number(0.3, tensor))
    return graph.build.unary(graph.choose("LOG", "RECIPROCAL", "RSQRT"), positive)


def limit(graph: RandomGraph, tensor: str) -> str:
    limits = {"min_val": 0.0, "max_val": float(graph.rng.choice([1.0, 6.0, np.inf]))}
    return graph.build.emit("CLAMP", (tensor,), graph.build.shape(tensor), DType.FP32, limits)


def transpose(graph: RandomGraph, tensor: str) -> str:
    rank = len(graph.build.shape(tensor))
    return graph.build.transpose(tensor, tuple(int(axis) for axis in graph.rng.permutation(rank)))


def reshape(graph: RandomGraph, tensor: str) -> str:
    shape = graph.build.shape(tensor)
    return graph.build.reshape(tensor, (math.prod(shape),) if graph.rng.random() < 0.5 else (*shape, 1))


def cut(graph: RandomGraph, tensor: str) -> str:
    shape = graph.build.shape(tensor)
    start = [int(graph.rng.integers(size)) for size in shape]
    sizes = [int(graph.rng.integers(1, size - first + 1)) for size, first in zip(shape, start, strict=True)]
    return graph.build.slice(tensor, start, sizes)


def pad(graph: RandomGraph, tensor: str) -> str:
    widths = [(int(graph.rng.integers(2)), int(graph.rng.integers(2))) for _ in graph.build.shape(tensor)]
    return graph.build.pad(tensor, widths, float(graph.rng.choice([0.0, 1.7, -3.0])))


def concat(graph: RandomGraph, tensor: str) -> str | None:
    other, axis = graph.pick(), graph.axis(tensor)
    shapes = [list(graph.build.shape(name)) for name in (tensor, other)]
    if len(shapes[0]) != len(shapes[1]):
        return None
    others = [[size for index, size in enumerate(shape) if index != axis] for shape in shapes]
    return graph.build.concat([tensor, other], axis) if others[0] == others[1] else None


def reduce(graph: RandomGraph, tensor: str) -> str:
    kind = graph.choose("REDUCE_SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PRODUCT")
    return graph.build.reduce(kind, tensor, graph.axis(tensor))


def normalise(graph: RandomGraph, tensor: str) -> str | None:
    axis, value = graph.axis(tensor), natural_value(graph.build, tensor)
    if graph.rng.random() < 0.5:
        return softmax(graph.build, value, axis).tensor
    if graph.build.shape(tensor)[axis] < 3:
        return None
    form = standardise if graph.rng.random() < 0.5 else scale_by_root_mean_square
    return form(graph.build, value, (axis,), epsilon=1e-3).tensor


def multiply(graph: RandomGraph, tensor: str) -> str:
    shape, columns = graph.build.shape(tensor), int(graph.rng.integers(1, 6))
    rows = graph.build.reshape(tensor, (1, math.prod(shape[:-1]), shape[-1]))
    weights = real_constant(graph.build, graph.rng.normal(size=(1, shape[-1], columns)))
    return graph.build.reshape(multiply_matrices(graph.build, rows, weights), (*shape[:-1], columns))


def filter_image(graph: RandomGraph, tensor: str) -> str | None:
    shape, channels = graph.build.shape(tensor), int(graph.rng.integers(1, 5))
    if len(shape) != 4:
        return None
    weights, bias = graph.rng.normal(size=(channels, 1, 1, shape[3])), graph.rng.normal(size=channels)
    return convolve(graph.build, tensor, weights, bias, shape=(*shape[:3], channels))


def select(graph: RandomGraph, tensor: str) -> str | None:
    other = graph.partner(tensor)
    if other is None:
        return None
    threshold = other if graph.rng.random() < 0.5 else graph.number(0.1, tensor)
    mask = graph.build.binary("GREATER", tensor, threshold, DType.BOOL)
    shape = np.broadcast_shapes(*(graph.build.shape(name) for name in (mask, tensor, other)))
    return graph.build.emit("SELECT", (mask, tensor, other), shape, DType.FP32)


def tile(graph: RandomGraph, tensor: str) -> str:
    return graph.build.tile(tensor, tuple(int(graph.rng.integers(1, 3)) for _ in graph.build.shape(tensor)))


STEPS: tuple[Step, ...] = (
    *(join_two, join_constant, apply_function, apply_to_positive, limit, transpose, reshape, cut, pad, concat),
    *(reduce, normalise, multiply, multiply, filter_image, select, tile),
)


def enter_inputs(graph: RandomGraph) -> None:
    """An input or two; the second broadcasts with the first."""
    shape = tuple(int(size) for size in graph.rng.integers(1, 5, graph.rng.integers(1, 5)))
    for index in range(int(graph.rng.integers(1, 3))):
        own = tuple(size if index == 0 or graph.rng.random() < 0.7 else 1 for size in shape)
        graph.tensors.append(graph.build.enter(f"input{index}", own, DType.FP32))


def is_small(build: GraphBuilder, tensor: str) -> bool:
    return build.tensor(tensor).elements <= LARGEST and len(build.shape(tensor)) <= LARGEST_RANK


def random_float_graph(seed: int) -> Graph:
    """Two to eight steps; the last result is an output, and often an inner one too."""
    graph = RandomGraph(seed)
    enter_inputs(graph)
    for index in range(int(graph.rng.integers(2, 9))):
        graph.build.scope = f"node{index}"
        result = graph.rng.choice(np.array(STEPS, object))(graph, graph.pick())
        if (
            result is not None
            and graph.build.tensor(result).elements <= LARGEST
            and len(graph.build.shape(result)) <= 6
        ):
            graph.tensors.append(result)
    graph.build.scope = "last"
    graph.tensors.append(apply_function(graph, graph.pick()))
    computed = [name for name in graph.tensors if not name.startswith("input")]
    inner = str(graph.rng.choice(computed))
    return drop_dead(graph.build.finish("random", tuple(dict.fromkeys((computed[-1], inner)))))
