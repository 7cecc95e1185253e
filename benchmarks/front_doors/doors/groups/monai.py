"""Networks of `monai` for images of two dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from doors.modules import ModuleNetwork, image, list_modules, seeded
from doors.subject import Subject

if TYPE_CHECKING:
    from torch import nn

NETWORKS = tuple(
    ModuleNetwork(function=name, ports=image(1, 32))
    for name in ("unet", "basic_unet", "attention_unet", "seg_res_net", "dyn_unet", "unetr", "high_res_net")
)


def list_subjects() -> Sequence[Subject]:
    return list_modules("monai", NETWORKS)


@seeded
def unet() -> nn.Module:
    from monai.networks.nets import UNet

    return UNet(spatial_dims=2, in_channels=1, out_channels=2, channels=(8, 16, 32), strides=(2, 2), num_res_units=1)


@seeded
def basic_unet() -> nn.Module:
    from monai.networks.nets import BasicUNet

    return BasicUNet(spatial_dims=2, in_channels=1, out_channels=2, features=(8, 8, 16, 16, 32, 8))


@seeded
def attention_unet() -> nn.Module:
    from monai.networks.nets import AttentionUnet

    return AttentionUnet(spatial_dims=2, in_channels=1, out_channels=2, channels=(8, 16, 32), strides=(2, 2))


@seeded
def seg_res_net() -> nn.Module:
    from monai.networks.nets import SegResNet

    return SegResNet(spatial_dims=2, init_filters=8, in_channels=1, out_channels=2)


@seeded
def dyn_unet() -> nn.Module:
    from monai.networks.nets import DynUNet

    return DynUNet(
        spatial_dims=2,
        in_channels=1,
        out_channels=2,
        kernel_size=[3, 3, 3],
        strides=[1, 2, 2],
        upsample_kernel_size=[2, 2],
        filters=[8, 16, 32],
    )


@seeded
def unetr() -> nn.Module:
    from monai.networks.nets import UNETR

    return UNETR(
        in_channels=1,
        out_channels=2,
        img_size=32,
        feature_size=8,
        hidden_size=64,
        mlp_dim=128,
        num_heads=4,
        spatial_dims=2,
    )


@seeded
def high_res_net() -> nn.Module:
    from monai.networks.nets import HighResNet

    return HighResNet(spatial_dims=2, in_channels=1, out_channels=2)
