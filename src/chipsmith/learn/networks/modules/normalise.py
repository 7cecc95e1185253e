"""Layers that bring a network's inner values to a common scale."""

from __future__ import annotations

import math
from typing import Literal

from torch import nn

Norm = Literal["batch", "group"]
_GROUPS = 8
"""At most: as many groups of channels as divide them evenly."""


def build_norm(norm: Norm, channels: int) -> nn.Module:
    """Of feature maps (n, channels, h, w): over a batch and each channel, or over each example and group of channels.

    Source of the latter: Y. Wu, K. He: Group normalization, ECCV 2018.
    """
    return nn.BatchNorm2d(channels) if norm == "batch" else nn.GroupNorm(math.gcd(_GROUPS, channels), channels)
