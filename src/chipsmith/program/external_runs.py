"""The runs of a transfer in external memory, by arithmetic: its addresses are too many to be listed or marked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chipsmith.chip.description import Chip
from chipsmith.program.instructions import TransferInstruction
from chipsmith.program.streams import external_stream

COMPARED_RUNS = 1 << 12
"""Runs of a transfer that are compared one by one; one of more runs counts as all bytes from its first to its last."""

_Integers = npt.NDArray[np.int64]


def transfer_words(transfer: TransferInstruction, chip: Chip) -> int:
    """Words that a transfer moves: those of the aligned atoms that its runs touch, run by run (docs/machine.md, 2)."""
    atom = chip.external.atom_bytes
    return touched_pieces(transfer, atom) * (atom // chip.external.bytes_per_cycle)


def transfer_lines(transfer: TransferInstruction, chip: Chip) -> int:
    """Words of a transfer that hold bytes of its runs: its accesses of the on-chip memory."""
    return touched_pieces(transfer, chip.external.bytes_per_cycle)


def touched_pieces(transfer: TransferInstruction, width: int) -> int:
    """Aligned pieces of `width` bytes that the runs of a transfer touch, run by run."""
    is_even = transfer.outer_count == 1 or transfer.external_outer_stride % width == 0
    if is_even and (transfer.inner_count == 1 or transfer.external_inner_stride % width == 0):
        pieces = (transfer.external_address % width + transfer.run_bytes - 1) // width + 1
        return transfer.outer_count * transfer.inner_count * pieces
    outer = _residues(transfer.outer_count, transfer.external_outer_stride, width)
    inner = _residues(transfer.inner_count, transfer.external_inner_stride, width)
    places = np.arange(width)
    first = (transfer.external_address + places[:, None] + places) % width
    of_residues = (first + transfer.run_bytes - 1) // width + 1
    return int(outer @ of_residues @ inner)


def _residues(count: int, stride: int, width: int) -> _Integers:
    """How many of the first multiples of a stride leave each rest when they are divided by `width`."""
    rounds, left = divmod(count, width)
    rests = np.arange(width, dtype=np.int64) * stride % width
    return rounds * np.bincount(rests, minlength=width) + np.bincount(rests[:left], minlength=width)


def stores_twice(transfer: TransferInstruction) -> bool:
    """Whether two runs of a transfer have a byte of external memory in common."""
    size, stride, count = transfer.run_bytes, transfer.external_inner_stride, transfer.inner_count
    if count > 1 and abs(stride) < size:
        return True
    steps = np.arange(1, transfer.outer_count, dtype=np.int64) * transfer.external_outer_stride
    if count == 1:
        return bool((np.abs(steps) < size).any())
    # Of all inner steps, one of the two beside the distance comes nearest to it.
    nearest = -steps // stride
    distances = [steps + np.clip(nearest + beyond, 1 - count, count - 1) * stride for beyond in (0, 1)]
    return any(bool((np.abs(distance) < size).any()) for distance in distances)


def transfers_meet(transfer: TransferInstruction, other: TransferInstruction) -> bool:
    """Whether two transfers may touch a common byte of external memory: exact up to COMPARED_RUNS runs of each."""
    firsts, size = _runs(transfer)
    others, other_size = _runs(other)
    following = np.searchsorted(others, firsts - other_size, side="right")
    near = others[np.minimum(following, len(others) - 1)]
    return bool(((following < len(others)) & (near < firsts + size)).any())


def _runs(transfer: TransferInstruction) -> tuple[_Integers, int]:
    """The first bytes of the runs, rising, and the bytes of a run."""
    if transfer.outer_count * transfer.inner_count > COMPARED_RUNS:
        whole = external_stream(transfer)
        return np.array([whole.first], np.int64), whole.last + 1 - whole.first
    outer = np.arange(transfer.outer_count, dtype=np.int64) * transfer.external_outer_stride
    inner = np.arange(transfer.inner_count, dtype=np.int64) * transfer.external_inner_stride
    return np.sort((transfer.external_address + outer[:, None] + inner).reshape(-1)), transfer.run_bytes
