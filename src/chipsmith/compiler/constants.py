"""Constants of a program: shared where their bytes are equal, packed so that one LOAD brings several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chipsmith.compiler.kernels import Buffer, Step
from chipsmith.program.arithmetic import round_up

PACK_BYTES = 1024
"""Small constants are packed up to this size: beyond it, waiting for one LOAD costs more than issuing two."""
ALIGNMENT = 4


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Constant bytes that one LOAD brings: first and last step that use them, and where each buffer stands in it."""

    name: str
    data: bytes
    offsets: Mapping[str, int]
    first_step: int
    last_step: int


def pack_constants(steps: Iterable[Step], buffers: Mapping[str, Buffer], *, limit_bytes: int) -> tuple[Chunk, ...]:
    """The chunks of all constants that the steps use, in order of first use.

    Constants of one step share a chunk where they fit in `limit_bytes`; small ones of neighbouring steps too.
    """
    uses: dict[bytes, list[int]] = {}
    names: dict[bytes, list[str]] = {}
    for at, step in enumerate(steps):
        for one in step.operands:
            data = buffers[one.buffer].data
            if data is None:
                continue
            uses.setdefault(data, []).append(at)
            if one.buffer not in names.setdefault(data, []):
                names[data].append(one.buffer)
    packs: list[list[bytes]] = []
    for data in uses:
        if packs and _joins(packs[-1], data, uses, limit_bytes):
            packs[-1].append(data)
        else:
            packs.append([data])
    return tuple(_chunk(members, uses, names) for members in packs)


def _joins(pack: list[bytes], data: bytes, uses: Mapping[bytes, list[int]], limit_bytes: int) -> bool:
    size = sum(round_up(len(one), ALIGNMENT) for one in pack) + len(data)
    same_step = uses[pack[-1]][0] == uses[data][0] and uses[pack[-1]][-1] == uses[data][-1]
    return size <= (limit_bytes if same_step else min(PACK_BYTES, limit_bytes))


def _chunk(members: list[bytes], uses: Mapping[bytes, list[int]], names: Mapping[bytes, list[str]]) -> Chunk:
    offsets: dict[str, int] = {}
    image = b""
    for data in members:
        offsets |= dict.fromkeys(names[data], len(image))
        image += data + bytes(round_up(len(data), ALIGNMENT) - len(data))
    return Chunk(
        name=names[members[0]][0],
        data=image,
        offsets=offsets,
        first_step=min(uses[data][0] for data in members),
        last_step=max(uses[data][-1] for data in members),
    )
