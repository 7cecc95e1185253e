"""Small networks of PyTorch modules with inputs, quantised after training, for what runs networks on this computer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import torch

from chipsmith.frontends.pytorch.network import lower_module
from chipsmith.frontends.quantized_network import QuantizedNetwork


class Recurrent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.cells = torch.nn.LSTM(6, 4, batch_first=True)
        self.head = torch.nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.cells(x)[0][:, -1])


class Bag(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(20, 8)
        self.head = torch.nn.Linear(8, 3)

    def forward(self, words):
        return self.head(self.words(words).mean(1))


def build_convolutions() -> torch.nn.Module:
    """Dense, by channel, of single pixels; with batch normalisation, pooling and a softmax."""
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.BatchNorm2d(8),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(8, 8, 3, padding=1, groups=8),
        torch.nn.SiLU(),
        torch.nn.Conv2d(8, 16, 1),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(16, 10),
        torch.nn.Softmax(-1),
    )


def build_decoder() -> torch.nn.Module:
    """Strided, transposed and resized images."""
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, stride=2, padding=1),
        torch.nn.Hardswish(),
        torch.nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1),
        torch.nn.GELU(),
        torch.nn.Upsample(scale_factor=2, mode="bilinear"),
        torch.nn.Conv2d(4, 2, 3),
    )


def _images(random: np.random.Generator) -> np.ndarray:
    return random.normal(size=(24, 3, 12, 12)).astype(np.float32)


def _series(random: np.random.Generator) -> np.ndarray:
    return random.normal(size=(24, 5, 6)).astype(np.float32)


def _words(random: np.random.Generator) -> np.ndarray:
    return random.integers(0, 20, (24, 6))


_BUILDERS: dict[str, tuple[Callable[[], torch.nn.Module], Callable[[np.random.Generator], np.ndarray]]] = {
    "convolutions": (build_convolutions, _images),
    "decoder": (build_decoder, _images),
    "attention": (lambda: torch.nn.TransformerEncoderLayer(6, 2, 8, batch_first=True), _series),
    "recurrent": (Recurrent, _series),
    "bag": (Bag, _words),
}
NAMES = tuple(_BUILDERS)


@cache
def small_network(name: str) -> tuple[QuantizedNetwork, np.ndarray]:
    """A network and 24 of its inputs, by which its ranges were chosen."""
    build, draw = _BUILDERS[name]
    torch.manual_seed(0)
    module, inputs = build().eval(), draw(np.random.default_rng(0))
    return lower_module(module, (torch.from_numpy(inputs[:1]),), (inputs,), name=name), inputs


def decibels(outputs: np.ndarray, exact: np.ndarray) -> float:
    """Signal to noise; 200 where nothing differs."""
    noise = float(((outputs.astype(np.float64) - exact) ** 2).sum())
    return 200.0 if noise == 0 else 10 * float(np.log10((exact.astype(np.float64) ** 2).sum() / noise))
