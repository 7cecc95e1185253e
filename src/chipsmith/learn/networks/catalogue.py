"""A small network of each family, for examples, tests and the pages: seconds to lower, small enough for any chip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from chipsmith.learn.networks.autoencoders import ConvAutoencoder, DenseAutoencoder, Vae
from chipsmith.learn.networks.bags import BagOfTokens
from chipsmith.learn.networks.base import Network, Shape
from chipsmith.learn.networks.cnn import Cnn
from chipsmith.learn.networks.mlp import Mlp
from chipsmith.learn.networks.mobilenet import MobileNetV1, MobileNetV2, MobileNetV3
from chipsmith.learn.networks.mobilenet_blocks import Bottleneck, Stage
from chipsmith.learn.networks.recurrent import Gru, Lstm
from chipsmith.learn.networks.resnet import ResNet
from chipsmith.learn.networks.transformers import CausalTransformer, Transformer, VisionTransformer
from chipsmith.tosa.graph import Array


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A network, the shape of its examples (without the batch) and the number of its outputs.

    `vocabulary` is the number of tokens where the examples are tokens.
    """

    network: Network
    input_shape: Shape
    outputs: int
    vocabulary: int | None = None

    def random_examples(self, *, count: int, seed: int) -> Array:
        """Tokens (count, T) int32, or features (count, *input_shape) float32 from the standard normal distribution."""
        drawn, shape = np.random.default_rng(seed), (count, *self.input_shape)
        if self.vocabulary is not None:
            return drawn.integers(self.vocabulary, size=shape, dtype=np.int32)
        return drawn.standard_normal(shape, dtype=np.float32)


def _entry(network: Network, input_shape: Shape, outputs: int, vocabulary: int | None = None) -> Entry:
    return Entry(network=network, input_shape=input_shape, outputs=outputs, vocabulary=vocabulary)


CATALOGUE: Mapping[str, Entry] = MappingProxyType(
    {
        "mlp_classifier": _entry(Mlp(hidden=(32, 16)), (16,), 10),
        "mlp_regressor": _entry(Mlp(hidden=(32,), activation="gelu"), (10,), 1),
        "cnn": _entry(Cnn(channels=(8, 16), norm="batch", dense=(32,)), (3, 16, 16), 10),
        "resnet_cifar": _entry(ResNet(blocks=(1, 1, 1), widths=(8, 16, 32)), (3, 16, 16), 10),
        "resnet_imagenet": _entry(
            ResNet(stem="imagenet", shortcut="projection", blocks=(1, 1), widths=(16, 32)), (3, 32, 32), 10
        ),
        "mobilenet_v1": _entry(
            MobileNetV1(
                stem=8,
                stem_stride=1,
                stages=(Stage(channels=16), Stage(channels=32, stride=2), Stage(channels=64, stride=2)),
            ),
            (3, 16, 16),
            10,
        ),
        "mobilenet_v2": _entry(
            MobileNetV2(
                stem=8,
                stem_stride=1,
                head=64,
                stages=(
                    Stage(channels=8, expansion=1),
                    Stage(channels=16, repeats=2, stride=2, expansion=4),
                    Stage(channels=24, repeats=2, stride=2, expansion=4),
                ),
            ),
            (3, 16, 16),
            10,
        ),
        "mobilenet_v3": _entry(
            MobileNetV3(
                stem=8,
                stem_stride=1,
                features=64,
                head=64,
                blocks=(
                    Bottleneck(expanded=16, channels=8, squeeze_excite=True, hard_swish=False),
                    Bottleneck(kernel=5, expanded=32, channels=16, squeeze_excite=True, stride=2),
                    Bottleneck(kernel=5, expanded=48, channels=16, squeeze_excite=True),
                ),
            ),
            (3, 16, 16),
            10,
        ),
        "conv_autoencoder": _entry(ConvAutoencoder(channels=(8, 16)), (1, 16, 16), 1),
        "dense_autoencoder": _entry(DenseAutoencoder(hidden=(32, 8)), (64,), 1),
        "vae": _entry(Vae(channels=(8, 16), hidden=32, latent=4), (1, 16, 16), 1),
        "lstm_series": _entry(Lstm(hidden=16), (8, 8), 10),
        "lstm_two_directions": _entry(Lstm(hidden=12, bidirectional=True), (8, 8), 10),
        "gru_two_directions": _entry(Gru(hidden=12, bidirectional=True), (8, 8), 10),
        "gru_text": _entry(Gru(hidden=16, vocabulary=17), (8,), 10, vocabulary=17),
        "bag_of_tokens": _entry(BagOfTokens(width=16, hidden=(16,), vocabulary=17), (16,), 10, vocabulary=17),
        "transformer_series": _entry(Transformer(width=32, heads=2, layers=1, feed_forward=64), (8, 8), 10),
        "transformer_text": _entry(
            Transformer(width=32, heads=2, layers=1, feed_forward=64, vocabulary=17), (16,), 10, vocabulary=17
        ),
        "causal_transformer": _entry(
            CausalTransformer(width=32, heads=2, layers=1, feed_forward=64), (15,), 17, vocabulary=17
        ),
        "vit": _entry(VisionTransformer(width=32, heads=2, layers=1, feed_forward=64), (3, 16, 16), 10),
    }
)
"""Networks of the catalogue by name."""
