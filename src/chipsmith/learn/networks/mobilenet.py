"""MobileNets: convolutions split into a depthwise and a 1 x 1 part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from chipsmith.learn.networks.base import Dropout, Network, Shape, Size, require_outputs, require_rank
from chipsmith.learn.networks.mobilenet_blocks import Bottleneck, Stage, Stem, Stride, scale_channels

if TYPE_CHECKING:
    from torch import nn

Width = Annotated[float, Field(ge=0.05, le=4)]


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

    def _stem(self, inputs: int) -> Stem:
        return Stem(inputs=inputs, outputs=scale_channels(self.stem, self.width), stride=self.stem_stride)


class MobileNetV1(_MobileNet):
    """Depthwise separable convolutions (Howard et al. 2017, https://arxiv.org/abs/1704.04861).

    `width` multiplies all channels, `stem` are those of the first convolution. A stage's `expansion` has no meaning
    here. `kernel` is that of the depthwise convolutions, 3 in the paper. The defaults are the paper's for 224 x 224
    images; small images take `stem_stride` 1 and fewer stages.
    """

    kind: Literal["mobilenet_v1"] = "mobilenet_v1"
    kernel: Literal[3, 5, 7] = 3
    stages: tuple[Stage, ...] = _stages(
        (1, 64, 1, 1), (1, 128, 1, 2), (1, 128, 1, 1), (1, 256, 1, 2), (1, 256, 1, 1), (1, 512, 1, 2),
        (1, 512, 5, 1), (1, 1024, 1, 2), (1, 1024, 1, 1),
    )  # fmt: skip

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build."""
        from chipsmith.learn.networks.modules.mobilenet import build_mobilenet_v1

        self._check(self.kind, input_shape, outputs)
        return build_mobilenet_v1(
            stem=self._stem(input_shape[0]),
            stages=self.stages,
            width=self.width,
            dropout=self.dropout,
            outputs=outputs,
            kernel=self.kernel,
        )


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
        from chipsmith.learn.networks.modules.mobilenet import build_mobilenet_v2

        self._check(self.kind, input_shape, outputs)
        return build_mobilenet_v2(
            stem=self._stem(input_shape[0]),
            stages=self.stages,
            head=self.head,
            width=self.width,
            dropout=self.dropout,
            outputs=outputs,
        )


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
        from chipsmith.learn.networks.modules.mobilenet import build_mobilenet_v3

        self._check(self.kind, input_shape, outputs)
        return build_mobilenet_v3(
            stem=self._stem(input_shape[0]),
            blocks=self.blocks,
            features=self.features,
            head=self.head,
            width=self.width,
            dropout=self.dropout,
            outputs=outputs,
        )
