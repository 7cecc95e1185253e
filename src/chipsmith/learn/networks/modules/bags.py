"""The mean of a text's embeddings."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

_DEVIATION = 0.1


class TokenBag(nn.Module):
    """Embedding, mean over the steps times the root of their number, dense layers with ReLU between them.

    The root keeps the spread of the mean that of one embedding, whatever the length.
    """

    def __init__(self, *, vocabulary: int, steps: int, widths: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, widths[0])
        nn.init.normal_(self.embedding.weight, std=_DEVIATION)
        self.scale = steps**0.5
        layers: list[nn.Module] = [nn.Dropout(dropout)]
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout)]
        self.head = nn.Sequential(*layers[:-2])

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Tokens (n, T) -> (n, outputs)."""
        return self.head(self.embedding(tokens).mean(dim=1) * self.scale)
