"""Areas of external memory that the transfers of random Programs read and write, and the bytes that runs span."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from chipsmith.program.instructions import TransferInstruction
from chipsmith.program.program import Port, Program
from chipsmith.program.verify import verify_program


def byte_port(name: str, address: int, size_bytes: int) -> Port:
    """A port of bytes."""
    return Port(name=name, shape=(1, size_bytes), dtype="<i1", address=address, size_bytes=size_bytes)


def draw_areas(rng: np.random.Generator, *, first: int, count: int, size_bytes: int) -> tuple[Port, ...]:
    """Ports area0, area1, ... from the address `first` on: each starts at any byte."""
    starts = (first + number * (size_bytes + 64) + int(rng.integers(64)) for number in range(count))
    return tuple(byte_port(f"area{number}", start, size_bytes) for number, start in enumerate(starts))


def into_areas(transfers: Sequence[TransferInstruction], areas: Sequence[Port]) -> list[TransferInstruction]:
    """The transfers, whose addresses count from the start of the area whose region each names, by real addresses."""
    return [
        dataclasses.replace(
            row, external_address=row.external_address + areas[row.external_locks.bit_length() - 1].address
        )
        for row in transfers
    ]


def with_areas(program: Program, areas: tuple[Port, ...], *, beside: tuple[Port, ...] = ()) -> Program:
    """The Program, verified, with these areas as inputs and outputs, and with the inputs `beside` them."""
    end = areas[-1].address + areas[-1].size_bytes
    manifest = dataclasses.replace(program.manifest, inputs=(*beside, *areas), outputs=areas, external_bytes=end)
    program = dataclasses.replace(program, manifest=manifest)
    verify_program(program)
    return program


def span(counts: tuple[int, int], strides: tuple[int, int], run_bytes: int) -> tuple[int, int]:
    """The lowest byte of runs, from the start of the first one, and the bytes from there to their end."""
    moves = [(count - 1) * stride for count, stride in zip(counts, strides, strict=True)]
    first, last = (sum(pick(0, move) for move in moves) for pick in (min, max))
    return first, last - first + run_bytes
