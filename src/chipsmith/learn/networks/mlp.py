"""Multilayer perceptrons."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.learn.networks.base import Dropout, Network, Shape, Size, require_outputs

if TYPE_CHECKING:
    from torch import nn


class Mlp(Network):
    """Dense layers with an activation between them: a classifier's logits or a regressor's targets.

    Examples of any shape, flattened -> (n, outputs). `hidden` are the widths of the hidden layers; none leaves
    linear or logistic regression. `dropout` follows each activation.
    """

    kind: Literal["mlp"] = "mlp"
    hidden: Annotated[tuple[Size, ...], Field(max_length=32)] = (64, 64)
    activation: Literal["relu", "gelu", "tanh"] = "relu"
    dropout: Dropout = 0.0

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build."""
        from torch import nn

        require_outputs(self.kind, outputs)
        if not input_shape or min(input_shape) < 1:
            raise BadInput(f"network 'mlp' takes examples of one or more features, not of shape {input_shape}")
        activation = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}[self.activation]
        layers: list[nn.Module] = [nn.Flatten()] if len(input_shape) > 1 else []
        before = math.prod(input_shape)
        for width in self.hidden:
            layers += [nn.Linear(before, width), activation()]
            layers += [nn.Dropout(self.dropout)] if self.dropout else []
            before = width
        return nn.Sequential(*layers, nn.Linear(before, outputs))
