"""What every family of networks is: plain data with a `kind`, which builds a PyTorch module."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from chipsmith.errors import BadInput
from chipsmith.shown import Shown
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch

Shape = tuple[int, ...]
Size = Annotated[int, Field(ge=1, le=1 << 20)]
Dropout = Annotated[float, Field(ge=0, lt=1)]


class Network(Shown, BaseModel, ABC):
    """A family of networks with its hyper-parameters; `kind` names it in a recipe.

    Equal settings, input shape, outputs and state of torch's global generator give the same weights.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def build(self, *, input_shape: Shape, outputs: int) -> torch.nn.Module:
        """The module with fresh weights, for examples of `input_shape` (without the batch).

        `outputs` counts classes, regression targets or tokens; families that give their input back ignore it.
        Raises BadInput where the family cannot take that shape.
        """

    def refusal(self, *, input_shape: Shape, outputs: int) -> str:
        """Why the family cannot take that shape; empty where it can, as far as that is known without any memory."""
        import torch

        if not self.has_known_layers():
            return ""
        try:
            with torch.device("meta"):
                self.build(input_shape=input_shape, outputs=outputs)
        except BadInput as error:
            return str(error)
        return ""

    def takes_tokens(self) -> bool:
        """Whether the examples are int32 tokens (T,) and not float32 features."""
        return False

    def has_known_layers(self) -> bool:
        """Whether the module is of PyTorch's own layers, whose sizes are known before they have any memory."""
        return True

    def module_inputs(self, examples: Array, *, seed: int) -> tuple[Array, ...]:
        """The arguments of `forward` for a batch of examples; `seed` is for those that are drawn at random."""
        del seed
        return (examples,)

    def example_inputs(self, *, input_shape: Shape) -> tuple[torch.Tensor, ...]:
        """Arguments of `forward` with batch 1, to export or lower the module with."""
        import torch

        zeros = np.zeros((1, *input_shape), np.int32 if self.takes_tokens() else np.float32)
        return tuple(torch.from_numpy(array) for array in self.module_inputs(zeros, seed=0))


def require_rank(family: str, input_shape: Shape, *, rank: int, axes: str) -> None:
    """Raises BadInput where the examples of `family` have other than `rank` axes, or an empty one."""
    if len(input_shape) != rank or min(input_shape) < 1:
        raise BadInput(f"network '{family}' takes examples of shape ({axes}), not {tuple(input_shape)}")


def require_features(family: str, input_shape: Shape) -> None:
    """Raises BadInput where the examples of `family` are no features."""
    if len(input_shape) != 1 or min(input_shape) < 1:
        raise BadInput(
            f"network '{family}' takes examples of features, not of shape {tuple(input_shape)}: "
            "reduce them to some with principal_components=8"
        )


def require_outputs(family: str, outputs: int) -> None:
    """Raises BadInput for a network without outputs."""
    if outputs < 1:
        raise BadInput(f"network '{family}' needs 1 or more outputs, not {outputs}")
