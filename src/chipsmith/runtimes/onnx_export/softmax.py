"""Softmax that an integer graph writes out: some fifty operators on a few elements, which six of a runtime replace.

The exponentials are the graph's own: a table of what its operators give for each distance from the largest element.
The division is of reals. That the replacement is right is tried on the graph itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from chipsmith.quantisation.wiring import Wiring
from chipsmith.runtimes.onnx_export.integer_tensors import IntegerTensors
from chipsmith.runtimes.onnx_export.values import Written, cast
from chipsmith.tosa.graph import Array, DType, Graph, Operator
from chipsmith.tosa.passes.cleanup import drop_dead
from chipsmith.tosa.reference import evaluate_batch

_DISTANCES = 256
_STEPS, _LEAST = 256, -128
"""Probabilities are int8 in steps of 1 / 256 from -128 on."""
_TRIALS = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class SoftmaxForm:
    """A softmax of the int8 `logits` along an axis, whose result is the int8 `output`; `operators` lie between.

    `exponentials` are those of the distances 0, -255, ..., -1 from the largest element, as a negative index finds them.
    """

    logits: str
    output: str
    axis: int
    operators: frozenset[str]
    exponentials: npt.NDArray[np.float32]


def find_softmaxes(graph: Graph) -> tuple[SoftmaxForm, ...]:
    """Those of a graph whose replacement gives its bits but for a step."""
    return tuple(_find(Wiring(graph=graph)))


def _find(wiring: Wiring) -> Iterator[SoftmaxForm]:
    graph = wiring.graph
    for largest in graph.operators:
        wide = wiring.producers.get(largest.inputs[0]) if largest.kind == "REDUCE_MAX" else None
        if wide is None or wide.kind != "RESCALE" or graph.tensor(wide.inputs[0]).dtype is not DType.INT8:
            continue
        distance = [reader for reader in wiring.readers[largest.outputs[0]] if reader.inputs[:1] == wide.outputs]
        if [reader.kind for reader in distance] == ["SUB"]:
            form = _match(wiring, distance[0], wide)
            if form is not None and _is_right(graph, form):
                yield form


def _match(wiring: Wiring, distance: Operator, wide: Operator) -> SoftmaxForm | None:
    """What follows the distance up to int8, where that is a single tensor, and sums exponentials on its way."""
    graph, region = wiring.graph, _follow(wiring, distance)
    ends = [name for operator in region for name in operator.outputs if graph.tensor(name).dtype is DType.INT8]
    sums = [operator for operator in region if operator.kind == "REDUCE_SUM"]
    known = {*graph.constants, *distance.outputs, *(name for operator in region for name in operator.outputs)}
    if len(ends) != 1 or len(sums) != 1 or any(not known.issuperset(operator.inputs) for operator in region):
        return None
    exponentials = _tabulate(graph, distance.outputs[0], sums[0].inputs[0])
    return SoftmaxForm(
        logits=wide.inputs[0],
        output=ends[0],
        axis=sums[0].axis,
        operators=frozenset(operator.name for operator in (wide, distance, *region)),
        exponentials=exponentials,
    )


def _follow(wiring: Wiring, start: Operator) -> list[Operator]:
    """The operators that a tensor goes into, up to those that give int8."""
    followed: dict[str, Operator] = {}
    waiting = [*start.outputs]
    while waiting:
        for reader in wiring.readers[waiting.pop()]:
            if reader.name not in followed:
                followed[reader.name] = reader
                waiting += [name for name in reader.outputs if wiring.graph.tensor(name).dtype is not DType.INT8]
    return list(followed.values())


def _cut(graph: Graph, first: str, last: str) -> Graph:
    """What computes a tensor from another."""
    operators = tuple(operator for operator in graph.operators if first not in operator.outputs)
    return drop_dead(replace(graph, operators=operators, inputs=(first,), outputs=(last,)))


def _tabulate(graph: Graph, distance: str, exponential: str) -> npt.NDArray[np.float32]:
    """The exponentials of distances 0 to -255, in the order in which negative indices find them."""
    tensor = graph.tensor(distance)
    count = -(-_DISTANCES // tensor.elements)
    distances = np.resize(-np.arange(_DISTANCES, dtype=np.int32), count * tensor.elements)
    inputs = {distance: distances.reshape(count, *tensor.shape)}
    values = evaluate_batch(_cut(graph, distance, exponential), inputs)[exponential].reshape(-1)[:_DISTANCES]
    return np.roll(values[::-1], 1).astype(np.float32)


def _is_right(graph: Graph, form: SoftmaxForm) -> bool:
    """Whether the replacement is within a step of the graph, on random logits that lie near and far."""
    shape, random = graph.tensor(form.logits).shape, np.random.default_rng(0)
    spread = random.integers(1, 129, (_TRIALS, *(1,) * len(shape)))
    logits = np.clip(random.normal(size=(_TRIALS, *shape)) * spread, -128, 127).astype(np.int8)
    exact = evaluate_batch(_cut(graph, form.logits, form.output), {form.logits: logits})[form.output]
    return bool(np.abs(_compute(form, logits) - exact.astype(np.float64)).max() <= 1)


def _compute(form: SoftmaxForm, logits: Array) -> npt.NDArray[np.float64]:
    axis, wide = form.axis + 1, logits.astype(np.int64)
    exponentials = form.exponentials[wide - wide.max(axis=axis, keepdims=True)].astype(np.float64)
    shares = exponentials / exponentials.sum(axis=axis, keepdims=True)
    return np.asarray(np.clip(np.rint(shares * _STEPS) + _LEAST, _LEAST, _LEAST + _STEPS - 1))


def write_softmax(tensors: IntegerTensors, form: SoftmaxForm) -> Written:
    """The nodes of a softmax."""
    writer = tensors.writer
    logits = cast(writer, tensors.read(form.logits), np.int32)
    axes = writer.constant([form.axis], np.int64)
    distance = writer.add("Sub", [logits, writer.add("ReduceMax", [logits, axes], {"keepdims": 1})])
    exponentials = writer.add("Gather", [writer.constant(form.exponentials), distance])
    total = writer.add("ReduceSum", [exponentials, axes], {"keepdims": 1})
    shares = writer.add("Div", [exponentials, total])
    return Written(name=tensors.quantize(shares, DType.INT8, 1 / _STEPS, _LEAST))
