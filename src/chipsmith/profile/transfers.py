"""Which transfer of a Program is for what: its name, and the kernels that its bytes serve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chipsmith.profile.kernel_names import kernel_names
from chipsmith.profile.profile import BufferRole
from chipsmith.program.external_runs import transfer_words
from chipsmith.program.instructions import (
    Instruction,
    Load,
    Space,
    Store,
    TensorInstruction,
    TransferInstruction,
    VectorInstruction,
)
from chipsmith.program.program import BufferSpan, Port, Program
from chipsmith.program.streams import Stream, streams


@dataclass(frozen=True, kw_only=True)
class TransferRow:
    """A transfer by its index: what it moves, its external bytes, and the share (0 to 1) of each kernel in them.

    `buffer` is filled or emptied by it, and plays `role`; pages of instructions have none and serve no kernel. The
    shares sum to 1 where any kernel reads or wrote the bytes.
    """

    index: int
    name: str
    buffer: BufferSpan | None
    role: BufferRole
    external_bytes: int
    shares: Mapping[str, float]


def profile_transfers(program: Program) -> tuple[TransferRow, ...]:
    """All transfers of a Program in order."""
    finder = _Finder(program)
    return tuple(
        finder.row(index, instruction)
        for index, instruction in enumerate(program.instructions)
        if isinstance(instruction, TransferInstruction)
    )


@dataclass(frozen=True, kw_only=True)
class _Range:
    """On-chip bytes that an instruction of a kernel reads or writes, from the first to the last."""

    index: int
    kernel: str
    first: int
    last: int
    written: bool


class _Columns:
    """Ranges of on-chip bytes, each from an instruction on, as columns: programs have tens of thousands of them."""

    def __init__(self, *, indices: Sequence[int], firsts: Sequence[int], lasts: Sequence[int]) -> None:
        self._indices = np.array(indices, np.int64)
        self._firsts = np.array(firsts, np.int64)
        self._lasts = np.array(lasts, np.int64)

    def overlaps(self, first: int, last: int, *, after: int = -1, before: int = 1 << 62) -> Sequence[int]:
        """Positions of the ranges that meet the bytes `first` to `last`, of instructions between two."""
        meet = (self._firsts <= last) & (self._lasts >= first) & (self._indices > after) & (self._indices < before)
        positions: list[int] = np.flatnonzero(meet).tolist()
        return positions


class _Finder:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._ranges = _ranges(program)
        self._uses = _Columns(
            indices=[use.index for use in self._ranges],
            firsts=[use.first for use in self._ranges],
            lasts=[use.last for use in self._ranges],
        )
        spans = program.manifest.buffers
        self._spans = _Columns(
            indices=[span.first_instruction for span in spans],
            firsts=[span.address for span in spans],
            lasts=[span.address + span.size_bytes - 1 for span in spans],
        )

    def row(self, index: int, transfer: TransferInstruction) -> TransferRow:
        """What the transfer at an index moves, and for whom."""
        words = transfer_words(transfer, self._program.chip)
        buffer, port = self._buffer(index, transfer), self._port(transfer)
        role = _role(transfer, port)
        return TransferRow(
            index=index,
            name=_name(transfer, buffer, f"{role} {port.name}" if port else ""),
            buffer=buffer,
            role=role,
            external_bytes=words * self._program.chip.external.bytes_per_cycle,
            shares=self._shares(index, transfer),
        )

    def _port(self, transfer: TransferInstruction) -> Port | None:
        manifest = self._program.manifest
        ports = manifest.outputs if isinstance(transfer, Store) else manifest.inputs
        return next((port for port in ports if _holds(port, transfer.external_address)), None)

    def _buffer(self, index: int, transfer: TransferInstruction) -> BufferSpan | None:
        """The innermost buffer that lives then and holds the address."""
        if _is_page(transfer):
            return None
        spans, address = self._program.manifest.buffers, transfer.local_address
        there = (spans[position] for position in self._spans.overlaps(address, address))
        living = [span for span in there if span.first_instruction <= index <= span.last_instruction]
        return max(living, key=lambda span: (span.address, span.first_instruction), default=None)

    def _shares(self, index: int, transfer: TransferInstruction) -> dict[str, float]:
        if _is_page(transfer):
            return {}
        (stream,) = streams(transfer)
        if isinstance(transfer, Store):
            earlier = self._uses.overlaps(stream.first, stream.last, before=index)
            uses = (self._ranges[position] for position in reversed(earlier))
            return _split(stream, (use for use in uses if use.written))
        return _split(stream, self._readers(index, stream))

    def _readers(self, index: int, stream: Stream) -> list[_Range]:
        """Uses behind a LOAD, up to the next LOAD into its bytes; a constant is only read, never written over it."""
        uses: list[_Range] = []
        until: int | None = None
        for position in self._uses.overlaps(stream.first, stream.last, after=index):
            use = self._ranges[position]
            if until is not None and use.index > until:
                break
            if not use.written:
                uses.append(use)
            elif until is None:
                until = use.index
        return uses


def _role(transfer: TransferInstruction, port: Port | None) -> BufferRole:
    if port is None:
        return BufferRole.CONSTANT
    return BufferRole.OUTPUT if isinstance(transfer, Store) else BufferRole.INPUT


def _name(transfer: TransferInstruction, buffer: BufferSpan | None, port: str) -> str:
    if _is_page(transfer):
        return f"page {transfer.external_address // transfer.run_bytes}"
    return port or (buffer.name if buffer else f"address {transfer.local_address}")


def _is_page(transfer: TransferInstruction) -> bool:
    return isinstance(transfer, Load) and transfer.space is Space.PAGE


def _holds(port: Port, address: int) -> bool:
    return port.address <= address < port.address + port.size_bytes


def _ranges(program: Program) -> list[_Range]:
    kernels = kernel_names(program)
    return [
        _Range(index=index, kernel=kernels.get(index, ""), first=stream.first, last=stream.last, written=stream.written)
        for index, instruction in enumerate(program.instructions)
        for stream in _accesses(instruction)
    ]


def _accesses(instruction: Instruction) -> tuple[Stream, ...]:
    """Streams of what computes or overwrites: reads before writes."""
    if isinstance(instruction, TensorInstruction | VectorInstruction | Load):
        return tuple(sorted(streams(instruction), key=lambda stream: stream.written))
    return ()


def _split(stream: Stream, uses: Iterable[_Range]) -> dict[str, float]:
    """Share of each kernel in a stream's bytes: a byte belongs to the first of the uses that touches it."""
    names: dict[str, int] = {}
    owner = np.full(stream.last - stream.first + 1, -1)
    for use in uses:
        if not (owner < 0).any():
            break
        if use.kernel:
            part = owner[max(0, use.first - stream.first) : max(0, use.last - stream.first + 1)]
            part[part < 0] = names.setdefault(use.kernel, len(names))
    owned = owner[owner >= 0]
    if not len(owned):
        return {}
    counts = np.bincount(owned, minlength=len(names)) / len(owned)
    return {name: float(share) for name, share in zip(names, counts, strict=True) if share}
