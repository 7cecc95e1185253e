"""Addresses in external memory: pages of instructions, constants, ports, and tensors that do not fit on the chip."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chipsmith.chip.description import Chip
from chipsmith.compiler.allocate.packing import Chunk
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.compiler.lower.kernel import KernelList
from chipsmith.compiler.lower.view import View
from chipsmith.compiler.spill.spill_plan import SpillPlan
from chipsmith.program.arithmetic import ceil_div, round_up
from chipsmith.program.program import Port, page_bytes

EXTERNAL_ALIGNMENT = 64
"""Everything begins at a multiple of this, or of an atom where that is more: no two share an atom."""


@dataclass(frozen=True, kw_only=True)
class ExternalLayout:
    """Addresses in external memory: constants behind the pages, then the ports, then spilled tensors.

    `constants` has the chunks and the constants that come in windows, `tensors` what windows are cut from: those
    constants again, the ports and the spilled tensors. The image of constants ends at `constants_bytes`, all at
    `size_bytes`.
    """

    constants: Mapping[str, int]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    tensors: Mapping[str, int]
    constants_bytes: int
    size_bytes: int


@dataclass
class _Cursor:
    """The next free address in external memory."""

    address: int
    alignment: int

    def take(self, size_bytes: int) -> int:
        """The address of so many bytes, behind which the next ones begin aligned."""
        taken = self.address
        self.address = round_up(taken + size_bytes, self.alignment)
        return taken


def lay_out_external(lowered: KernelList, plan: SpillPlan, chunks: Sequence[Chunk], chip: Chip) -> ExternalLayout:
    """The addresses of everything in external memory; chunks of equal bytes share one."""
    transfers = len(plan.steps) + len(chunks) + len(plan.imports) + len(plan.exports)
    cursor = _Cursor(address=0, alignment=max(EXTERNAL_ALIGNMENT, chip.external.atom_bytes))
    cursor.take(pages_needed(chip, transfers) * page_bytes(chip))
    stored = _store_chunks(chunks, cursor)
    streamed = {name: cursor.take(lowered.buffers[name].size_bytes) for name in plan.streamed}
    constants_bytes = cursor.address
    inputs = tuple(_port(name, view, cursor) for name, view in lowered.inputs.items())
    outputs = tuple(_port(name, view, cursor) for name, view in lowered.outputs.items())
    tensors = dict(streamed)
    tensors |= {name: port.address for name, port in zip(lowered.port_buffers, (*inputs, *outputs), strict=True)}
    for name in plan.spilled:
        if name not in tensors:
            tensors[name] = cursor.take(lowered.buffers[name].size_bytes)
    return ExternalLayout(
        constants=stored | streamed,
        inputs=inputs,
        outputs=outputs,
        tensors=tensors,
        constants_bytes=constants_bytes,
        size_bytes=cursor.address,
    )


def pages_needed(chip: Chip, items: int) -> int:
    """Pages of a program of so many instructions beside END and the LOADs of its own pages."""
    return max(1, ceil_div(items, chip.instructions.page_instructions - 1))


def _store_chunks(chunks: Sequence[Chunk], cursor: _Cursor) -> dict[str, int]:
    addresses: dict[bytes, int] = {}
    for chunk in chunks:
        if chunk.data not in addresses:
            addresses[chunk.data] = cursor.take(len(chunk.data))
    return {chunk.name: addresses[chunk.data] for chunk in chunks}


def _port(name: str, view: View, cursor: _Cursor) -> Port:
    size_bytes = view.dtype.size_bytes * math.prod(view.shape)
    dtype = view.dtype.numpy.newbyteorder("<").str.replace("|", "<")
    return Port(name=name, shape=view.shape, dtype=dtype, address=cursor.take(size_bytes), size_bytes=size_bytes)


# --- refusals --------------------------------------------------------------------------------------------------------


def refuse_large_ports(network: str, lowered: KernelList, chip: Chip) -> None:
    """DoesNotFit for a network whose ports and constants alone are more than the external memory."""
    constants = {buffer.data for buffer in lowered.buffers.values() if buffer.data is not None}
    ports = sum(lowered.buffers[name].size_bytes for name in set(lowered.port_buffers))
    least = ports + sum(len(data) for data in constants)
    if least > chip.external_bytes:
        raise DoesNotFit(
            f"network {network} has {least} bytes of inputs, outputs and constants; the external memory of "
            f"{chip.name} has {chip.external_bytes}: raise external.size_mib or choose another chip"
        )


def refuse_large_layout(network: str, layout: ExternalLayout, chip: Chip) -> None:
    """DoesNotFit for a network that takes more than the external memory, spilled tensors included."""
    if layout.size_bytes > chip.external_bytes:
        raise DoesNotFit(
            f"network {network} needs {layout.size_bytes} bytes of external memory with the tensors that do not fit on "
            f"the chip; {chip.name} has {chip.external_bytes}: raise external.size_mib or choose another chip"
        )
