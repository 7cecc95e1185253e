"""Convolutional classifiers and regressors without residuals."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.learn.networks.base import Dropout, Network, Shape, Size, require_outputs, require_rank

if TYPE_CHECKING:
    from torch import nn

    Layers = list[tuple[str, nn.Module]]


class Cnn(Network):
    """Convolutions with ReLU and a 2 x 2 maximum pooling each, then dense layers.

    Images (channels, height, width) -> (n, outputs). `channels` are those of each convolution; `norm` stands between
    convolution and ReLU, "batch" over a batch, "group" over each example by itself; `dense` are the widths of the
    hidden dense layers, and `dropout` stands before each dense layer. The network of the digits is this family with
    its defaults.
    """

    kind: Literal["cnn"] = "cnn"
    channels: Annotated[tuple[Size, ...], Field(min_length=1, max_length=8)] = (16, 32)
    kernel: Literal[1, 3, 5, 7] = 3
    norm: Literal["none", "batch", "group"] = "none"
    dense: Annotated[tuple[Size, ...], Field(max_length=8)] = (64,)
    dropout: Dropout = 0.2

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build; BadInput for an image that the poolings leave nothing of."""
        from torch import nn

        require_rank(self.kind, input_shape, rank=3, axes="channels, height, width")
        require_outputs(self.kind, outputs)
        least = 2 ** len(self.channels)
        if min(input_shape[1:]) < least:
            raise BadInput(f"network 'cnn' with {len(self.channels)} poolings needs images of {least} pixels or more")
        layers = [("features", self._features(input_shape[0])), ("flatten", nn.Flatten())]
        flat = self.channels[-1] * (input_shape[1] // least) * (input_shape[2] // least)
        return nn.Sequential(OrderedDict([*layers, *self._head(flat, outputs)]))

    def _features(self, inputs: int) -> nn.Module:
        from torch import nn

        from chipsmith.learn.networks.modules.normalise import build_norm

        layers: Layers = []
        for number, (before, after) in enumerate(zip((inputs, *self.channels), self.channels, strict=False), start=1):
            layers += [(f"conv{number}", nn.Conv2d(before, after, kernel_size=self.kernel, padding=self.kernel // 2))]
            layers += [] if self.norm == "none" else [(f"norm{number}", build_norm(self.norm, after))]
            layers += [(f"relu{number}", nn.ReLU()), (f"pool{number}", nn.MaxPool2d(2))]
        return nn.Sequential(OrderedDict(layers))

    def _head(self, flat: int, outputs: int) -> Layers:
        from torch import nn

        layers: Layers = []
        widths = (flat, *self.dense, outputs)
        for number in range(1, len(widths)):
            later = "" if number == 1 else str(number)
            layers += [] if number == 1 else [(f"relu{number - 1}" if number > 2 else "relu", nn.ReLU())]
            layers += [(f"dropout{later}", nn.Dropout(self.dropout))]
            layers += [(f"dense{number}", nn.Linear(widths[number - 1], widths[number]))]
        return layers
