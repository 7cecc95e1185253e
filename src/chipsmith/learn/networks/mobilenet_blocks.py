"""What a MobileNet is put together from, as plain data: its first convolution, its stages, its blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chipsmith.learn.networks.base import Size
from chipsmith.shown import Shown

Stride = Literal[1, 2]
_MULTIPLE = 8


@dataclass(frozen=True, kw_only=True)
class Stem:
    """The first convolution, 3 x 3: channels of the image and of what it gives, and its stride."""

    inputs: int
    outputs: int
    stride: Stride


class Stage(Shown, BaseModel):
    """`repeats` blocks with `channels` outputs; the first has the `stride`. `expansion` widens the inside (v2)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: Size
    repeats: Size = 1
    stride: Stride = 1
    expansion: Annotated[int, Field(ge=1, le=16)] = 6


class Bottleneck(Shown, BaseModel):
    """One block of version 3: `expanded` channels inside, of which `squeeze_excite` weighs each as a whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kernel: Literal[3, 5] = 3
    expanded: Size
    channels: Size
    squeeze_excite: bool = False
    hard_swish: bool = True
    stride: Stride = 1


def scale_channels(channels: int, width: float) -> int:
    """Channels times `width` as a multiple of 8, 8 at least and never less than nine tenths of the product."""
    near = max(_MULTIPLE, int(channels * width + _MULTIPLE / 2) // _MULTIPLE * _MULTIPLE)
    return near + _MULTIPLE if near < 0.9 * channels * width else near
