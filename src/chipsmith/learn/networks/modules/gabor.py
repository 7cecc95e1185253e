"""Gabor filters as a convolution whose weights stay."""

from __future__ import annotations

import math

import torch
from torch import nn

_WIDTH = 1 / 3
"""Standard deviation of the envelope along the wave, in wavelengths."""
_ASPECT = 0.7
"""The same along the wave over that across it."""


class GaborFilters(nn.Module):
    """Images (n, channels, h, w) to the magnitudes of their filtered channels, at every `stride`-th place."""

    is_fixed = True
    """It learns nothing, and answers alike in training and in evaluation mode."""

    def __init__(
        self, *, channels: int, wavelengths: tuple[float, ...], orientations: int, kernel: int, stride: int
    ) -> None:
        super().__init__()
        angles = [math.pi * number / orientations for number in range(orientations)]
        bank = torch.cat([gabor_pair(wavelength, angle, kernel) for wavelength in wavelengths for angle in angles])
        self.outputs = channels * len(bank)
        self.convolution = nn.Conv2d(
            channels, self.outputs, kernel, stride=stride, padding=kernel // 2, groups=channels, bias=False
        )
        self.convolution.weight = nn.Parameter(bank.repeat(channels, 1, 1, 1), requires_grad=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, channels, h, w) -> (n, outputs, h / stride, w / stride), none below 0."""
        return self.convolution(images).abs()


def gabor_pair(wavelength: float, angle: float, kernel: int) -> torch.Tensor:
    """(2, 1, kernel, kernel): a plane wave under a normal envelope, even and odd, each of mean 0 and 2-norm 1."""
    places = torch.arange(kernel, dtype=torch.float64) - kernel // 2
    down, across = torch.meshgrid(places, places, indexing="ij")
    along = across * math.cos(angle) + down * math.sin(angle)
    beside = down * math.cos(angle) - across * math.sin(angle)
    envelope = torch.exp(-(along**2 + (_ASPECT * beside) ** 2) / (2 * (_WIDTH * wavelength) ** 2))
    phases = 2 * math.pi * along / wavelength + torch.tensor([0.0, math.pi / 2]).double()[:, None, None]
    waves = envelope * phases.cos()
    level = waves - envelope * (waves.sum((1, 2), keepdim=True) / envelope.sum())
    return (level / level.flatten(1).norm(dim=1)[:, None, None]).float()[:, None]
