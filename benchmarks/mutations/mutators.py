"""Changes of files: bytes, numbers in place, values of JSON objects, members of archives."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

Mutate = Callable[[random.Random, bytes], bytes]

PLANTED = '" onplanted="x"><script>planted()</script>'
"""A text that would be code on a page that takes it as it stands, in an attribute or between elements."""
_NUMBERS = (-1, 0, 1, 2, 127, 255, 65535, (1 << 24) - 1, (1 << 31) - 1, -(1 << 31), 1 << 32, 1 << 40, 1 << 63, 10**30)
_TEXTS = ("", "x" * 1000, PLANTED, "../../escape", "\x1b[31m", "os:system", "__import__", "%s{0}", "\u202e", "nan")
_ABSURD: tuple[Any, ...] = (*_NUMBERS, *_TEXTS, 0.5, -0.0, 1e308, None, True, [], {}, [1 << 31] * 3, [[]], {"": {}})


def mutate_bytes(rng: random.Random, data: bytes) -> bytes:
    """One to four flips, numbers, cuts, insertions, repetitions or swaps."""
    for _ in range(rng.randint(1, 4)):
        data = rng.choice((_flip, _flip, _overwrite, _overwrite, _cut, _truncate, _insert, _repeat, _swap))(rng, data)
    return data


def mutate_numbers(rng: random.Random, data: bytes) -> bytes:
    """One or two aligned 32-bit words replaced: sizes, offsets and indices of binary formats; the length stays."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 2)):
        place = 4 * rng.randrange(max(1, len(data) // 4))
        near = int.from_bytes(changed[place : place + 4], "little") + rng.choice((-4, -1, 1, 4))
        word = near if rng.random() < 0.5 else rng.choice(_NUMBERS)
        changed[place : place + 4] = (word & 0xFFFFFFFF).to_bytes(4, "little")
    return bytes(changed[: len(data)])


def mutate_json(rng: random.Random, content: Any) -> Any:
    """A copy with one or two values changed a little, replaced by an absurd one, exchanged, renamed or removed.

    In half of the copies it is a single value of the same type: what is legal in form and wrong in sense.
    """
    changed = json.loads(json.dumps(content))
    if rng.random() < 0.5:
        place = rng.choice(list(_places(changed)) or [()])
        if place:
            _value(changed, place[:-1])[place[-1]] = _near(rng, _value(changed, place))
        return changed
    for _ in range(rng.randint(1, 2)):
        places = list(_places(changed))
        if places:
            _change_place(rng, changed, rng.choice(places), places)
    return changed


def mutate_json_text(rng: random.Random, data: bytes) -> bytes:
    """A JSON text with changed values, or now and then with changed bytes."""
    if rng.random() < 0.2:
        return mutate_bytes(rng, data)
    return json.dumps(mutate_json(rng, json.loads(data))).encode()


def mutate_members(mutate: Callable[[random.Random, str, bytes], bytes]) -> Mutate:
    """A change of one member of an archive, which is packed again with right checksums; or of the archive's bytes."""

    def change(rng: random.Random, data: bytes) -> bytes:
        if rng.random() < 0.2:
            return mutate_bytes(rng, data)
        members = _unpack(data)
        name = rng.choice(sorted(members))
        members[name] = mutate(rng, name, members[name])
        return _pack(members, rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))

    return change


def _unpack(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _pack(members: dict[str, bytes], compression: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return buffer.getvalue()


def _places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value of a JSON object, the long lists' first and last few."""
    if path:
        yield path
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _places(value, (*path, key))
    elif isinstance(content, list):
        for index in {*range(min(4, len(content))), *range(max(0, len(content) - 2), len(content))}:
            yield from _places(content[index], (*path, index))


def _change_place(rng: random.Random, content: Any, path: tuple[Any, ...], places: list[tuple[Any, ...]]) -> None:
    parent = _value(content, path[:-1])
    key = path[-1]
    try:
        value = parent[key]
    except (LookupError, TypeError):  # gone with a change before
        return
    kind = rng.random()
    if kind < 0.1 and isinstance(parent, dict):
        del parent[key]
    elif kind < 0.15 and isinstance(parent, dict):
        parent[rng.choice(_TEXTS)] = parent.pop(key)
    elif kind < 0.3:
        parent[key] = json.loads(json.dumps(_value(content, rng.choice(places))))
    elif kind < 0.65:
        parent[key] = _near(rng, value)
    else:
        parent[key] = rng.choice(_ABSURD)


def _near(rng: random.Random, value: Any) -> Any:
    """A value of the same type, not far off."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice((value + 1, value - 1, 2 * value, -value, value ^ (1 << rng.randrange(12))))
    if isinstance(value, float):
        return rng.choice((value * 1.5, -value, value / 1e9, value * 1e9, 0.0))
    if isinstance(value, str):
        return rng.choice((value[1:], value + "x", value[::-1], f"{value}{PLANTED}", value.upper()))
    if isinstance(value, list):
        return rng.choice((value[1:], value * 2, value[::-1], value[:1]))
    return {} if isinstance(value, dict) and rng.random() < 0.3 else value


def _value(content: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        try:
            content = content[key]
        except (LookupError, TypeError):  # gone with a change before
            return None
    return content


def _flip(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data or b"\0")
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _overwrite(rng: random.Random, data: bytes) -> bytes:
    size = rng.choice((1, 2, 4, 8))
    place = rng.randrange(len(data) + 1)
    number = (rng.choice(_NUMBERS) % (1 << 8 * size)).to_bytes(size, "little")
    return data[:place] + number + data[place + size :]


def _cut(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(len(data) + 1)
    return data[:start] + data[start + rng.choice((1, 4, 16, 256)) :]


def _truncate(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _insert(rng: random.Random, data: bytes) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.randbytes(rng.choice((1, 4, 16, 256))) + data[place:]


def _repeat(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(len(data) + 1)
    chunk = data[start : start + rng.choice((4, 64, 1024))]
    return data[:start] + chunk + data[start:]


def _swap(rng: random.Random, data: bytes) -> bytes:
    first, second, third = sorted(rng.randrange(len(data) + 1) for _ in range(3))
    return data[:first] + data[second:third] + data[first:second] + data[third:]
