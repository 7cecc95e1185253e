"""Autoencoders: networks that give their input back through a narrow middle."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.learn.networks.base import Network, Shape, Size, require_rank
from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    from torch import nn

Channels = Annotated[tuple[Size, ...], Field(min_length=1, max_length=6)]


class DenseAutoencoder(Network):
    """Dense layers with ReLU down to a code and, mirrored, back: for anomaly detection on features.

    Examples of any shape -> the same shape, unbounded. `hidden` are the widths down to the code and including it.
    An example's squared error against its input is its anomaly score.
    """

    kind: Literal["dense_autoencoder"] = "dense_autoencoder"
    hidden: Annotated[tuple[Size, ...], Field(min_length=1, max_length=16)] = (64, 8)

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build; `outputs` has no meaning."""
        from torch import nn

        del outputs
        if not input_shape or min(input_shape) < 1:
            raise BadInput(f"network 'dense_autoencoder' takes examples of one or more features, not {input_shape}")
        size = math.prod(input_shape)
        widths = (size, *self.hidden, *self.hidden[-2::-1], size)
        layers: list[nn.Module] = [nn.Flatten()] if len(input_shape) > 1 else []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.ReLU()]
        return nn.Sequential(*layers[:-1], *([nn.Unflatten(1, input_shape)] if len(input_shape) > 1 else []))


class ConvAutoencoder(Network):
    """Strided convolutions down, transposed convolutions back.

    Images (channels, height, width) -> the same shape. Each of `channels` halves the image, whose sides must be
    divisible by 2 that often. `output` "sigmoid" keeps the result within 0 and 1, "linear" leaves it unbounded.
    """

    kind: Literal["conv_autoencoder"] = "conv_autoencoder"
    channels: Channels = (16, 32)
    output: Literal["linear", "sigmoid"] = "linear"

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build; `outputs` has no meaning."""
        from chipsmith.learn.networks.modules.autoencoders import conv_autoencoder

        del outputs
        _require_halvings(self.kind, input_shape, self.channels)
        return conv_autoencoder(inputs=input_shape[0], channels=self.channels, sigmoid=self.output == "sigmoid")


class Vae(Network):
    """Variational autoencoder (Kingma and Welling 2013, https://arxiv.org/abs/1312.6114) for images of 0 to 1.

    The module has `encode(images) -> (mean, log_variance)`, `decode(code) -> images`, `latent` (size of a code) and
    `forward(images, noise=None)`: without noise it decodes the mean, with standard normal `noise` (n, latent) a
    sample of the code. The chip has no random numbers: noise is an input of it. `channels` as in ConvAutoencoder;
    `hidden` is the width of the dense layer between image and code.
    """

    kind: Literal["vae"] = "vae"
    channels: Channels = (16, 32)
    hidden: Size = 64
    latent: Size = 8

    def build(self, *, input_shape: Shape, outputs: int) -> nn.Module:
        """See Network.build; `outputs` has no meaning."""
        from chipsmith.learn.networks.modules.autoencoders import VariationalAutoencoder

        del outputs
        _require_halvings(self.kind, input_shape, self.channels)
        channels, height, width = input_shape
        return VariationalAutoencoder(
            image_shape=(channels, height, width), channels=self.channels, hidden=self.hidden, latent=self.latent
        )

    def module_inputs(self, examples: Array, *, seed: int) -> tuple[Array, ...]:
        """The images, and noise drawn by `seed`."""
        shape = (len(examples), self.latent)
        return (examples, np.random.default_rng(seed).standard_normal(shape, dtype=np.float32))


def _require_halvings(family: str, input_shape: Shape, channels: tuple[int, ...]) -> None:
    require_rank(family, input_shape, rank=3, axes="channels, height, width")
    multiple = 2 ** len(channels)
    if input_shape[1] % multiple or input_shape[2] % multiple:
        raise BadInput(
            f"network '{family}' halves the image {len(channels)} times: sides must be multiples of {multiple}, not "
            f"{input_shape[1]} x {input_shape[2]}"
        )
