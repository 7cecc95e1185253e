"""A network in an engine of somebody else's, and what ties it to its author's inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_io import AuthorTensor
from chipsmith.profile.host_latency import HostLatency
from chipsmith.runtimes.clock import time_calls
from chipsmith.tosa.graph import Array


class InferenceEngine(Protocol):
    """A network that an engine has prepared for inputs of fixed shapes."""

    def infer(self, inputs: Sequence[Array]) -> Sequence[Array]:
        """The author's outputs of one call for the author's inputs, which have its shapes and types.

        What it keeps from call to call (a state) goes on. Raises CheckFailed where the engine stops.
        """

    def reset(self) -> None:
        """Begin with the initial values of what is kept from call to call."""


@dataclass(frozen=True, kw_only=True)
class RuntimeNetwork:
    """A network in an engine; `inputs` are the author's, of one call."""

    engine: InferenceEngine
    inputs: tuple[AuthorTensor, ...]

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """The author's outputs for the author's inputs, any number of batches along axis 0, call after call.

        Raises BadInput where the inputs do not fit, CheckFailed where the engine stops.
        """
        self.engine.reset()
        calls = [self.engine.infer(batch) for batch in self._split(inputs)]
        return tuple(np.concatenate([np.atleast_1d(part) for part in parts]) for parts in zip(*calls, strict=True))

    def time(self, *inputs: Array, inferences: int) -> HostLatency:
        """The wall time of so many warm calls, each with the first batch of `inputs`. Raises as run, and as time_calls.

        Each is what a program sees that calls the engine with arrays of the right shapes and types.
        """
        batch = next(self._split(inputs))
        self.engine.reset()
        return time_calls(lambda: self.engine.infer(batch), inferences=inferences)

    def _split(self, inputs: Sequence[Array]) -> Iterator[tuple[Array, ...]]:
        """The inputs of each call, laid out as the engine reads them."""
        if len(inputs) != len(self.inputs):
            names = ", ".join(port.name for port in self.inputs)
            raise BadInput(f"the network takes {len(self.inputs)} inputs ({names}), {len(inputs)} were given")
        columns = [_batches(array, port) for array, port in zip(inputs, self.inputs, strict=True)]
        counts = {port.name: len(column) for port, column in zip(self.inputs, columns, strict=True)}
        if len(set(counts.values())) > 1:
            texts = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise BadInput(f"the inputs hold different numbers of inferences: {texts}; give each the same number")
        return zip(*columns, strict=True)


def _batches(array: Array, port: AuthorTensor) -> Array:
    """(n x first, ...) as (n, first, ...) in the author's type."""
    first = port.shape[0] if port.shape else 1
    if (
        array.ndim != max(len(port.shape), 1)
        or array.shape[1:] != port.shape[1:]
        or not len(array)
        or len(array) % first
    ):
        raise BadInput(
            f"values of shape {list(array.shape)} do not fit input '{port.name}' of the network, which takes "
            f"{list(port.shape)} or more of them along the first axis"
        )
    return np.ascontiguousarray(array, port.dtype).reshape(-1, *port.shape)
