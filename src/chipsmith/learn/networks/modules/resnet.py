"""Residual networks of basic blocks."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import nn

from chipsmith.learn.networks.modules.normalise import Norm, build_norm


def _convolution(inputs: int, outputs: int, *, kernel: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False)


class PaddedShortcut(nn.Module):
    """Option A of the paper: every second pixel, and zeros for the new channels, half before and half behind."""

    def __init__(self, *, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        before = (outputs - inputs) // 2
        self.padding = (0, 0, 0, 0, before, outputs - inputs - before)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, inputs, h, w) -> (n, outputs, h / stride, w / stride)."""
        # A pooling of one pixel, and not a slice with a step: poolings keep TOSA's layout, NHWC, and slices do not.
        return functional.pad(functional.max_pool2d(images, 1, self.stride), self.padding)


class BasicBlock(nn.Module):
    """Two convolutions, each normalised, around which the input goes past."""

    def __init__(
        self, *, inputs: int, outputs: int, stride: int, padded_shortcut: bool, norm: Norm, kernel: int
    ) -> None:
        super().__init__()
        self.conv1 = _convolution(inputs, outputs, kernel=kernel, stride=stride)
        self.bn1 = build_norm(norm, outputs)
        self.conv2 = _convolution(outputs, outputs, kernel=kernel, stride=1)
        self.bn2 = build_norm(norm, outputs)
        self.shortcut = _shortcut(inputs, outputs, stride, padded=padded_shortcut, norm=norm)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, inputs, h, w) -> (n, outputs, h / stride, w / stride)."""
        hidden = functional.relu(self.bn1(self.conv1(images)))
        return functional.relu(self.bn2(self.conv2(hidden)) + self.shortcut(images))


def _shortcut(inputs: int, outputs: int, stride: int, *, padded: bool, norm: Norm) -> nn.Module:
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    if padded:
        return PaddedShortcut(inputs=inputs, outputs=outputs, stride=stride)
    return nn.Sequential(_convolution(inputs, outputs, kernel=1, stride=stride), build_norm(norm, outputs))


class ResidualNetwork(nn.Module):
    """Stem, stages of basic blocks, mean over the image, one dense layer."""

    def __init__(
        self,
        *,
        inputs: int,
        outputs: int,
        blocks: tuple[int, ...],
        widths: tuple[int, ...],
        imagenet_stem: bool,
        padded_shortcut: bool,
        norm: Norm,
        kernel: int,
    ) -> None:
        super().__init__()
        stem_kernel, stride = (7, 2) if imagenet_stem else (3, 1)
        self.conv1 = _convolution(inputs, widths[0], kernel=stem_kernel, stride=stride)
        self.bn1 = build_norm(norm, widths[0])
        self.pool = nn.MaxPool2d(3, stride=2, padding=1) if imagenet_stem else nn.Identity()
        self.stages = len(blocks)
        for number, (count, before, width) in enumerate(zip(blocks, (widths[0], *widths), widths, strict=False), 1):
            strides = [1 if number == 1 else 2, *[1] * (count - 1)]
            stage = _stage(before, width, strides, padded_shortcut=padded_shortcut, norm=norm, kernel=kernel)
            self.add_module(f"layer{number}", stage)
        self.linear = nn.Linear(widths[-1], outputs)
        self.apply(_initialise)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, inputs, h, w) -> logits (n, outputs)."""
        hidden = self.pool(functional.relu(self.bn1(self.conv1(images))))
        for number in range(1, self.stages + 1):
            hidden = self.get_submodule(f"layer{number}")(hidden)
        return self.linear(functional.adaptive_avg_pool2d(hidden, 1).flatten(1))


def _stage(before: int, width: int, strides: list[int], *, padded_shortcut: bool, norm: Norm, kernel: int) -> nn.Module:
    channels = [before, *[width] * len(strides)]
    return nn.Sequential(
        *(
            BasicBlock(
                inputs=inputs,
                outputs=width,
                stride=stride,
                padded_shortcut=padded_shortcut,
                norm=norm,
                kernel=kernel,
            )
            for inputs, stride in zip(channels, strides, strict=False)
        )
    )


def _initialise(module: nn.Module) -> None:
    """Kaiming's initialisation, as the paper takes it."""
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.kaiming_normal_(module.weight)
