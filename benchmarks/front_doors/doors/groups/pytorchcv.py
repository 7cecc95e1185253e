"""Networks of `pytorchcv` by its own names, with random weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from doors.modules import ModuleNetwork, image, list_modules, seeded, stand_in
from doors.subject import Subject

if TYPE_CHECKING:
    from torch import nn

TORCHVISION = ("torchvision", "torchvision.ops", "torchvision.transforms", "torchvision.models")
SIZES = {
    "resnet20_cifar10": 32,
    "preresnet20_cifar10": 32,
    "seresnet20_cifar10": 32,
    "densenet40_k12_cifar10": 32,
    "nin_cifar10": 32,
    "squeezenet_v1_1": 224,
    "shufflenetv2_wd2": 224,
    "mobilenet_wd4": 224,
    "mobilenetv2_w1": 224,
    "efficientnet_b0": 64,
}
"""The networks, and the side of their images."""


def list_subjects() -> Sequence[Subject]:
    return list_modules(
        "pytorchcv", [ModuleNetwork(function=name, ports=image(3, size)) for name, size in SIZES.items()]
    )


def __getattr__(name: str) -> Callable[[], nn.Module]:
    """The function that builds the network of that name."""
    if name not in SIZES:
        raise AttributeError(name)

    @seeded
    def build() -> nn.Module:
        stand_in(*TORCHVISION)
        from pytorchcv.model_provider import get_model

        return get_model(name, pretrained=False)

    return build
