"""The digits' network: the convolutional family in the size that `chipsmith run digits` trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput
from chipsmith.learn.networks.cnn import Cnn

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
        family = Cnn(channels=self.channels, dense=(self.dense,), dropout=self.dropout)
        return family.build(input_shape=self.image_shape, outputs=self.classes)
