"""Forged `.program` files with right checksums: refused or read, without a traceback and without much memory."""

from __future__ import annotations

import contextlib
import hashlib
import json
import tracemalloc
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import FILED_KINDS, random_program

from chipsmith.chip import load_chip
from chipsmith.errors import BadInput
from chipsmith.program.file import parse_program, serialize_program
from chipsmith.program.program import Program

DATA = serialize_program(random_program(load_chip("nano-64"), 3, 30, FILED_KINDS))
PREFIX_BYTES = 56
HEADER_BYTES = int.from_bytes(DATA[12:16], "little")
HEADER, IMAGE = DATA[PREFIX_BYTES : PREFIX_BYTES + HEADER_BYTES], DATA[PREFIX_BYTES + HEADER_BYTES :]
MOST_BYTES = 300 << 20
VALUES = st.one_of(
    st.sampled_from([-1, 0, 1, 255, 1 << 16, (1 << 24) - 1, 1 << 31, 1 << 40, 1 << 63, 10**30, 1e308, float("nan")]),
    st.sampled_from([None, "", "x" * 1000, [], {}, True, [1 << 31, 1 << 31, 1 << 31]]),
)


def forged(header: bytes, image: bytes) -> bytes:
    sizes = len(header).to_bytes(4, "little") + len(image).to_bytes(8, "little")
    return DATA[:12] + sizes + hashlib.sha256(header + image).digest() + header + image


def assert_read_or_refused(data: bytes) -> None:
    tracemalloc.start()
    try:
        with contextlib.suppress(BadInput):
            assert isinstance(parse_program(data, name="p"), Program)
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value in a JSON object."""
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))][0 if path else 1 :]


PLACES = places(json.loads(HEADER))


@settings(deadline=None, max_examples=150)
@given(place=st.sampled_from(PLACES), value=VALUES)
def test_any_value_of_the_header_may_be_absurd(place, value):
    content = json.loads(HEADER)
    section = content
    for key in place[:-1]:
        section = section[key]
    section[place[-1]] = value
    assert_read_or_refused(forged(json.dumps(content).encode(), IMAGE))


@settings(deadline=None, max_examples=150)
@given(changes=st.lists(st.tuples(st.integers(0, 30 * 128), st.integers(0, 255)), min_size=1, max_size=6))
def test_any_bytes_of_the_instructions_may_be_absurd(changes):
    image = bytearray(IMAGE)
    for place, byte in changes:
        image[place] = byte
    assert_read_or_refused(forged(HEADER, bytes(image)))


@settings(deadline=None, max_examples=50)
@given(data=st.binary(max_size=400))
def test_any_bytes_may_stand_behind_the_magic(data):
    assert_read_or_refused(DATA[:12] + data)
    assert_read_or_refused(forged(data, IMAGE))
