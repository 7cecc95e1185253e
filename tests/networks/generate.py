"""Makes the .tosa files of this folder: python tests/networks/generate.py [NAME ...]; about two minutes for all.

Random weights from a fixed seed, quantised by PT2E on normally distributed inputs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from chipsmith.frontends.pytorch import lower_module
from chipsmith.tosa.file import write_tosa

CALIBRATION_ROWS = 32


class DigitsCnn(nn.Module):
    """Two convolutions, two poolings and two dense layers on an image of 28 x 28."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        )  # fmt: skip
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(16 * 7 * 7, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, image):
        return self.classifier(self.features(image))


class EncoderLayer(nn.Module):
    """Self-attention with 2 heads and a feed-forward part of 64, both with residuals and LayerNorm."""

    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(32, 2, 64, dropout=0.0, batch_first=True, activation="gelu")

    def forward(self, tokens):
        return self.layer(tokens)


class Recurrent(nn.Module):
    """Eight steps of a recurrent cell and a dense layer on its last state."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell(8, 16, batch_first=True)
        self.head = nn.Linear(16, 4)

    def forward(self, steps):
        return self.head(self.cell(steps)[0][:, -1])


NETWORKS = {
    "digits_cnn": (DigitsCnn, (1, 28, 28)),
    "encoder_layer": (EncoderLayer, (16, 32)),
    "gru": (lambda: Recurrent(nn.GRU), (8, 8)),
    "lstm": (lambda: Recurrent(nn.LSTM), (8, 8)),
}


def generate(name: str) -> None:
    torch.manual_seed(0)
    build, shape = NETWORKS[name]
    calibration = np.random.default_rng(0).standard_normal((CALIBRATION_ROWS, *shape), dtype=np.float32)
    network = lower_module(build(), (torch.zeros(1, *shape),), (calibration,), name=name)
    write_tosa(network.graph, Path(__file__).with_name(f"{name}.tosa"))


if __name__ == "__main__":
    for chosen in sys.argv[1:] or NETWORKS:
        generate(chosen)
