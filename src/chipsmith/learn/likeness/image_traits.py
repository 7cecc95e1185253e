"""Traits of an image: its colours, its light and dark, its border, its detail, its proportions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn.likeness.trait import Trait, TraitValues
from chipsmith.learn.preprocessing import ImageReader
from chipsmith.learn.preprocessing.images import open_image

_BRIGHTEST = 255.0
_DARK, _BRIGHT = 0.15, 0.85
_WHITE = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in the grey value. Source: ITU-R BT.601."""
_BORDER_SHARE = 14
"""The border is this part of the smaller side, one pixel at least."""

IMAGE_TRAITS = {
    "saturation": Trait(
        more="in colour (saturation {value}, in training {low} to {high})",
        less="grey or pale (saturation {value}, in training {low} to {high})",
        resolution=0.03,
        rank=0,
        never="in colour, where those are grey",
    ),
    "brightness": Trait(
        more="brighter as a whole (mean {value} of 1, in training {low} to {high})",
        less="darker as a whole (mean {value} of 1, in training {low} to {high})",
        resolution=0.02,
    ),
    "contrast": Trait(
        more="with more contrast (deviation {value}, in training {low} to {high})",
        less="flat, with little contrast (deviation {value}, in training {low} to {high})",
        resolution=0.02,
    ),
    "border": Trait(
        more="with a brighter border (mean {value} of 1, in training {low} to {high})",
        less="with a darker border (mean {value} of 1, in training {low} to {high})",
        resolution=0.03,
    ),
    "dark pixels": Trait(
        more="with more dark pixels (share {value}, in training {low} to {high})",
        less="with fewer dark pixels (share {value}, in training {low} to {high})",
        resolution=0.03,
    ),
    "bright pixels": Trait(
        more="with more bright pixels (share {value}, in training {low} to {high})",
        less="with fewer bright pixels (share {value}, in training {low} to {high})",
        resolution=0.03,
    ),
    "detail": Trait(
        more="rougher, from pixel to pixel ({value}, in training {low} to {high})",
        less="smoother, from pixel to pixel ({value}, in training {low} to {high})",
        resolution=0.01,
        form=".3f",
    ),
    "proportions": Trait(
        more="wider for its height (log2 {value}, in training {low} to {high}); resizing squeezes it",
        less="narrower for its height (log2 {value}, in training {low} to {high}); resizing squeezes it",
        resolution=0.25,
        rank=0,
    ),
}


def measure_image(reader: ImageReader, raw: Any) -> TraitValues:
    """The traits of a raw image: a file's path, its bytes, or uint8 (channels, height, width). Raises BadInput.

    All but the proportions are of the image at the size that the network takes.
    """
    pixels, proportions = _pixels(reader, raw)
    grey = np.tensordot(pixels, np.array(_WHITE), axes=1) if pixels.shape[-1] == 3 else pixels[..., 0]
    return {
        "saturation": float((pixels.max(axis=-1) - pixels.min(axis=-1)).mean()),
        "brightness": float(grey.mean()),
        "contrast": float(grey.std()),
        "border": float(_border(grey).mean()),
        "dark pixels": float((grey < _DARK).mean()),
        "bright pixels": float((grey > _BRIGHT).mean()),
        "detail": _detail(grey),
        "proportions": proportions,
    }


def _pixels(reader: ImageReader, raw: Any) -> tuple[NDArray[np.float64], float]:
    """Pixels (height, width, channels) from 0 to 1 at the reader's size, and log2 of width by height of the raw one."""
    if isinstance(raw, np.ndarray):
        return np.moveaxis(raw, 0, 2) / _BRIGHTEST, math.log2(raw.shape[2] / raw.shape[1])
    from PIL.Image import Resampling

    image = open_image(raw)
    whole = image.convert("RGB").resize((reader.width, reader.height), Resampling.BILINEAR)
    return np.asarray(whole, np.uint8) / _BRIGHTEST, math.log2(image.width / image.height)


def _border(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    width = max(1, min(grey.shape) // _BORDER_SHARE)
    inside = np.zeros(grey.shape, bool)
    inside[width:-width, width:-width] = True
    return np.asarray(grey[~inside])


def _detail(grey: NDArray[np.float64]) -> float:
    """The mean difference between neighbours."""
    steps = [np.abs(np.diff(grey, axis=axis)) for axis in (0, 1)]
    count = sum(step.size for step in steps)
    return float(sum(step.sum() for step in steps) / count) if count else 0.0
