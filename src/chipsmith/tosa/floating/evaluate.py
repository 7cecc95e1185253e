"""What the tensors of a graph in floating point are, for many inferences, chunk by chunk.

As in chipsmith.tosa.reference an inference axis stands in front of a tensor's own axes. Every operator is computed
in float32 over all inferences of a chunk; integers and masks among the tensors are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numpy as np
from threadpoolctl import threadpool_limits

from chipsmith.errors import BadInput
from chipsmith.processors import processors
from chipsmith.tosa.floating.rows import Step, step_of
from chipsmith.tosa.graph import Array, Graph
from chipsmith.tosa.operators.row import Values
from chipsmith.tosa.reference import check_inputs, last_uses
from chipsmith.tosa.verify import verify_structure

Change: TypeAlias = Callable[[Values], Values]
"""What the readers of a tensor see in its place, for its values (n, *shape)."""
Observer: TypeAlias = Callable[[Values], None]
"""Takes the values (n, *shape) of a tensor, n of a chunk's inferences."""

Inputs: TypeAlias = Mapping[str, Values]
Results: TypeAlias = dict[str, Values]

_NO_CHANGES: Mapping[str, Change] = {}
_CHUNK_ELEMENTS = 1 << 20
"""Elements that the largest tensor of a chunk may have, unless that is a single inference."""


def evaluate_floats(
    graph: Graph, inputs: Mapping[str, Array], *, keep: Iterable[str], changes: Mapping[str, Change] = _NO_CHANGES
) -> dict[str, Array]:
    """The tensors `keep` by name, (n, *shape), for inputs (n, *shape) by name.

    `changes` alters tensors as they are computed (inputs too): their readers and the result see the changed values.
    Raises BadInput where the graph's connections or shapes are wrong or an input does not fit, OperatorRefused for an
    operator without a meaning.
    """
    names = tuple(keep)
    chunks = list(_run(graph, inputs, names, changes))
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in names}


def observe(
    graph: Graph,
    inputs: Mapping[str, Array],
    *,
    observers: Mapping[str, Observer],
    changes: Mapping[str, Change] = _NO_CHANGES,
) -> None:
    """Show tensors by name to their observers, chunk after chunk; otherwise as evaluate_floats."""
    for chunk in _run(graph, inputs, tuple(observers), changes):
        for name, observer in observers.items():
            observer(chunk[name])


def _run(
    graph: Graph, inputs: Mapping[str, Array], keep: tuple[str, ...], changes: Mapping[str, Change]
) -> Iterator[dict[str, Values]]:
    verify_structure(graph)
    inferences = check_inputs(graph, inputs)
    steps = [step_of(graph, operator) for operator in graph.operators]
    finished = list(last_uses(graph, keep))
    size = _chunk_size(graph)
    parts = [
        {name: np.asarray(inputs[name])[start : start + size] for name in graph.inputs}
        for start in range(0, inferences, size)
    ]
    yield from _run_in_parallel(lambda part: _run_chunk(graph, part, steps, finished, keep, changes), parts)


def _run_in_parallel(run: Callable[[Inputs], Results], parts: Sequence[Inputs]) -> Iterator[Results]:
    """What `run` makes of each part, in their order: as many at once as there are cores, each on its own thread."""
    # The threads of a BLAS wait by spinning, which takes the cores from our own; and sums in one thread have one order.
    workers = processors()
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(max_workers=workers) as pool:
        for start in range(0, len(parts), workers):
            yield from pool.map(run, parts[start : start + workers])


def _chunk_size(graph: Graph) -> int:
    largest = max((tensor.elements for name, tensor in graph.tensors.items() if name not in graph.constants), default=1)
    return max(1, _CHUNK_ELEMENTS // max(1, largest))


def _run_chunk(
    graph: Graph,
    inputs: Mapping[str, Values],
    steps: Iterable[Step],
    finished: Iterable[list[str]],
    keep: tuple[str, ...],
    changes: Mapping[str, Change],
) -> dict[str, Values]:
    values: dict[str, Values] = {name: array[None] for name, array in graph.constants.items()}
    values |= {name: _changed(name, array, changes) for name, array in inputs.items()}
    inferences = len(next(iter(inputs.values()))) if inputs else 1
    for step, dead in zip(steps, finished, strict=True):
        operator = step.operation.operator
        result = _apply(step, [values[name] for name in operator.inputs])
        values[operator.outputs[0]] = _changed(operator.outputs[0], result, changes)
        for name in dead:
            del values[name]
    return {name: np.broadcast_to(values[name], (inferences, *values[name].shape[1:])) for name in keep}


def _changed(name: str, values: Values, changes: Mapping[str, Change]) -> Values:
    return changes[name](values) if name in changes else values


def _apply(step: Step, operands: list[Values]) -> Values:
    """The output of a step, which has the shape and the type of its tensor; infinities and NaN are values."""
    with np.errstate(all="ignore"):
        result = step.meaning(step.operation, operands)
    tensor = step.operation.output
    if result.shape[1:] != tensor.shape or result.dtype != tensor.dtype.numpy:
        operator = step.operation.operator
        raise BadInput(
            f"{operator.kind} '{operator.name}': gives {result.dtype}{list(result.shape[1:])} where "
            f"{tensor.dtype.numpy}{list(tensor.shape)} is declared"
        )
    return result
