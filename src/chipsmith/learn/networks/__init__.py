"""Families of networks: plain data that builds PyTorch modules, each of which lowers whole to a chip."""

from chipsmith.learn.networks.base import Network
from chipsmith.learn.networks.cnn import Cnn
from chipsmith.learn.networks.digits import DigitsCNN
from chipsmith.learn.networks.function import Function
from chipsmith.learn.networks.mlp import Mlp
from chipsmith.learn.networks.resnet import ResNet
from chipsmith.learn.networks.settings import NetworkSettings

__all__ = ["Cnn", "DigitsCNN", "Function", "Mlp", "Network", "NetworkSettings", "ResNet"]
