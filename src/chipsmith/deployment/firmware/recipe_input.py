"""What a recipe does to its raw numbers before its network, as C: scaling and filling, no reading of files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from chipsmith.deployment.deployment import Deployment
from chipsmith.deployment.firmware.parameters import float_literal, list_literals
from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import AuthorTensor, author_shape
from chipsmith.frontends.quantized_network import QuantizedNetwork
from chipsmith.learn.preprocessing import (
    ColumnsReader,
    Fill,
    ImageReader,
    Preprocessing,
    SeriesReader,
    Standardise,
    TextReader,
)
from chipsmith.tosa.graph import Array, Graph

REAL = "real"
"""The variable in C that has an element of the input, in the network's own numbers."""


@dataclass(frozen=True, kw_only=True)
class RecipeInput:
    """The only input of a recipe's network as predict() takes it: what the recipe's reader gives, before its `steps`.

    `tensor` is one example with an axis of 1 before it. `notes` say in lines what input and outputs mean.
    """

    tensor: AuthorTensor
    preprocessing: Preprocessing
    steps: tuple[Standardise | Fill, ...]
    notes: tuple[str, ...]

    def finish(self, values: Array) -> Array:
        """The network's inputs (n, ...) for those of predict()."""
        return self.preprocessing.finish(values)

    def draw(self, random: np.random.Generator, count: int) -> Array:
        """Random inputs (count, ...) like those of the training: bytes, or numbers of its mean and deviation."""
        shape = (count, *self.tensor.shape[1:])
        if self.tensor.dtype == np.uint8:
            return random.integers(0, 256, shape).astype(np.uint8)
        values = random.normal(size=shape).astype(np.float32)
        for step in self.steps:
            if isinstance(step, Standardise):
                mean, std = (_along(numbers, step, values.ndim) for numbers in (step.mean, step.std))
                values = np.add(np.multiply(values, std), mean)
        return values

    def constants(self) -> Iterator[str]:
        """The definitions in C of what `lines` refers to."""
        for index, step in enumerate(self.steps):
            if isinstance(step, Standardise) and len(step.mean) > 1:
                for word, numbers in (("mean", step.mean), ("deviation", step.std)):
                    values = np.array(numbers, np.float32)
                    yield f"static const float {word}_{index}[{len(numbers)}] = {{\n{list_literals(values)},\n}};\n"

    def lines(self, value: str, index: str) -> Iterator[str]:
        """The lines of C after which `real` has what the network takes for `value`, the input's element `index`."""
        yield f"float {REAL} = (float){value};"
        for number, step in enumerate(self.steps):
            if isinstance(step, Fill):
                yield f"{REAL} = {REAL} == {REAL} ? {REAL} : {float_literal(step.value)};"
            else:
                mean, std = self._numbers(number, step, index)
                centred = REAL if not any(step.mean) else f"({REAL} - {mean})"
                yield f"{REAL} = {centred} / {std};"

    def _numbers(self, number: int, step: Standardise, index: str) -> tuple[str, str]:
        if len(step.mean) == 1:
            return float_literal(step.mean[0]), float_literal(step.std[0])
        inner = math.prod(self.tensor.shape[2 + step.axis :])
        whole = index if index.isidentifier() else f"({index})"
        place = whole if inner == 1 else f"{whole} / {inner}"
        channel = f"[{place} % {len(step.mean)}]"
        return f"mean_{number}{channel}", f"deviation_{number}{channel}"


def _along(numbers: tuple[float, ...], step: Standardise, dimensions: int) -> Array:
    shape = [1] * dimensions
    shape[1 + step.axis] = len(numbers)
    return np.array(numbers, np.float32).reshape(shape)


def bind_recipe(graph: Graph, deployment: Deployment) -> tuple[QuantizedNetwork, RecipeInput]:
    """The network of a recipe's run, its graph with its deployment, and its input as predict() takes it.

    Raises BadInput for a recipe whose preprocessing C does not do.
    """
    preprocessing = deployment.preprocessing
    raw = _raw_tensor(preprocessing)
    binding = deployment.inputs[0]
    shape = author_shape(binding, graph, ())
    outputs = tuple(
        AuthorTensor(
            name="output" if len(deployment.outputs) == 1 else f"output_{each.position}",
            dtype=np.dtype(np.float32) if each.scale is not None else graph.tensor(each.tensor).dtype.numpy,
            shape=author_shape(each, graph, ()),
        )
        for each in deployment.outputs
    )
    network = QuantizedNetwork(
        graph=graph,
        inputs=deployment.inputs,
        outputs=deployment.outputs,
        author_inputs=(replace(raw, shape=shape, dtype=_network_dtype(raw, preprocessing)),),
        author_outputs=outputs,
    )
    steps = tuple(step for step in preprocessing.steps if isinstance(step, Standardise | Fill))
    notes = tuple(_notes(deployment))
    return network, RecipeInput(tensor=raw, preprocessing=preprocessing, steps=steps, notes=notes)


def _network_dtype(raw: AuthorTensor, preprocessing: Preprocessing) -> np.dtype[np.generic]:
    return np.dtype(np.float32) if preprocessing.steps else raw.dtype


def _raw_tensor(preprocessing: Preprocessing) -> AuthorTensor:
    """What a reader gives. Raises BadInput where a step is more than a scale."""
    others = [step.kind for step in preprocessing.steps if not isinstance(step, Standardise | Fill)]
    if others:
        raise BadInput(
            f"the recipe's preprocessing has the step {others[0]}, which C code does not do: deploy the run's .tosa "
            "file, which takes the network's integers, and compute the features beside it"
        )
    match preprocessing.reader:
        case ImageReader(channels=channels, height=height, width=width):
            return AuthorTensor(name="image", dtype=np.dtype(np.uint8), shape=(1, channels, height, width))
        case SeriesReader(length=length, channels=names):
            return AuthorTensor(name="series", dtype=np.dtype(np.float32), shape=(1, length, len(names)))
        case ColumnsReader(columns=columns):
            width = sum(column.width for column in columns)
            return AuthorTensor(name="columns", dtype=np.dtype(np.float32), shape=(1, width))
        case TextReader(length=length):
            return AuthorTensor(name="tokens", dtype=np.dtype(np.int32), shape=(1, length))
        case reader:
            return AuthorTensor(name="samples", dtype=np.dtype(np.float32), shape=(1, reader.samples))


def _notes(deployment: Deployment) -> Iterator[str]:
    reader = deployment.preprocessing.reader
    if isinstance(reader, SeriesReader):
        yield f"A step of the series has {', '.join(reader.channels)}; a shorter series ends in NAN."
    if isinstance(reader, ColumnsReader):
        yield f"Columns: {', '.join(_column_text(column.name, column.categories) for column in reader.columns)}."
    if isinstance(reader, ImageReader):
        yield "An image is all rows of its first channel from the top, then those of the next, 0 to 255."
    if deployment.class_names:
        yield f"Values of the output, in order: {', '.join(deployment.class_names)}."
    if deployment.target_scaling is not None:
        scaling = deployment.target_scaling
        yield f"Outputs are standardised: each times {list(scaling.std)}, plus {list(scaling.mean)}, is its value."


def _column_text(name: str, categories: tuple[str, ...]) -> str:
    return f"{name} (a 1 for its category of {', '.join(categories)})" if categories else name
