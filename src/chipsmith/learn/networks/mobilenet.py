"""MobileNets: convolutions split into a depthwise and a 1 x 1 part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chipsmith.learn.networks.base import Dropout, Network, Shape, Size, require_outputs, require_rank

if TYPE_CHECKING:
    from torch import nn

Stride = Literal[1, 2]
Width = Annotated[float, Field(ge=0.05, le=4)]
_MULTIPLE = 8


class Stage(BaseModel):
    """`repeats` blocks with `channels` outputs; the first has the `stride`. `expansion` widens the inside (v2)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: Size
    repeats: Size = 1
    stride: Stride = 1
    expansion: Annotated[int, Field(ge=1, le=16)] = 6


class Bottleneck(BaseModel):
    """One block of version 3: `expanded` channels inside, of which `squeeze_excite` weighs each as a whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kernel: Literal[3, 5] = 3
    expanded: Size
    channels: Size
    squeeze_excite: bool = False
    hard_swish: bool = True
    stride: Stride = 1


def scaled(channels: int, width: float) -> int:
    """Channels times `width` as a multiple of 8, 8 at least and never less than nine tenths of the product."""
    near = max(_MULTIPLE, int(channels * width + _MULTIPLE / 2) // _MULTIPLE * _MULTIPLE)
    return near + _MULTIPLE if near < 0.9 * channels * width else near


def _stages(*rows: tuple[int, int, int, int]) -> tuple[Stage, ...]:
    return tuple(Stage(expansion=t, channels=c, repeats=n, stride=1 if s == 1 else 2) for t, c, n, s in rows)


def _bottlenecks(*rows: tuple[Literal[3, 5], int, int, bool, bool, Stride]) -> tuple[Bottleneck, ...]:
    return tuple(
        Bottleneck(kernel=kernel, expanded=expanded, channels=channels, squeeze_excite=se, hard_swish=hs, stride=stride)
        for kernel, expanded, channels, se, hs, stride in rows
    )


class _MobileNet(Network):
    """What the three versions share: images (channels, height, width) -> logits (n, outputs)."""

    width: Width = 1.0
    stem: Size = 32
    stem_stride: Stride = 2
    dropout: Dropout = 0.0

    def _check(self, kind: str, input_shape: Shape, outputs: int) -> None:
        require_rank(kind, input_shape, rank=3, axes="channels, height, width")
        require_outputs(kind, outputs)


class MobileNetV1(_MobileNet):
    """Depthwise separable convolutions (Howard et al. 2017, https://arxiv.org/abs/1704.04861).

    `width` multiplies all channels, `stem` are those of the first convolution. A stage's `expansion` has no meaning
    here. The defaults are the paper's for 224 x 224 images; small images take `stem_stride` 1 and fewer stages.
    """

    kind: Literal["mobilenet_v1"] = "mobilenet_v1"
    stages: tuple[Stage, ...] = _stages(
        (1, 64, 1, 1), (1, 128, 1, 2), (1, 128, 1, 1), (1, 256, 1, 2), (1, 256, 1, 1), (1, 512, 1, 2),
        (1, 512, 5, 1), (1, 1024, 1, 2), (1, 1024, 1, 1),
    )  # fmt: skip

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build."""
        from chipsmith.learn.networks.modules.mobilenet import mobilenet_v1

        self._check(self.kind, input_shape, outputs)
        return mobilenet_v1(self, inputs=input_shape[0], outputs=outputs)


class MobileNetV2(_MobileNet):
    """Inverted residuals with linear bottlenecks (Sandler et al. 2018, https://arxiv.org/abs/1801.04381).

    `width` multiplies all channels, `head` are those before the mean (never below their own count, as in the paper).
    The defaults are the paper's for 224 x 224 images.
    """

    kind: Literal["mobilenet_v2"] = "mobilenet_v2"
    dropout: Dropout = 0.2
    head: Size = 1280
    stages: tuple[Stage, ...] = _stages(
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)
    )

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build."""
        from chipsmith.learn.networks.modules.mobilenet import mobilenet_v2

        self._check(self.kind, input_shape, outputs)
        return mobilenet_v2(self, inputs=input_shape[0], outputs=outputs)


class MobileNetV3(_MobileNet):
    """Version 3: hard-swish and squeeze-and-excitation (Howard et al. 2019, https://arxiv.org/abs/1905.02244).

    `features` are the channels after the last 1 x 1 convolution, `head` those of the dense layer behind the mean.
    The defaults are the paper's small network for 224 x 224 images.
    """

    kind: Literal["mobilenet_v3"] = "mobilenet_v3"
    dropout: Dropout = 0.2
    stem: Size = 16
    features: Size = 576
    head: Size = 1024
    blocks: tuple[Bottleneck, ...] = _bottlenecks(
        (3, 16, 16, True, False, 2),
        (3, 72, 24, False, False, 2),
        (3, 88, 24, False, False, 1),
        (5, 96, 40, True, True, 2),
        (5, 240, 40, True, True, 1),
        (5, 240, 40, True, True, 1),
        (5, 120, 48, True, True, 1),
        (5, 144, 48, True, True, 1),
        (5, 288, 96, True, True, 2),
        (5, 576, 96, True, True, 1),
        (5, 576, 96, True, True, 1),
    )

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build."""
        from chipsmith.learn.networks.modules.mobilenet import mobilenet_v3

        self._check(self.kind, input_shape, outputs)
        return mobilenet_v3(self, inputs=input_shape[0], outputs=outputs)
