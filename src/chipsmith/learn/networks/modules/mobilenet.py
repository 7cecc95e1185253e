"""MobileNets of versions 1, 2 and 3."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import nn

from chipsmith.learn.networks.mobilenet_blocks import Bottleneck, Stage, Stem, scale_channels


def _normalised(
    inputs: int, outputs: int, activation: nn.Module, *, kernel: int = 1, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Convolution, batch normalisation, activation."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), activation)


class Separable(nn.Sequential):
    """Version 1's block: depthwise, then 1 x 1."""

    def __init__(self, *, inputs: int, outputs: int, stride: int, kernel: int) -> None:
        depthwise = _normalised(inputs, inputs, nn.ReLU(), kernel=kernel, stride=stride, groups=inputs)
        super().__init__(depthwise, _normalised(inputs, outputs, nn.ReLU()))


class InvertedResidual(nn.Module):
    """Versions 2 and 3: 1 x 1 to `expanded` channels, depthwise, 1 x 1 back; the input goes past where shapes agree."""

    def __init__(
        self,
        *,
        inputs: int,
        expanded: int,
        outputs: int,
        kernel: int,
        stride: int,
        activation: type[nn.Module],
        squeeze_excite: bool,
    ) -> None:
        super().__init__()
        widen = [_normalised(inputs, expanded, activation())] if expanded != inputs else []
        depthwise = _normalised(expanded, expanded, activation(), kernel=kernel, stride=stride, groups=expanded)
        weigh = [SqueezeExcite(expanded)] if squeeze_excite else []
        self.body = nn.Sequential(*widen, depthwise, *weigh, _normalised(expanded, outputs, nn.Identity()))
        self.goes_past = stride == 1 and inputs == outputs

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, inputs, h, w) -> (n, outputs, h / stride, w / stride)."""
        return images + self.body(images) if self.goes_past else self.body(images)


class SqueezeExcite(nn.Module):
    """Weighs each channel by a function of the means of all channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        squeezed = scale_channels(channels, 0.25)
        self.reduce = nn.Conv2d(channels, squeezed, 1)
        self.expand = nn.Conv2d(squeezed, channels, 1)
        self.gate = nn.Hardsigmoid()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, channels, h, w) -> the same shape."""
        means = functional.adaptive_avg_pool2d(images, 1)
        return images * self.gate(self.expand(functional.relu(self.reduce(means))))


def build_mobilenet_v1(
    *, stem: Stem, stages: tuple[Stage, ...], width: float, dropout: float, outputs: int, kernel: int
) -> nn.Module:
    """Version 1: the stem, its stages with their channels times `width`, dropout, `outputs` logits."""
    before, layers = stem.outputs, [_first(stem, nn.ReLU())]
    for stage in stages:
        for stride in (stage.stride, *[1] * (stage.repeats - 1)):
            after = scale_channels(stage.channels, width)
            layers.append(Separable(inputs=before, outputs=after, stride=stride, kernel=kernel))
            before = after
    return _classifier(layers, [nn.Dropout(dropout), nn.Linear(before, outputs)])


def build_mobilenet_v2(
    *, stem: Stem, stages: tuple[Stage, ...], head: int, width: float, dropout: float, outputs: int
) -> nn.Module:
    """Version 2: as version 1, of inverted residuals, with `head` channels before the mean."""
    before, layers = stem.outputs, [_first(stem, nn.ReLU6())]
    for stage in stages:
        for stride in (stage.stride, *[1] * (stage.repeats - 1)):
            after = scale_channels(stage.channels, width)
            layers.append(
                InvertedResidual(
                    inputs=before,
                    expanded=before * stage.expansion,
                    outputs=after,
                    kernel=3,
                    stride=stride,
                    activation=nn.ReLU6,
                    squeeze_excite=False,
                )
            )
            before = after
    last = scale_channels(head, max(1.0, width))
    layers.append(_normalised(before, last, nn.ReLU6()))
    return _classifier(layers, [nn.Dropout(dropout), nn.Linear(last, outputs)])


def build_mobilenet_v3(
    *,
    stem: Stem,
    blocks: tuple[Bottleneck, ...],
    features: int,
    head: int,
    width: float,
    dropout: float,
    outputs: int,
) -> nn.Module:
    """Version 3: `features` channels after the last 1 x 1 convolution, a dense layer of `head` behind the mean."""
    before, layers = stem.outputs, [_first(stem, nn.Hardswish())]
    for block in blocks:
        layers.append(_version_3_block(block, before, width))
        before = scale_channels(block.channels, width)
    last = scale_channels(features, width)
    layers.append(_normalised(before, last, nn.Hardswish()))
    dense = [nn.Linear(last, head), nn.Hardswish()]
    return _classifier(layers, [*dense, nn.Dropout(dropout), nn.Linear(head, outputs)])


def _first(stem: Stem, activation: nn.Module) -> nn.Module:
    return _normalised(stem.inputs, stem.outputs, activation, kernel=3, stride=stem.stride)


def _version_3_block(block: Bottleneck, inputs: int, width: float) -> nn.Module:
    return InvertedResidual(
        inputs=inputs,
        expanded=scale_channels(block.expanded, width),
        outputs=scale_channels(block.channels, width),
        kernel=block.kernel,
        stride=block.stride,
        activation=nn.Hardswish if block.hard_swish else nn.ReLU,
        squeeze_excite=block.squeeze_excite,
    )


def _classifier(features: list[nn.Module], head: list[nn.Module]) -> nn.Module:
    """Features, mean over the image, dense layers."""
    return nn.Sequential(nn.Sequential(*features), nn.AdaptiveAvgPool2d(1), nn.Flatten(), *head)
