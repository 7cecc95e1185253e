"""Transformers with LayerNorm before each part."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import nn

_POSITION_DEVIATION = 0.02
_MASKED_SCORE = -32.0
"""Score of a later step: its weight is e^-32 of a score of 0, nothing in float32.

Not minus infinity: mask and scores share one int8 range, in which a lower number costs the scores their resolution.
"""


class Attention(nn.Module):
    """Every step's mixture of all steps, or of those up to itself where `causal`."""

    def __init__(self, *, width: int, heads: int, steps: int, causal: bool) -> None:
        super().__init__()
        self.heads = heads
        self.scale = (width // heads) ** -0.5
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.causal = causal
        self.register_buffer("later", torch.ones(steps, steps, dtype=torch.bool).triu(1), persistent=False)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """(n, T, width) -> the same shape."""
        scores = self._split(self.query(steps)) @ self._split(self.key(steps)).transpose(-1, -2) * self.scale
        if self.causal:
            scores = scores.masked_fill(self.later, _MASKED_SCORE)
        mixed = functional.softmax(scores, dim=-1) @ self._split(self.value(steps))
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _split(self, steps: torch.Tensor) -> torch.Tensor:
        """(n, T, width) -> (n, heads, T, width / heads)."""
        return steps.unflatten(2, (self.heads, -1)).transpose(1, 2)


class Block(nn.Module):
    """Attention and a dense part, both with their input going past."""

    def __init__(self, *, attention: Attention, width: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = attention
        self.norm2 = nn.LayerNorm(width)
        self.dense = nn.Sequential(nn.Linear(width, feed_forward), nn.GELU(), nn.Linear(feed_forward, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """(n, T, width) -> the same shape."""
        steps = steps + self.dropout(self.attention(self.norm1(steps)))
        return steps + self.dropout(self.dense(self.norm2(steps)))


class TransformerEncoder(nn.Module):
    """Learned positions, blocks, a last LayerNorm."""

    def __init__(self, *, blocks: list[Block], steps: int, width: int) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.randn(1, steps, width) * _POSITION_DEVIATION)
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(width)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """(n, T, width) -> the same shape."""
        return self.norm(self.blocks(steps + self.positions))


def build_encoder(
    *, layers: int, width: int, heads: int, feed_forward: int, dropout: float, steps: int, causal: bool
) -> TransformerEncoder:
    """So many blocks for sequences of `steps`, of which each sees all or, where `causal`, those up to itself."""
    blocks = [
        Block(
            attention=Attention(width=width, heads=heads, steps=steps, causal=causal),
            width=width,
            feed_forward=feed_forward,
            dropout=dropout,
        )
        for _ in range(layers)
    ]
    return TransformerEncoder(blocks=blocks, steps=steps, width=width)


class SequenceClassifier(nn.Module):
    """Embedding of features or tokens, encoder, mean over the steps, dense layer."""

    def __init__(
        self, *, features: int, vocabulary: int | None, encoder: TransformerEncoder, width: int, outputs: int
    ) -> None:
        super().__init__()
        self.embedding = nn.Linear(features, width) if vocabulary is None else nn.Embedding(vocabulary, width)
        self.encoder = encoder
        self.head = nn.Linear(width, outputs)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """(n, T, features) or tokens (n, T) -> (n, outputs)."""
        return self.head(self.encoder(self.embedding(steps)).mean(dim=1))


class LanguageModel(nn.Module):
    """Embedding of tokens, causal encoder, logits of the next token at every step."""

    def __init__(self, *, vocabulary: int, encoder: TransformerEncoder, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.encoder = encoder
        self.head = nn.Linear(width, vocabulary)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Tokens (n, T) -> logits (n, T, vocabulary)."""
        return self.head(self.encoder(self.embedding(tokens)))


class PatchClassifier(nn.Module):
    """Patches as steps, encoder, mean over the patches, dense layer."""

    def __init__(self, *, channels: int, patch: int, encoder: TransformerEncoder, width: int, outputs: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(channels, width, patch, stride=patch)
        self.encoder = encoder
        self.head = nn.Linear(width, outputs)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, channels, h, w) -> logits (n, outputs)."""
        steps = self.patches(images).flatten(2).transpose(1, 2)
        return self.head(self.encoder(steps).mean(dim=1))
