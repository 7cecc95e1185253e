"""The sections of a linked image, as its ELF header lists them."""

from __future__ import annotations

import struct

_HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
_SECTION = struct.Struct("<IIIIIIIIII")


def read_sections(image: bytes) -> dict[str, int]:
    """The sizes in bytes of the sections of a 32-bit little-endian ELF file by their names."""
    header = _HEADER.unpack_from(image)
    offset, size, count, names = header[6], header[11], header[12], header[13]
    rows = [_SECTION.unpack_from(image, offset + index * size) for index in range(count)]
    texts = rows[names]
    return {_read_name(image, texts[4] + row[0]): row[5] for row in rows}


def _read_name(image: bytes, start: int) -> str:
    return image[start : image.index(0, start)].decode()
