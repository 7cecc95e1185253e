"""A small network in which channels are tied together."""

from __future__ import annotations

import torch
from torch import nn


class SmallResidual(nn.Module):
    """Convolutions, a normalisation, an addition that ties channels together, a depthwise layer and a dense one."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 16, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        self.inner = nn.Conv2d(16, 24, 3, padding=1)
        self.back = nn.Conv2d(24, 16, 3, padding=1)
        self.depthwise = nn.Conv2d(16, 16, 3, padding=1, groups=16)
        self.dense = nn.Linear(16 * 4 * 4, 5)

    def forward(self, images):
        x = torch.relu(self.norm(self.first(images)))
        x = self.depthwise(x + self.back(torch.relu(self.inner(x))))
        return self.dense(nn.functional.max_pool2d(x, 2).flatten(1))
