"""Names of operators are those of the author's modules and nodes, never the quantiser's or the lowering's."""

from __future__ import annotations

import torch
from torch import nn

from chipsmith.frontends.pytorch.operator_names import keep_authors_names


class NormedSoftmax(nn.Module):
    """A layer normalisation in a block, and a softmax of the network's own forward."""

    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.LayerNorm(4))

    def forward(self, x):
        return torch.softmax(self.block(x), -1)


def test_names_that_the_quantiser_made_up_are_left_out():
    program = torch.export.export(NormedSoftmax(), (torch.zeros(1, 4),))
    names = {"a": "block.0", "b": "mean_dim", "c": "softmax", "d": "block", "e": "mean_dim_1"}
    assert keep_authors_names(names, program) == {"a": "block.0", "c": "softmax", "d": "block"}
