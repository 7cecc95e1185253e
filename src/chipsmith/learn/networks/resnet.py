"""Residual networks: the small ones for 32 x 32 images and those of ImageNet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from chipsmith.learn.networks.base import Network, Shape, Size, require_outputs, require_rank

if TYPE_CHECKING:
    from torch import nn


class ResNet(Network):
    """Residual network of basic blocks (He et al. 2015, https://arxiv.org/abs/1512.03385).

    Images (channels, height, width) -> logits (n, outputs). `blocks` counts the blocks of each stage and `widths`
    are their channels; each stage but the first halves the image. `stem` "cifar" is one 3 x 3 convolution, "imagenet"
    a 7 x 7 convolution and a pooling that quarter the image. `shortcut` "pad" is the paper's option A (every second
    pixel, new channels zero), "projection" its option B (1 x 1 convolution). `norm` "group"
    normalises each example by itself, where the paper does a batch. `kernel` is that of the blocks' convolutions, 3 in
    the paper. ResNet-20 has blocks (3, 3, 3); see
    `ResNet.imagenet18` for ResNet-18.
    """

    kind: Literal["resnet"] = "resnet"
    stem: Literal["cifar", "imagenet"] = "cifar"
    shortcut: Literal["pad", "projection"] = "pad"
    blocks: Annotated[tuple[Size, ...], Field(min_length=1, max_length=8)] = (3, 3, 3)
    widths: Annotated[tuple[Size, ...], Field(min_length=1, max_length=8)] = (16, 32, 64)
    norm: Literal["batch", "group"] = "batch"
    kernel: Literal[3, 5] = 3

    @model_validator(mode="after")
    def _matching(self) -> Self:
        if len(self.blocks) != len(self.widths):
            raise ValueError(f"blocks {self.blocks} and widths {self.widths} must name the same stages")
        if self.shortcut == "pad" and list(self.widths) != sorted(self.widths):
            raise ValueError(f"with shortcut 'pad' widths must not shrink, and are {self.widths}; take 'projection'")
        return self

    @classmethod
    def imagenet18(cls) -> ResNet:
        """ResNet-18 as the paper has it for 224 x 224 images."""
        return cls(stem="imagenet", shortcut="projection", blocks=(2, 2, 2, 2), widths=(64, 128, 256, 512))

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build."""
        from chipsmith.learn.networks.modules.resnet import ResidualNetwork

        require_rank(self.kind, input_shape, rank=3, axes="channels, height, width")
        require_outputs(self.kind, outputs)
        return ResidualNetwork(
            inputs=input_shape[0],
            outputs=outputs,
            blocks=self.blocks,
            widths=self.widths,
            imagenet_stem=self.stem == "imagenet",
            padded_shortcut=self.shortcut == "pad",
            norm=self.norm,
            kernel=self.kernel,
        )
