"""Graphs of many operators side by side, so that one compilation tests them all, and how their C is judged."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from nets import Net

from chipsmith.codegen.checked import execute_checked
from chipsmith.codegen.generate import generate_canonical
from chipsmith.codegen.host import Build, build_library, find_compilers
from chipsmith.codegen.module import CModule
from chipsmith.tosa.graph import Array, DType, Graph
from chipsmith.tosa.reference import evaluate_batch

RESCALE = {
    "scale32": True,
    "rounding_mode": "SINGLE_ROUND",
    "per_channel": False,
    "input_unsigned": False,
    "output_unsigned": False,
}


class Bench(Net):
    """A Net with inputs of any type, whose operators are all outputs."""

    def input(self, name: str, shape: tuple[int, ...], dtype: DType) -> str:
        self.inputs.append(self.tensor(name, shape, dtype))
        return name

    def all_outputs(self) -> Graph:
        """The graph with every operator's result as an output."""
        return self.graph(*(op.outputs[0] for op in self.operators))


def random_inputs(graph: Graph, *, inferences: int = 3, seed: int = 0) -> dict[str, Array]:
    """Inputs (n, *shape), every third element an extreme of its type."""
    rng = np.random.default_rng(seed)
    return {name: _random_array(rng, graph, name, inferences) for name in graph.inputs}


def _random_array(rng: np.random.Generator, graph: Graph, name: str, inferences: int) -> Array:
    tensor = graph.tensor(name)
    shape = (inferences, *tensor.shape)
    if tensor.dtype is DType.BOOL:
        return rng.random(shape) < 0.5
    limits = np.iinfo(tensor.dtype.numpy)
    values = rng.integers(limits.min, limits.max, shape, tensor.dtype.numpy, endpoint=True)
    extremes = rng.choice(np.array([limits.min, limits.max, 0, -1, 1], tensor.dtype.numpy), shape)
    return np.where(rng.random(shape) < 1 / 3, extremes, values)


def compiler(name: str = "gcc") -> str:
    """The compiler's path; the test is skipped where it is missing."""
    if name not in find_compilers():
        pytest.skip(f"{name} is not installed")
    return find_compilers()[name]


def assert_exact(graph: Graph, inputs: Mapping[str, Array], *, cc: str = "gcc", build: Build = Build.QUICK) -> CModule:
    """The graph's C, operator by operator as it stands, gives the reference's bits."""
    module = generate_canonical(graph, name="net")
    assert_same(module, graph, inputs, cc=cc, build=build)
    return module


def assert_same(
    module: CModule, graph: Graph, inputs: Mapping[str, Array], *, cc: str = "gcc", build: Build = Build.QUICK
) -> None:
    """The module gives the reference's bits for the graph."""
    library = build_library(module, compiler(cc), build=build)
    compare(library.execute(stacked(inputs)), evaluate_batch(graph, inputs))


def assert_clean(graph: Graph, inputs: Mapping[str, Array], *, cc: str = "gcc") -> None:
    """The same bits come from code with sanitizers, which stop at undefined behaviour and foreign memory."""
    module = generate_canonical(graph, name="net")
    compare(execute_checked(module, compiler(cc), stacked(inputs)), evaluate_batch(graph, inputs))


def stacked(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """[inferences, first, ...] as ports take it: [inferences x first, ...]."""
    return {name: array.reshape(-1, *array.shape[2:]) for name, array in arrays.items()}


def compare(outputs: Mapping[str, Array], wanted: Mapping[str, Array]) -> None:
    for name, array in stacked(wanted).items():
        np.testing.assert_array_equal(outputs[name], array, err_msg=name, strict=True)
