"""Random affine changes of training images: the same digit, written a little differently."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from chipsmith.errors import BadInput

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Largest change of each kind; every image draws its own, evenly between minus and plus that size.

    `scale` is relative to 1 and `shear` is the tangent of the slant. Raises BadInput for a negative size or a scale
    that reaches 1.
    """

    rotation_degrees: float
    shift_pixels: float
    scale: float
    shear: float

    def __post_init__(self) -> None:
        for field in fields(self):
            size = getattr(self, field.name)
            if not 0 <= size < math.inf:
                raise BadInput(f"augmentation: {field.name} is {size}; it must be 0 or more")
        if self.scale >= 1:
            raise BadInput(f"augmentation: scale is {self.scale}; it must be below 1")


def augment(images: torch.Tensor, augmentation: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """Each image of (n, channels, height, width) changed on its own, by draws of `generator`; black outside."""
    return warp(images, draw_matrices(images, augmentation, generator))


def draw_matrices(images: torch.Tensor, augmentation: Augmentation, generator: torch.Generator) -> torch.Tensor:
    """A random matrix (2, 3) for each of n images, as `warp` takes them: (n, 2, 3)."""
    import torch

    count, _, height, width = images.shape
    angle, across, down, scale, shear = torch.rand(5, count, generator=generator) * 2 - 1
    angle = angle * math.radians(augmentation.rotation_degrees)
    # torch's grid spans -1 to 1 over the image: a pixel is 2 / width of it.
    across = across * (2 * augmentation.shift_pixels / width)
    down = down * (2 * augmentation.shift_pixels / height)
    size = 1 + scale * augmentation.scale
    slant = shear * augmentation.shear
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
