"""The families that share weights among sizes: how each becomes narrower, shallower and smaller in its kernels."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, get_args

from chipsmith.errors import BadInput
from chipsmith.learn.networks import Cnn, MobileNetV1, Network, ResNet
from chipsmith.learn.networks.mobilenet_blocks import scale_channels

MOST_WIDTH = 4.0
_MULTIPLE = 4
"""Channels of Cnn and ResNet are multiples of it where `width` is not 1."""


class ElasticFamily(ABC):
    """What width, depth and kernel mean for a family, and where a smaller network's weights are in a larger one's."""

    most_depth: ClassVar[int] = 32

    @abstractmethod
    def narrow(self, network: Any, width: float) -> dict[str, Any]:
        """The fields of the settings that change where all channels are multiplied by `width`."""

    @abstractmethod
    def deepen(self, network: Any, depth: int) -> dict[str, Any]:
        """The fields of the settings that change where `depth` is taken."""

    @abstractmethod
    def channels(self, network: Any) -> tuple[int, ...]:
        """The channels of the settings, as they are built."""

    def kernels(self, network: Network) -> tuple[int, ...]:
        """The kernels that the family allows."""
        return get_args(type(network).model_fields["kernel"].annotation)

    def shared_name(self, name: str, network: Any, largest: Any) -> str:
        """The parameter of the supernet, whose largest network is `largest`, of which `name` in `network` is a part."""
        del network, largest
        return name

    def first_channel(self, whole: int, part: int) -> int:
        """Where the channels of a narrower network begin among those of the whole."""
        del whole, part
        return 0


class ElasticCnn(ElasticFamily):
    """`width` multiplies channels and hidden dense layers; `depth` counts the convolutions.

    Beyond the recipe's own number a convolution has as many channels as its last. The first dense layer reads
    (channels x height x width) values in that order, so for each depth it has weights of its own: elsewhere a leading
    part of them would be other pixels.
    """

    most_depth = 8

    def narrow(self, network: Cnn, width: float) -> dict[str, Any]:
        """See ElasticFamily.narrow."""
        return {name: tuple(_scale(size, width) for size in getattr(network, name)) for name in ("channels", "dense")}

    def deepen(self, network: Cnn, depth: int) -> dict[str, Any]:
        """See ElasticFamily.deepen."""
        own = network.channels
        return {"channels": tuple(own[min(index, len(own) - 1)] for index in range(depth))}

    def channels(self, network: Cnn) -> tuple[int, ...]:
        """See ElasticFamily.channels."""
        return (*network.channels, *network.dense)

    def shared_name(self, name: str, network: Cnn, largest: Cnn) -> str:
        """See ElasticFamily.shared_name."""
        depth = len(network.channels)
        if name == "dense1.weight" and depth != len(largest.channels):
            return f"dense1_weight_behind_{depth}"
        return name


class ElasticResNet(ElasticFamily):
    """`width` multiplies the stages' channels; `depth` is the number of blocks in every stage.

    Narrower networks take the middle channels: the shortcut of option A leads channel i of a stage to channel
    i + (new - old) / 2 of the next, and with middle parts these are the same weights at every width.
    """

    def narrow(self, network: ResNet, width: float) -> dict[str, Any]:
        """See ElasticFamily.narrow."""
        return {"widths": tuple(_scale(size, width) for size in network.widths)}

    def deepen(self, network: ResNet, depth: int) -> dict[str, Any]:
        """See ElasticFamily.deepen."""
        return {"blocks": (depth,) * len(network.blocks)}

    def channels(self, network: ResNet) -> tuple[int, ...]:
        """See ElasticFamily.channels."""
        return network.widths

    def first_channel(self, whole: int, part: int) -> int:
        """See ElasticFamily.first_channel."""
        return (whole - part) // 2


class ElasticMobileNetV1(ElasticFamily):
    """`width` multiplies the network's own `width`; `depth` is the number of blocks in every stage, its `repeats`."""

    def narrow(self, network: MobileNetV1, width: float) -> dict[str, Any]:
        """See ElasticFamily.narrow."""
        return {"width": network.width * width}

    def deepen(self, network: MobileNetV1, depth: int) -> dict[str, Any]:
        """See ElasticFamily.deepen."""
        return {"stages": tuple(stage.model_copy(update={"repeats": depth}) for stage in network.stages)}

    def channels(self, network: MobileNetV1) -> tuple[int, ...]:
        """See ElasticFamily.channels."""
        own = (network.stem, *(stage.channels for stage in network.stages))
        return tuple(scale_channels(channels, network.width) for channels in own)

    def shared_name(self, name: str, network: MobileNetV1, largest: MobileNetV1) -> str:
        """Blocks are numbered through all stages, behind the stem, which is number 0 of the features."""
        features, number, *rest = name.split(".")
        if features != "0" or number == "0":
            return name
        return ".".join((features, str(1 + _block_in(largest, *_place(network, int(number) - 1))), *rest))


_FAMILIES: Mapping[type[Network], ElasticFamily] = {
    Cnn: ElasticCnn(),
    ResNet: ElasticResNet(),
    MobileNetV1: ElasticMobileNetV1(),
}


def elastic_family(network: Network) -> ElasticFamily:
    """The family of a network. Raises BadInput where its sizes cannot share weights."""
    family = _FAMILIES.get(type(network))
    if family is None:
        kinds = ", ".join(str(each.model_fields["kind"].default) for each in _FAMILIES)
        kind = getattr(network, "kind", type(network).__name__)
        raise BadInput(
            f"space.network: a network of kind {kind} is not elastic, those of kind {kinds} are; "
            "leave space.network out, or name a recipe of such a network"
        )
    return family


def _scale(size: int, width: float) -> int:
    """Channels times `width` as the nearest multiple of 4, 4 at least; as they are where `width` is 1."""
    if width == 1:
        return size
    return max(_MULTIPLE, math.floor(size * width / _MULTIPLE + 0.5) * _MULTIPLE)


def _place(network: MobileNetV1, block: int) -> tuple[int, int]:
    """The stage of a block, and which of the stage's blocks it is; both from 0."""
    for number, stage in enumerate(network.stages):
        if block < stage.repeats:
            return number, block
        block -= stage.repeats
    raise AssertionError(f"the network has no block {block}")


def _block_in(network: MobileNetV1, stage: int, repeat: int) -> int:
    return sum(each.repeats for each in network.stages[:stage]) + repeat
