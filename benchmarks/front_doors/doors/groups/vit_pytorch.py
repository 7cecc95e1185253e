"""Vision transformers of `vit-pytorch`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from doors.modules import ModuleNetwork, image, list_modules, seeded, stand_in
from doors.subject import Subject

if TYPE_CHECKING:
    from torch import nn

PLAIN = {"image_size": 32, "patch_size": 8, "num_classes": 10, "dim": 64, "depth": 2, "heads": 4, "mlp_dim": 128}
SIZES = {
    "vit": 32,
    "simple_vit": 32,
    "deep_vit": 32,
    "cait": 32,
    "cct": 32,
    "cvt": 32,
    "levit": 64,
    "pit": 32,
    "mobile_vit": 64,
    "nest": 32,
}
"""The networks, and the side of their images."""


def list_subjects() -> Sequence[Subject]:
    networks = [ModuleNetwork(function=name, ports=image(3, size)) for name, size in SIZES.items()]
    return list_modules("vit-pytorch", networks)


def _build(module: str, network: str, arguments: dict[str, object]) -> nn.Module:
    stand_in("torchvision", "torchvision.transforms", "torchvision.models", "torchvision.utils")
    built: nn.Module = getattr(import_module(f"vit_pytorch.{module}"), network)(**arguments)
    return built


@seeded
def vit() -> nn.Module:
    return _build("vit", "ViT", PLAIN)


@seeded
def simple_vit() -> nn.Module:
    return _build("simple_vit", "SimpleViT", PLAIN)


@seeded
def deep_vit() -> nn.Module:
    return _build("deepvit", "DeepViT", PLAIN)


@seeded
def cait() -> nn.Module:
    return _build("cait", "CaiT", {**PLAIN, "cls_depth": 1})


@seeded
def cct() -> nn.Module:
    sizes = {"img_size": 32, "embedding_dim": 64, "n_conv_layers": 1, "num_layers": 2, "num_heads": 4, "mlp_ratio": 2}
    return _build("cct", "CCT", {**sizes, "num_classes": 10, "positional_embedding": "learnable"})


@seeded
def cvt() -> nn.Module:
    sizes = {"s1_emb_dim": 16, "s2_emb_dim": 32, "s3_emb_dim": 64, "s3_depth": 2}
    return _build("cvt", "CvT", {**sizes, "num_classes": 10})


@seeded
def levit() -> nn.Module:
    sizes = {"image_size": 64, "stages": 2, "dim": (32, 64), "depth": 1, "heads": 2, "mlp_mult": 2}
    return _build("levit", "LeViT", {**sizes, "num_classes": 10})


@seeded
def pit() -> nn.Module:
    sizes = {"image_size": 32, "patch_size": 8, "dim": 32, "depth": (1, 1), "heads": 2, "mlp_dim": 64}
    return _build("pit", "PiT", {**sizes, "num_classes": 10})


@seeded
def mobile_vit() -> nn.Module:
    channels = [8, 8, 16, 16, 24, 24, 32, 32, 48, 48, 64]
    sizes = {"image_size": (64, 64), "dims": [32, 48, 64], "channels": channels}
    return _build("mobile_vit", "MobileViT", {**sizes, "num_classes": 10})


@seeded
def nest() -> nn.Module:
    sizes = {"image_size": 32, "patch_size": 4, "dim": 32, "heads": 2, "num_hierarchies": 2, "block_repeats": (1, 1)}
    return _build("nest", "NesT", {**sizes, "num_classes": 10})
