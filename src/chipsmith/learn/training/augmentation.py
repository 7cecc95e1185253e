"""Random changes of training examples: the same thing, met a little differently in each epoch.

Each kind has two steps: `draw` takes its random numbers for n examples from a generator, one row for each, and `apply`
changes the examples by their rows. So a process that trains on a part of a batch changes its part as one alone would.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.learn.limits import MOST_BANDS, MOST_PIXELS, MOST_STEPS, MOST_VOCABULARY
from chipsmith.learn.training.section import RecipeSection

if TYPE_CHECKING:
    import torch

Size = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
_AFFINE = 5


class ImageChanges(RecipeSection):
    """Largest change of each kind; every image (channels, height, width) draws its own, evenly between - and + of it.

    `scale` is relative to 1 and `shear` is the tangent of the slant; `flip` mirrors every other image left to right;
    `crop` cuts the image's own size out of it after so many zeros were put around. Outside of the image is 0.
    """

    kind: Literal["image"]
    rotation_degrees: Size = 0.0
    shift_pixels: Size = 0.0
    scale: Share = 0.0
    shear: Size = 0.0
    flip: bool = False
    crop: int = Field(default=0, ge=0, le=MOST_PIXELS)

    def draw(self, inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """(n, 8): rotation, shift across, down, scale, shear from -1 to 1; flip, crop across, down from 0 to 1."""
        import torch

        count = len(inputs)
        affine = torch.rand(_AFFINE, count, generator=generator) * 2 - 1
        cuts = torch.rand(3, count, generator=generator) if self.flip or self.crop else torch.zeros(3, count)
        return torch.cat([affine, cuts]).T

    def apply(self, inputs: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """The images (n, channels, height, width), changed."""
        _require_axes(inputs, 4, "image", "images (channels, height, width)")
        if any((self.rotation_degrees, self.shift_pixels, self.scale, self.shear)):
            inputs = warp(inputs, self._matrices(inputs, drawn.T[:_AFFINE]))
        if self.flip:
            inputs = inputs.flip(-1).where(drawn[:, 5, None, None, None] < 0.5, inputs)
        return _cut(inputs, drawn[:, 6:], self.crop) if self.crop else inputs

    def _matrices(self, images: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        import torch

        count, _, height, width = images.shape
        angle, across, down, scale, shear = drawn
        angle = angle * math.radians(self.rotation_degrees)
        # torch's grid spans -1 to 1 over the image: a pixel is 2 / width of it.
        across = across * (2 * self.shift_pixels / width)
        down = down * (2 * self.shift_pixels / height)
        size = 1 + scale * self.scale
        slant = shear * self.shear
        cosine, sine = angle.cos() / size, angle.sin() / size
        rows = (cosine, cosine * slant - sine, across, sine, sine * slant + cosine, down)
        return torch.stack(rows, dim=1).reshape(count, 2, 3)


def warp(images: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """Images resampled bilinearly: the pixel at (x, y) is read from `matrix` * (x, y, 1), with 0 outside.

    `images` (n, channels, height, width), `matrices` (n, 2, 3); x and y run from -1 to 1 over the image.
    """
    import torch.nn.functional as functional

    grid = functional.affine_grid(matrices, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _cut(images: torch.Tensor, drawn: torch.Tensor, padding: int) -> torch.Tensor:
    import torch
    import torch.nn.functional as functional

    height, width = images.shape[2:]
    padded = functional.pad(images, [padding] * 4)
    starts = (drawn * (2 * padding + 1)).long().tolist()
    cut = [
        image[:, down : down + height, across : across + width]
        for image, (across, down) in zip(padded, starts, strict=True)
    ]
    return torch.stack(cut)


class SpectrogramMask(RecipeSection):
    """Shifts in time and pitch, then masks: up to `frames` frames and up to `bands` bands in a row become the mean.

    A shift goes up to `shift_frames` and `shift_bands` to either side, and the edge is repeated where nothing comes
    from. For pictures (1, bands, frames) and for series (frames, bands). Source of the masks: D. Park and others:
    SpecAugment, Interspeech 2019, one mask of each kind.
    """

    kind: Literal["spectrogram"]
    frames: int = Field(default=0, ge=0, le=MOST_STEPS)
    bands: int = Field(default=0, ge=0, le=MOST_BANDS)
    shift_frames: int = Field(default=0, ge=0, le=MOST_STEPS)
    shift_bands: int = Field(default=0, ge=0, le=MOST_BANDS)

    def draw(self, inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """(n, 6) from 0 to 1: length and place of the masked frames, then of the bands; the two shifts."""
        import torch

        return torch.rand(6, len(inputs), generator=generator).T

    def apply(self, inputs: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """The spectrograms (n, 1, bands, frames) or (n, frames, bands), shifted and masked."""
        if inputs.ndim not in (3, 4):
            _require_axes(inputs, 4, "spectrogram", "spectrograms")
        frames, bands = (3, 2) if inputs.ndim == 4 else (1, 2)
        means = inputs.flatten(1).mean(1).reshape(-1, *[1] * (inputs.ndim - 1))
        moved = _shift(_shift(inputs, frames, drawn[:, 4], self.shift_frames), bands, drawn[:, 5], self.shift_bands)
        masked = _stripe(moved, frames, drawn[:, :2], self.frames) | _stripe(moved, bands, drawn[:, 2:4], self.bands)
        return means.where(masked, moved)


def _shift(inputs: torch.Tensor, axis: int, drawn: torch.Tensor, largest: int) -> torch.Tensor:
    """Each example moved along `axis` by its own whole number of places, up to `largest`; edges are repeated."""
    import torch

    if not largest:
        return inputs
    by = (drawn * (2 * largest + 1)).long() - largest
    size = inputs.shape[axis]
    places = (torch.arange(size, device=inputs.device) - by[:, None]).clamp(0, size - 1)
    shape = [1] * inputs.ndim
    shape[0], shape[axis] = len(inputs), size
    return inputs.gather(axis, places.reshape(shape).expand(inputs.shape))


def _stripe(inputs: torch.Tensor, axis: int, drawn: torch.Tensor, longest: int) -> torch.Tensor:
    """True in a stretch of up to `longest` places of `axis`, another one for each example."""
    import torch

    size = inputs.shape[axis]
    length = (drawn[:, 0] * (min(longest, size) + 1)).long()
    start = (drawn[:, 1] * (size - length + 1)).long()
    places = torch.arange(size, device=inputs.device)
    inside = (places >= start[:, None]) & (places < (start + length)[:, None])
    shape = [1] * inputs.ndim
    shape[0], shape[axis] = len(inputs), size
    return inside.reshape(shape)


class TokenDropout(RecipeSection):
    """Each token becomes `token` with probability `share`. Source: A. Dai, Q. Le: Semi-supervised sequence learning."""

    kind: Literal["tokens"]
    share: Share
    token: int = Field(default=0, ge=0, le=MOST_VOCABULARY)

    def draw(self, inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """(n, T) from 0 to 1."""
        import torch

        return torch.rand(inputs.shape, generator=generator)

    def apply(self, inputs: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """The tokens (n, T), some of them dropped."""
        _require_axes(inputs, 2, "tokens", "tokens (length)")
        return inputs.masked_fill(drawn < self.share, self.token)


class SeriesNoise(RecipeSection):
    """Normal noise of standard deviation `noise` on each value, and each series times 1 up to +- `scale`."""

    kind: Literal["series"]
    noise: Size = 0.0
    scale: Share = 0.0

    def draw(self, inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """(n, 1 + values of an example): the scale from -1 to 1, then standard normal noise."""
        import torch

        count = len(inputs)
        scale = torch.rand(count, 1, generator=generator) * 2 - 1
        return torch.cat([scale, torch.randn(count, inputs[0].numel(), generator=generator)], dim=1)

    def apply(self, inputs: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """The values (n, ...), changed."""
        scale = (1 + self.scale * drawn[:, 0]).reshape(-1, *[1] * (inputs.ndim - 1))
        return inputs * scale + self.noise * drawn[:, 1:].reshape(inputs.shape)


def _require_axes(inputs: torch.Tensor, axes: int, kind: str, things: str) -> None:
    if inputs.ndim != axes:
        shape = list(inputs.shape[1:])
        raise BadInput(f"augmentation of kind {kind} is for {things}, the data set has inputs of shape {shape}")


AugmentationSettings = Annotated[
    ImageChanges | SpectrogramMask | TokenDropout | SeriesNoise, Field(discriminator="kind")
]
