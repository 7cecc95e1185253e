"""Reading images."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from chipsmith.errors import BadInput
from chipsmith.extras import require_package
from chipsmith.learn.limits import MOST_PIXELS
from chipsmith.learn.preprocessing.step import Reader, Values, named

if TYPE_CHECKING:
    from PIL.Image import Image


FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""The formats that are read: of the others that Pillow knows, some start another program (EPS)."""
MOST_IMAGE_PIXELS = 89_478_485
"""Of one image: a quarter of a GiB of RGB. A small file can claim any number of them."""
_WIDE_MODES = ("I", "F")
"""First letters of Pillow's modes of 16 and 32 bits, which it would cut off at 255."""


class ImageReader(Reader):
    """An image file, its bytes, a picture of PIL, or an array uint8 (channels, height, width), to such an array.

    The first picture of a file in one of FORMATS, of at most MOST_IMAGE_PIXELS; an image of another size is resized
    (bilinear, `resize` true) or refused, an image of other colours is converted to RGB (3 channels) or grey (1). Raises
    BadInput for what is no image, naming it.
    """

    kind: Literal["image"] = "image"
    height: int = Field(ge=1, le=MOST_PIXELS)
    width: int = Field(ge=1, le=MOST_PIXELS)
    channels: Literal[1, 3]
    resize: bool = False

    def read(self, raw: Any) -> Values:
        """uint8 (channels, height, width)."""
        pixels = raw if isinstance(raw, np.ndarray) else self._decode(raw)
        expected = (self.channels, self.height, self.width)
        if pixels.shape != expected or pixels.dtype != np.uint8:
            raise BadInput(f"{named(raw)} is no image of uint8 {list(expected)}")
        return pixels

    def _decode(self, raw: Any) -> Values:
        image = open_image(raw)
        if image.mode[0] in _WIDE_MODES:
            raise BadInput(
                f"{named(raw)} has values of more than 8 bits ({image.mode}); convert it to 8 bits a channel"
            )
        if image.size != (self.width, self.height):
            image = self._resized(image, named(raw))
        pixels = np.asarray(image.convert("RGB" if self.channels == 3 else "L"), np.uint8)
        return np.moveaxis(pixels.reshape(self.height, self.width, self.channels), 2, 0)

    def _resized(self, image: Image, name: str) -> Image:
        from PIL import Image

        if not self.resize:
            size, expected = f"{image.width} x {image.height}", f"{self.width} x {self.height}"
            raise BadInput(f"{name} is {size} pixels, not {expected}; give images of one size or a `size`")
        return image.convert("RGB").resize((self.width, self.height), Image.Resampling.BILINEAR)


def is_picture(raw: Any) -> bool:
    """Whether it is a picture of PIL, which is not imported to tell."""
    return any(kind.__module__.partition(".")[0] == "PIL" for kind in type(raw).__mro__)


def open_image(raw: Any) -> Image:
    """The decoded image of a path, of the bytes of a file, or of a picture. Raises BadInput, which names it."""
    with _opened(raw) as image:
        image.load()
        return image


def image_size(raw: Any) -> tuple[int, int]:
    """Width and height of an image, of which no pixel is decoded. Raises BadInput as `open_image`."""
    with _opened(raw) as image:
        width, height = image.size
        return width, height


def image_traits(raw: Any) -> dict[str, str | float]:
    """What an image's file says of itself, of which no pixel is decoded. Raises BadInput as `open_image`."""
    with _opened(raw) as image:
        return {"size": f"{image.width} x {image.height}", "colours": image.mode, "format": str(image.format)}


@contextmanager
def _opened(raw: Any) -> Iterator[Image]:
    require_package("PIL", extra="data", task="read images")
    from PIL import Image, UnidentifiedImageError

    try:
        if is_picture(raw):
            yield raw
            return
        with _open(raw) as image:
            yield image
    except FileNotFoundError as error:
        raise BadInput(f"cannot read {named(raw)}: no such file") from error
    except UnidentifiedImageError as error:
        raise BadInput(f"{named(raw)} is no image of a known format ({', '.join(FORMATS)})") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadInput(f"{named(raw)} has more than {MOST_IMAGE_PIXELS:,} pixels, the most of an image") from error
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError, TypeError) as error:
        raise BadInput(f"{named(raw)} is no image that can be read ({error})") from error


def _open(raw: Any) -> Image:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(raw) if isinstance(raw, bytes) else Path(raw), formats=FORMATS)
