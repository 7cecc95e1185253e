"""The row of a kind of kernels, and what its functions are given."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from chipsmith.errors import BadInput
from chipsmith.frontends.forms.values import Const, GraphValue
from chipsmith.kernels.parameters import KernelParameter, KernelSettings
from chipsmith.shown import Shown
from chipsmith.tosa.builder import GraphBuilder

if TYPE_CHECKING:
    import torch

Reals: TypeAlias = npt.NDArray[np.float32]
MOST_ELEMENTS = 1 << 26
"""Of each tensor of a kernel; the largest chips hold a fraction of it."""
Weights: TypeAlias = Mapping[str, Reals]
"""By the names that the kernel's PyTorch module has for them."""


@dataclass(frozen=True, kw_only=True)
class KernelInput(Shown):
    """An input of a kernel, in PyTorch's layout; its values are normal, or `bounded` by -1 and 1 as a state is."""

    name: str
    shape: tuple[int, ...]
    bounded: bool = False


@dataclass(frozen=True, kw_only=True)
class KernelDraft(Shown):
    """A kernel that is being written: its settings, its weights, and its inputs in the graph of `build`."""

    settings: KernelSettings
    weights: Weights
    build: GraphBuilder
    inputs: tuple[GraphValue, ...]

    def weight(self, name: str) -> Const:
        """A weight as an operand."""
        return Const(values=self.weights[name])


@dataclass(frozen=True, kw_only=True)
class KernelKind(Shown):
    """A kind of kernels: `name`, what it computes, its parameters, and four functions of its settings.

    `inputs` says what it takes, `draw` gives its weights, `write` writes it into the draft's graph in float32 and gives
    its outputs, as a front end would, and `module` is the same kernel as PyTorch has it, without the weights: an
    nn.Module whose state has their names. Each raises BadInput for settings that do not fit one another.
    """

    name: str
    summary: str
    parameters: tuple[KernelParameter, ...]
    inputs: Callable[[KernelSettings], tuple[KernelInput, ...]]
    write: Callable[[KernelDraft], Sequence[GraphValue]]
    module: Callable[[KernelSettings], torch.nn.Module]
    draw: Callable[[KernelSettings, np.random.Generator], Weights] = lambda _settings, _random: {}


def read_input(settings: KernelSettings) -> tuple[KernelInput, ...]:
    """The parameter `input`, which is the only input as it stands."""
    return (KernelInput(name="input", shape=settings.sizes("input")),)


def check_size(shape: tuple[int, ...]) -> None:
    """Raise BadInput for a tensor with more elements than a kernel may have."""
    elements = math.prod(shape)
    if elements > MOST_ELEMENTS:
        sizes = "x".join(map(str, shape))
        raise BadInput(
            f"a kernel with a tensor of {sizes} is too large: {elements:,} values, where {MOST_ELEMENTS:,} are the most"
        )


def draw_weight(random: np.random.Generator, shape: tuple[int, ...], *, terms: int) -> Reals:
    """Normal values, so small that a sum of `terms` products with normal values varies by 1. BadInput as check_size."""
    check_size(shape)
    values: Reals = random.normal(size=shape).astype(np.float32)
    return values * np.float32(terms**-0.5)


def draw_bias(random: np.random.Generator, size: int) -> Reals:
    """Small normal values."""
    return (0.1 * random.normal(size=size)).astype(np.float32)
