"""A PyTorch module run by PyTorch itself: the author's float module, or the int8 one that PT2E made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.errors import BadInput
from chipsmith.frontends.quantized_network import FrameworkModel
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True, eq=False)
class EagerModel:
    """A module in evaluation mode, `batch_size` rows a call; `build`, which may take long, gives it when first used."""

    build: Callable[[], torch.nn.Module] = field(repr=False)
    batch_size: int

    @cached_property
    def module(self) -> torch.nn.Module:
        """The module itself."""
        return self.build()

    @property
    def framework(self) -> str:
        """PyTorch and its version."""
        return f"PyTorch {version('torch')}"

    def run(self, *inputs: Array) -> tuple[Array, ...]:
        """The outputs, batches along axis 0, for inputs with any number of batches along axis 0; int64 is int32."""
        import torch
        from torch.utils._pytree import tree_leaves

        columns = [to_int32_tensor(array).split(self.batch_size) for array in inputs]
        with torch.inference_mode():
            calls = [tree_leaves(self.module(*batch)) for batch in zip(*columns, strict=True)]
        return tuple(torch.cat(parts).numpy() for parts in zip(*calls, strict=True))


def to_int32_tensor(array: Array) -> torch.Tensor:
    """The array as a tensor; TOSA has no int64, so that its int64 becomes int32."""
    import torch

    return torch.tensor(array.astype(np.int32) if array.dtype == np.int64 else array)


def eager_module(model: FrameworkModel | None) -> torch.nn.Module:
    """The module that an EagerModel runs; raises BadInput for a model of another framework, or none."""
    if not isinstance(model, EagerModel):
        raise BadInput("the network is no PyTorch module: give package.module:function")
    return model.module
