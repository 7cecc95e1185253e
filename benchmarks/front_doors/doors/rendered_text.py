"""Lines and pages of text, rendered with PIL's own font: what networks that read are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chipsmith.tosa.graph import Array

if TYPE_CHECKING:
    from PIL import Image

TEXT = (
    "river stone garden window market paper signal winter bridge number copper silver engine letter forest "
    "harbour travel morning record system machine colour weight battery circuit kitchen station ticket yellow "
    "Monday invoice total amount address street London Berlin 2026 1984 37.5 12:45 No.8 B-17 40% page figure"
)
LINE = (320, 48)


def render_line(seed: int, *, width: int) -> Array:
    """A line of two or three words as a network's input, (3, 48, width) from -1 to 1, squeezed where it is too long."""
    from PIL import Image, ImageDraw

    draw = np.random.default_rng([seed, 1])
    text = " ".join(draw.choice(TEXT.split(), int(draw.integers(2, 4))))
    paper, ink = _draw_colours(draw)
    image = Image.new("RGB", LINE, paper)
    _write(ImageDraw.Draw(image), (int(draw.integers(4, 12)), int(draw.integers(4, 10))), text, 26, ink)
    return _as_input(image.resize((width, LINE[1])), draw)


def render_page(seed: int, *, size: int = 320) -> Array:
    """A page of lines of different sizes as a network's input, (3, size, size) from -1 to 1."""
    from PIL import Image, ImageDraw

    draw = np.random.default_rng([seed, 2])
    paper, ink = _draw_colours(draw)
    image = Image.new("RGB", (size, size), paper)
    pen, top = ImageDraw.Draw(image), int(draw.integers(8, 24))
    while top < size - 40:
        points = int(draw.integers(12, 30))
        text = " ".join(draw.choice(TEXT.split(), int(draw.integers(1, 5))))
        _write(pen, (int(draw.integers(4, 40)), top), text, points, ink)
        top += points + int(draw.integers(8, 24))
    return _as_input(image, draw)


def _draw_colours(draw: np.random.Generator) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Light paper and dark ink, or the other way round."""
    light = tuple(int(value) for value in draw.integers(190, 256, 3))
    dark = tuple(int(value) for value in draw.integers(0, 80, 3))
    return (light, dark) if draw.random() < 0.8 else (dark, light)


def _write(pen: object, place: tuple[int, int], text: str, points: int, ink: tuple[int, ...]) -> None:
    from PIL import ImageDraw, ImageFont

    assert isinstance(pen, ImageDraw.ImageDraw)
    pen.text(place, text, fill=ink, font=ImageFont.load_default(points))


def _as_input(image: Image.Image, draw: np.random.Generator) -> Array:
    """With a little noise, as a camera has it."""
    pixels = np.asarray(image, np.float32) + draw.normal(0, 3, (image.height, image.width, 3))
    return (np.clip(pixels, 0, 255) / 127.5 - 1).transpose(2, 0, 1).astype(np.float32)
