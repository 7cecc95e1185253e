"""LSTM and GRU networks."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn


class RecurrentNetwork(nn.Module):
    """Recurrent layers and a dense layer on the last state of each direction."""

    def __init__(
        self,
        *,
        cell: Literal["lstm", "gru"],
        features: int,
        vocabulary: int | None,
        hidden: int,
        layers: int,
        bidirectional: bool,
        dropout: float,
        outputs: int,
    ) -> None:
        super().__init__()
        self.hidden = hidden
        self.bidirectional = bidirectional
        self.embedding = nn.Identity() if vocabulary is None else nn.Embedding(vocabulary, hidden)
        self.cell = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](
            features if vocabulary is None else hidden,
            hidden,
            num_layers=layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden * (2 if bidirectional else 1), outputs)

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        """(n, T, features) or tokens (n, T) -> (n, outputs)."""
        states, _ = self.cell(self.embedding(steps))
        last = states[:, -1, : self.hidden]
        if self.bidirectional:  # the backward direction ends at the first step
            last = torch.cat((last, states[:, 0, self.hidden :]), dim=1)
        return self.head(self.dropout(last))
