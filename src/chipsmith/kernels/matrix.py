"""Products of matrices: by constant weights, of two inputs, and the two that attention is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from chipsmith.frontends.forms.elementwise import multiply_number
from chipsmith.frontends.forms.matrix import apply_linear, multiply_matrices
from chipsmith.frontends.forms.normalise import softmax
from chipsmith.frontends.forms.values import GraphValue, permute
from chipsmith.kernels.kind import KernelDraft, KernelInput, KernelKind, Weights, draw_bias, draw_weight, read_input
from chipsmith.kernels.parameters import CountParameter, KernelSettings, ShapeParameter

if TYPE_CHECKING:
    import torch

_COLUMNS = CountParameter(name="columns", help="columns of the result", default=64)


# --- by constant weights ----------------------------------------------------------------------------------------------


def _draw_dense(settings: KernelSettings, random: np.random.Generator) -> Weights:
    inner, columns = settings.sizes("input")[-1], settings.count("columns")
    return {"weight": draw_weight(random, (columns, inner), terms=inner), "bias": draw_bias(random, columns)}


def _write_dense(draft: KernelDraft) -> Sequence[GraphValue]:
    return [apply_linear(draft.build, draft.inputs[0], draft.weights["weight"], draft.weights["bias"])]


def _make_dense(settings: KernelSettings) -> torch.nn.Module:
    import torch

    return torch.nn.Linear(settings.sizes("input")[-1], settings.count("columns"))


DENSE = KernelKind(
    name="dense",
    summary="rows times constant weights, with a bias",
    parameters=(ShapeParameter(name="input", axes=("rows", "inner"), default=(1, 256)), _COLUMNS),
    inputs=read_input,
    draw=_draw_dense,
    write=_write_dense,
    module=_make_dense,
)


# --- of two inputs ----------------------------------------------------------------------------------------------------


def _read_factors(settings: KernelSettings) -> tuple[KernelInput, ...]:
    batch, rows, inner = settings.sizes("input")
    return (
        KernelInput(name="left", shape=(batch, rows, inner)),
        KernelInput(name="right", shape=(batch, inner, settings.count("columns"))),
    )


def _write_product(draft: KernelDraft) -> Sequence[GraphValue]:
    return [multiply_matrices(draft.build, *draft.inputs)]


def _make_product(_settings: KernelSettings) -> torch.nn.Module:
    import torch

    class Product(torch.nn.Module):  # type: ignore[misc]  # PyTorch's classes have no types here
        """The product of two stacks of matrices."""

        def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
            return torch.matmul(left, right)

    return Product()


MATMUL = KernelKind(
    name="matmul",
    summary="the product of two inputs, a pair of matrices each batch",
    parameters=(ShapeParameter(name="input", axes=("batch", "rows", "inner"), default=(1, 64, 64)), _COLUMNS),
    inputs=_read_factors,
    write=_write_product,
    module=_make_product,
)


# --- attention --------------------------------------------------------------------------------------------------------


def _read_sequences(settings: KernelSettings) -> tuple[KernelInput, ...]:
    batch, steps, features = settings.sizes("input")
    heads, keys = settings.count("heads"), settings.count("keys")
    if features % heads:
        raise settings.refuse(f"{heads} heads do not divide {features} features evenly")
    width = features // heads
    return (
        KernelInput(name="query", shape=(batch, heads, steps, width)),
        KernelInput(name="key", shape=(batch, heads, keys, width)),
        KernelInput(name="value", shape=(batch, heads, keys, width)),
    )


def _write_attention(draft: KernelDraft) -> Sequence[GraphValue]:
    query, key, value = draft.inputs
    build = draft.build
    scores = multiply_matrices(build, query, permute(key, (0, 1, 3, 2)))
    scaled = multiply_number(build, scores, query.shape[-1] ** -0.5)
    return [multiply_matrices(build, softmax(build, scaled, 3), value)]


def _make_attention(_settings: KernelSettings) -> torch.nn.Module:
    import torch

    class Attention(torch.nn.Module):  # type: ignore[misc]  # PyTorch's classes have no types here
        """softmax(query times key / sqrt(width)) times value, for each head."""

        def forward(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.scaled_dot_product_attention(query, key, value)

    return Attention()


ATTENTION = KernelKind(
    name="attention",
    summary="softmax(query times key / sqrt(width)) times value, for each head, of three inputs",
    parameters=(
        ShapeParameter(name="input", axes=("batch", "steps", "features"), default=(1, 64, 64)),
        CountParameter(name="heads", help="parts that the features are divided into", default=4),
        CountParameter(name="keys", help="steps of keys and values", default=64),
    ),
    inputs=_read_sequences,
    write=_write_attention,
    module=_make_attention,
)
KINDS = (DENSE, MATMUL, ATTENTION)
