"""Convolutional and variational autoencoders."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import nn


def _down(inputs: int, channels: tuple[int, ...]) -> nn.Sequential:
    """Each convolution halves the image."""
    layers: list[nn.Module] = []
    for before, after in zip((inputs, *channels), channels, strict=False):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*layers)


def _up(outputs: int, channels: tuple[int, ...]) -> nn.Sequential:
    """Each transposed convolution doubles the image; kernels of 4 cover it evenly at stride 2."""
    widths = (*channels[::-1], outputs)
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def conv_autoencoder(*, inputs: int, channels: tuple[int, ...], sigmoid: bool) -> nn.Module:
    """Images to images of the same shape."""
    return nn.Sequential(_down(inputs, channels), _up(inputs, channels), nn.Sigmoid() if sigmoid else nn.Identity())


class VariationalAutoencoder(nn.Module):
    """Images of 0 to 1 to a normal distribution over codes, and codes back to images."""

    def __init__(
        self, *, image_shape: tuple[int, int, int], channels: tuple[int, ...], hidden: int, latent: int
    ) -> None:
        super().__init__()
        self.latent = latent
        inputs, height, width = image_shape
        inner = (channels[-1], height >> len(channels), width >> len(channels))
        flat = math.prod(inner)
        self.encoder = nn.Sequential(_down(inputs, channels), nn.Flatten(), nn.Linear(flat, hidden), nn.ReLU())
        self.mean = nn.Linear(hidden, latent)
        self.log_variance = nn.Linear(hidden, latent)
        widen = [nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, flat), nn.ReLU(), nn.Unflatten(1, inner)]
        self.decoder = nn.Sequential(*widen, _up(inputs, channels), nn.Sigmoid())

    def encode(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, *image_shape) -> mean and logarithm of the variance, (n, latent) each."""
        hidden = self.encoder(images)
        return self.mean(hidden), self.log_variance(hidden)

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """(n, latent) -> (n, *image_shape), within 0 and 1."""
        return self.decoder(code)

    def forward(self, images: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Images decoded from the mean, or from the mean and `noise` (n, latent) standard deviations."""
        mean, log_variance = self.encode(images)
        return self.decode(mean if noise is None else mean + noise * torch.exp(0.5 * log_variance))
