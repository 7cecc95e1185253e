"""Families of networks: plain data that builds PyTorch modules, each of which lowers whole to a chip."""

from chipsmith.learn.networks.autoencoders import ConvAutoencoder, DenseAutoencoder, Vae
from chipsmith.learn.networks.bags import BagOfTokens
from chipsmith.learn.networks.base import Network
from chipsmith.learn.networks.cnn import Cnn
from chipsmith.learn.networks.function import Function
from chipsmith.learn.networks.gabor import Gabor
from chipsmith.learn.networks.machines import KernelFamily, RbfKernel
from chipsmith.learn.networks.mlp import Mlp
from chipsmith.learn.networks.mobilenet import MobileNetV1, MobileNetV2, MobileNetV3
from chipsmith.learn.networks.mobilenet_blocks import Bottleneck, Stage
from chipsmith.learn.networks.quantum import QuantumClassifier, QuantumKernel, QuantumNetwork
from chipsmith.learn.networks.recurrent import Gru, Lstm
from chipsmith.learn.networks.resnet import ResNet
from chipsmith.learn.networks.settings import NetworkSettings
from chipsmith.learn.networks.transformers import CausalTransformer, Transformer, VisionTransformer

__all__ = [
    "BagOfTokens",
    "Bottleneck",
    "CausalTransformer",
    "Cnn",
    "ConvAutoencoder",
    "DenseAutoencoder",
    "Function",
    "Gabor",
    "Gru",
    "KernelFamily",
    "Lstm",
    "Mlp",
    "MobileNetV1",
    "MobileNetV2",
    "MobileNetV3",
    "Network",
    "NetworkSettings",
    "QuantumClassifier",
    "QuantumKernel",
    "QuantumNetwork",
    "RbfKernel",
    "ResNet",
    "Stage",
    "Transformer",
    "Vae",
    "VisionTransformer",
]
