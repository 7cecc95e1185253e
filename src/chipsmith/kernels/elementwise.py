"""Kernels element by element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chipsmith.frontends.forms.elementwise import apply_binary
from chipsmith.frontends.forms.functions import gelu
from chipsmith.frontends.forms.values import GraphValue
from chipsmith.kernels.kind import KernelDraft, KernelInput, KernelKind, read_input
from chipsmith.kernels.parameters import KernelSettings, ShapeParameter

if TYPE_CHECKING:
    import torch

_PARAMETERS = (ShapeParameter(name="input", axes=("rows", "features"), default=(64, 128)),)


def _read_pair(settings: KernelSettings) -> tuple[KernelInput, ...]:
    shape = settings.sizes("input")
    return KernelInput(name="left", shape=shape), KernelInput(name="right", shape=shape)


def _write_sum(draft: KernelDraft) -> Sequence[GraphValue]:
    return [apply_binary(draft.build, "ADD", *draft.inputs)]


def _make_sum(_settings: KernelSettings) -> torch.nn.Module:
    import torch

    class Sum(torch.nn.Module):  # type: ignore[misc]  # PyTorch's classes have no types here
        """The sum of two inputs."""

        def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
            return left + right

    return Sum()


def _write_gelu(draft: KernelDraft) -> Sequence[GraphValue]:
    return [gelu(draft.build, draft.inputs[0])]


def _make_gelu(_settings: KernelSettings) -> torch.nn.Module:
    import torch

    return torch.nn.GELU()


ADD = KernelKind(
    name="add",
    summary="the sum of two inputs",
    parameters=_PARAMETERS,
    inputs=_read_pair,
    write=_write_sum,
    module=_make_sum,
)
GELU = KernelKind(
    name="gelu",
    summary="x times the share of a normal distribution below x",
    parameters=_PARAMETERS,
    inputs=read_input,
    write=_write_gelu,
    module=_make_gelu,
)
KINDS = (ADD, GELU)
