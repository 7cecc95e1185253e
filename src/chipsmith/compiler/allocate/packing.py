"""Constants of a program: shared where their bytes are equal, packed so that one LOAD brings several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chipsmith.compiler.lower.kernel import Buffer, StreamOperand, UnplacedInstruction
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


@dataclass(frozen=True, kw_only=True)
class Packed:
    """The chunks of all constants in order of first use, and the steps that read them: see pack_constants."""

    steps: tuple[UnplacedInstruction, ...]
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, kw_only=True)
class _Stay:
    """Constant bytes on the chip for a while: the steps that use them, and the buffers that hold them."""

    data: bytes
    uses: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


def pack_constants(
    steps: Sequence[UnplacedInstruction], buffers: Mapping[str, Buffer], *, limit_bytes: int, recall_bytes: int
) -> Packed:
    """The chunks of all constants that the steps use.

    Constants of one step share a chunk where they fit in `limit_bytes`; small ones of neighbouring steps too. Where
    more than `recall_bytes` of other buffers are used between two uses of a constant, it is loaded again for the
    second one: the steps from there on read another buffer, which stands in a chunk of its own with equal bytes.
    """
    stays = _Stays(buffers=buffers, recall_bytes=recall_bytes)
    renamed = tuple(stays.step(number, step) for number, step in enumerate(steps))
    packs: list[list[_Stay]] = []
    for stay in stays.stays:
        if packs and _joins(packs[-1], stay, limit_bytes):
            packs[-1].append(stay)
        else:
            packs.append([stay])
    return Packed(steps=renamed, chunks=tuple(_chunk(members) for members in packs))


@dataclass(kw_only=True)
class _Stays:
    """What a memory of `recall_bytes` that forgets the least recently used would have to load, and when."""

    buffers: Mapping[str, Buffer]
    recall_bytes: int
    stays: list[_Stay] = field(default_factory=list)
    rounds: dict[bytes, int] = field(default_factory=dict)
    open: dict[bytes, _Stay] = field(default_factory=dict)
    recent: dict[bytes | str, int] = field(default_factory=dict)
    """What was used and its size, the most recently used last: constants by their bytes, others by their names."""

    def step(self, number: int, step: UnplacedInstruction) -> UnplacedInstruction:
        """The step with its constants named after the stay in which it reads them."""
        operands = tuple(self._operand(number, operand) for operand in step.operands)
        return step if operands == step.operands else replace(step, operands=operands)

    def _operand(self, number: int, operand: StreamOperand) -> StreamOperand:
        buffer = self.buffers[operand.buffer]
        if buffer.data is None:
            self._touch(buffer.name, buffer.size_bytes)
            return operand
        if buffer.data not in self.open or self._is_forgotten(buffer.data):
            self.stays.append(_Stay(data=buffer.data))
            self.open[buffer.data] = self.stays[-1]
            self.rounds[buffer.data] = self.rounds.get(buffer.data, -1) + 1
        self._touch(buffer.data, buffer.size_bytes)
        stay, turn = self.open[buffer.data], self.rounds[buffer.data]
        name = f"{buffer.name}~{turn}" if turn else buffer.name
        stay.uses.append(number)
        if name not in stay.names:
            stay.names.append(name)
        return replace(operand, buffer=name) if turn else operand

    def _touch(self, key: bytes | str, size_bytes: int) -> None:
        self.recent.pop(key, None)
        self.recent[key] = size_bytes

    def _is_forgotten(self, data: bytes) -> bool:
        since = 0
        for key in reversed(self.recent):
            if key == data:
                return False
            since += self.recent[key]
            if since > self.recall_bytes:
                break
        return True


def _joins(pack: Sequence[_Stay], stay: _Stay, limit_bytes: int) -> bool:
    size = sum(round_up(len(member.data), ALIGNMENT) for member in pack) + len(stay.data)
    same_step = pack[-1].uses[0] == stay.uses[0] and pack[-1].uses[-1] == stay.uses[-1]
    return size <= (limit_bytes if same_step else min(PACK_BYTES, limit_bytes))


def _chunk(members: Iterable[_Stay]) -> Chunk:
    members = list(members)
    offsets: dict[str, int] = {}
    image = bytearray()
    for stay in members:
        offsets |= dict.fromkeys(stay.names, len(image))
        image += stay.data + bytes(round_up(len(stay.data), ALIGNMENT) - len(stay.data))
    return Chunk(
        name=members[0].names[0],
        data=bytes(image),
        offsets=offsets,
        first_step=min(stay.uses[0] for stay in members),
        last_step=max(stay.uses[-1] for stay in members),
    )
