"""The examples of a deployed network: the author's inputs, and the outputs that the reference gives for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chipsmith.deployment.firmware.recipe_input import RecipeInput
from chipsmith.frontends.quantized_network import QuantizedNetwork, first_batches
from chipsmith.targets.reference import ReferenceTarget
from chipsmith.tosa.graph import Array
from chipsmith.witness.check.inputs import choose_inputs

_SEED = 0
_MOST_EXAMPLES = 4
_MOST_BYTES = 48 << 10
"""Examples after the first are left out beyond these: they stand in the flash of a board."""


@dataclass(frozen=True, kw_only=True)
class ReferenceExamples:
    """Examples of a network, in order: a network with states goes through them one after the other.

    `inputs` and `outputs` have an array for each of the author's, (count, *shape); `kind` says what the inputs are.
    """

    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]
    kind: str

    @property
    def count(self) -> int:
        """How many examples there are."""
        return len(self.inputs[0])


def make_examples(network: QuantizedNetwork, recipe: RecipeInput | None = None) -> ReferenceExamples:
    """The first inputs of the network's calibration, or random ones, through the reference interpreter.

    Of a `recipe` with steps they are random ones of the recipe's input. Raises BadInput for a network without inputs.
    """
    if recipe is not None and recipe.steps:
        return _draw_examples(network, recipe)
    chosen = choose_inputs(network)
    count = min(chosen.count, _count_examples(network))
    first = first_batches(chosen.arrays, network.author_inputs, count)
    inputs = tuple(array.astype(tensor.dtype) for array, tensor in zip(first, network.author_inputs, strict=True))
    outputs = ReferenceTarget().prepare(network).run(*inputs)
    return ReferenceExamples(
        inputs=tuple(_stack(array, tensor.shape) for array, tensor in zip(inputs, network.author_inputs, strict=True)),
        outputs=tuple(
            _stack(array, tensor.shape) for array, tensor in zip(outputs, network.author_outputs, strict=True)
        ),
        kind=chosen.kind,
    )


def _draw_examples(network: QuantizedNetwork, recipe: RecipeInput) -> ReferenceExamples:
    raw = recipe.draw(np.random.default_rng(_SEED), _count_examples(network))
    outputs = ReferenceTarget().prepare(network).run(recipe.finish(raw))
    pairs = zip(outputs, network.author_outputs, strict=True)
    return ReferenceExamples(
        inputs=(_stack(raw, recipe.tensor.shape),),
        outputs=tuple(_stack(array, tensor.shape) for array, tensor in pairs),
        kind="random",
    )


def _stack(array: Array, shape: tuple[int, ...]) -> Array:
    return np.ascontiguousarray(array.reshape(-1, *shape))


def _count_examples(network: QuantizedNetwork) -> int:
    tensors = (*network.author_inputs, *network.author_outputs)
    bytes_each = sum(int(np.prod(tensor.shape)) * tensor.dtype.itemsize for tensor in tensors)
    return max(1, min(_MOST_EXAMPLES, _MOST_BYTES // max(1, bytes_each)))
