"""What each byte of the memories holds when a Program has ended, by who wrote it last."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from chipsmith.program.instructions import Instruction, Load, Space, Store, TransferInstruction
from chipsmith.program.program import Port, Program
from chipsmith.program.streams import Stream, external_stream, streams

Labels = npt.NDArray[np.uint8]
"""Positions in HOLDINGS, one a byte."""


class Holding(enum.StrEnum):
    """What a byte of a memory holds."""

    INPUT = "inputs"
    ACTIVATION = "activations"
    OUTPUT = "outputs"
    KEPT = "weights kept for the next inference"
    CONSTANT = "program, weights and tables"
    CLEARED = "cleared by the wipe"
    UNUSED = "never written"


HOLDINGS: tuple[Holding, ...] = tuple(Holding)
_NUMBERS = {holding: number for number, holding in enumerate(HOLDINGS)}


def label_memories(program: Program) -> tuple[Labels, Labels]:
    """What each byte of on-chip memory holds at the end of a verified Program, and each byte of external memory."""
    labels = _Labels(program)
    for index, instruction in enumerate(program.instructions):
        labels.follow(index, instruction)
    return labels.local, labels.external


class _Labels:
    """What the bytes hold behind the instructions so far."""

    def __init__(self, program: Program) -> None:
        manifest = program.manifest
        self._outputs = manifest.outputs
        self._wipe_start = len(program.instructions) if manifest.wipe_start is None else manifest.wipe_start
        self.local: Labels = np.full(program.chip.memory_bytes, _NUMBERS[Holding.UNUSED], np.uint8)
        self.external: Labels = np.full(manifest.external_bytes, _NUMBERS[Holding.UNUSED], np.uint8)
        self.external[: len(program.constants)] = _NUMBERS[Holding.CONSTANT]
        for port in manifest.inputs:
            self.external[port.address : port.address + port.size_bytes] = _NUMBERS[Holding.INPUT]

    def follow(self, index: int, instruction: Instruction) -> None:
        """Take the labels through the next instruction."""
        if isinstance(instruction, Store):
            self._store(index, instruction)
        for stream in streams(instruction):
            if stream.written:
                _label(self.local, stream, self._written(index, instruction))

    def _written(self, index: int, instruction: Instruction) -> Holding:
        """What an instruction writes into on-chip memory."""
        if index >= self._wipe_start:
            return Holding.CLEARED
        if not isinstance(instruction, Load) or instruction.space is Space.PAGE:
            return Holding.ACTIVATION
        return Holding.KEPT if instruction.once else self._source(instruction)

    def _source(self, transfer: TransferInstruction) -> Holding:
        """What the first byte of a transfer holds in external memory."""
        return HOLDINGS[int(self.external[transfer.external_address])]

    def _store(self, index: int, store: Store) -> None:
        (source,) = streams(store)
        to_output = _port_of(self._outputs, store.external_address) is not None
        holding = Holding.OUTPUT if to_output else Holding.ACTIVATION
        if index >= self._wipe_start:
            holding = Holding.CLEARED
        elif to_output:
            _label(self.local, source, holding)
        _label(self.external, external_stream(store), holding)


def _port_of(ports: Sequence[Port], address: int) -> Port | None:
    return next((port for port in ports if port.address <= address < port.address + port.size_bytes), None)


def _label(labels: Labels, stream: Stream, holding: Holding) -> None:
    labels[stream.first : stream.last + 1][stream.mask()] = _NUMBERS[holding]
