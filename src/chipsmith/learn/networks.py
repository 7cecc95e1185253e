"""Networks to train: a description as plain data that builds the PyTorch module."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput

if TYPE_CHECKING:
    import torch

_POOLINGS = 2


@dataclass(frozen=True, kw_only=True)
class DigitsCNN:
    """Two 3 x 3 convolutions, each with ReLU and a 2 x 2 maximum pooling, then two dense layers.

    `image_shape` is channels, height, width. The defaults fill a chip's 16 columns without remainder, and their
    106,000 weights fit in 256 KiB. Raises BadInput for sizes below one or an image that pools away.
    """

    image_shape: tuple[int, int, int] = (1, 28, 28)
    classes: int = 10
    channels: tuple[int, int] = (16, 32)
    dense: int = 64
    dropout: float = 0.2

    def __post_init__(self) -> None:
        if min(*self.image_shape, *self.channels, self.classes, self.dense) < 1:
            raise BadInput(f"{self}: every size must be 1 or more")
        if min(self.image_shape[1:]) < 2**_POOLINGS:
            raise BadInput(f"{self}: an image must be at least {2**_POOLINGS} pixels high and wide")
        if not 0 <= self.dropout < 1:
            raise BadInput(f"{self}: dropout must be from 0 to below 1")

    def build(self) -> torch.nn.Module:
        """The module with fresh weights from torch's global generator: (n, *image_shape) -> logits (n, classes)."""
        from torch import nn

        features = self._features()
        layers = (
            ("features", features),
            ("flatten", nn.Flatten()),
            ("dropout", nn.Dropout(self.dropout)),
            ("dense1", nn.Linear(_outputs(features, self.image_shape), self.dense)),
            ("relu", nn.ReLU()),
            ("dropout2", nn.Dropout(self.dropout)),
            ("dense2", nn.Linear(self.dense, self.classes)),
        )
        return nn.Sequential(OrderedDict(layers))

    def _features(self) -> torch.nn.Module:
        from torch import nn

        first, second = self.channels
        layers = (
            ("conv1", nn.Conv2d(self.image_shape[0], first, kernel_size=3, padding=1)),
            ("relu1", nn.ReLU()),
            ("pool1", nn.MaxPool2d(2)),
            ("conv2", nn.Conv2d(first, second, kernel_size=3, padding=1)),
            ("relu2", nn.ReLU()),
            ("pool2", nn.MaxPool2d(2)),
        )
        return nn.Sequential(OrderedDict(layers))


def _outputs(module: torch.nn.Module, image_shape: tuple[int, int, int]) -> int:
    """Number of values that `module` gives for one image, found by running it."""
    import torch

    with torch.no_grad():
        return int(module(torch.zeros(1, *image_shape)).numel())
