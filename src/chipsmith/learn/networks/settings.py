"""The families as one type, for recipes: `kind` chooses among them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chipsmith.learn.networks.autoencoders import ConvAutoencoder, DenseAutoencoder, Vae
from chipsmith.learn.networks.bags import BagOfTokens
from chipsmith.learn.networks.cnn import Cnn
from chipsmith.learn.networks.function import Function
from chipsmith.learn.networks.gabor import Gabor
from chipsmith.learn.networks.machines import RbfKernel
from chipsmith.learn.networks.mlp import Mlp
from chipsmith.learn.networks.mobilenet import MobileNetV1, MobileNetV2, MobileNetV3
from chipsmith.learn.networks.quantum import QuantumClassifier, QuantumKernel
from chipsmith.learn.networks.recurrent import Gru, Lstm
from chipsmith.learn.networks.resnet import ResNet
from chipsmith.learn.networks.transformers import CausalTransformer, Transformer, VisionTransformer

NetworkSettings = Annotated[
    Mlp
    | Cnn
    | Gabor
    | ResNet
    | MobileNetV1
    | MobileNetV2
    | MobileNetV3
    | DenseAutoencoder
    | ConvAutoencoder
    | Vae
    | BagOfTokens
    | Lstm
    | Gru
    | Transformer
    | CausalTransformer
    | VisionTransformer
    | RbfKernel
    | QuantumClassifier
    | QuantumKernel
    | Function,
    Field(discriminator="kind"),
]
"""One of the families; a field of this type in a pydantic model reads and writes it by its `kind`."""
