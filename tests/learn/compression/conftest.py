"""A small network, and its cost at any width from two lowerings."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from chipsmith.chip import load_chip
from chipsmith.learn.compression.channels import channel_groups
from chipsmith.studies.greedy_pruning import price_of


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


@pytest.fixture(scope="session")
def example():
    return torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def residual():
    torch.manual_seed(0)
    return SmallResidual().eval()


@pytest.fixture(scope="session")
def residual_price(example):
    """The groups of the network, and its Price on nano-64."""
    torch.manual_seed(0)
    module = SmallResidual().eval()
    groups = channel_groups(module, example)
    return groups, price_of(module, example, groups, load_chip("nano-64"))
