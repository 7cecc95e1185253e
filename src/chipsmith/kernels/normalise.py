"""Softmax and layer normalisation along the last axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.frontends.forms.normalise import scale_and_shift, softmax, standardise
from chipsmith.frontends.forms.values import GraphValue
from chipsmith.kernels.kind import KernelDraft, KernelKind, Weights, draw_bias, read_input
from chipsmith.kernels.parameters import KernelSettings, ShapeParameter

if TYPE_CHECKING:
    import torch

_EPSILON = 1e-5


def _write_softmax(draft: KernelDraft) -> Sequence[GraphValue]:
    return [softmax(draft.build, draft.inputs[0], 1)]


def _make_softmax(_settings: KernelSettings) -> torch.nn.Module:
    import torch

    return torch.nn.Softmax(dim=-1)


def _draw_layernorm(settings: KernelSettings, random: np.random.Generator) -> Weights:
    features = settings.sizes("input")[-1]
    return {"weight": 1 + draw_bias(random, features), "bias": draw_bias(random, features)}


def _write_layernorm(draft: KernelDraft) -> Sequence[GraphValue]:
    normal = standardise(draft.build, draft.inputs[0], (1,), epsilon=_EPSILON)
    return [scale_and_shift(draft.build, normal, draft.weight("weight"), draft.weight("bias"))]


def _make_layernorm(settings: KernelSettings) -> torch.nn.Module:
    import torch

    return torch.nn.LayerNorm(settings.sizes("input")[-1], eps=_EPSILON)


SOFTMAX = KernelKind(
    name="softmax",
    summary="exponentials that sum to 1 along each row",
    parameters=(ShapeParameter(name="input", axes=("rows", "features"), default=(64, 64)),),
    inputs=read_input,
    write=_write_softmax,
    module=_make_softmax,
)
LAYERNORM = KernelKind(
    name="layernorm",
    summary="rows with mean 0 and variance 1, with a gain and a bias for each feature",
    parameters=(ShapeParameter(name="input", axes=("rows", "features"), default=(64, 128)),),
    inputs=read_input,
    draw=_draw_layernorm,
    write=_write_layernorm,
    module=_make_layernorm,
)
KINDS = (SOFTMAX, LAYERNORM)
