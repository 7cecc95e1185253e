"""Emission: everything that was decided, as a Program."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from chipsmith.chip.description import Chip
from chipsmith.compiler.allocate.memory_map import MemoryMap
from chipsmith.compiler.emit.manifest import buffer_spans, kernel_spans
from chipsmith.compiler.emit.placements import place_operators
from chipsmith.compiler.fuse.fuse_graph import FusedGraph
from chipsmith.compiler.lower.kernel import KernelList
from chipsmith.compiler.schedule.schedule import Role, Schedule, Scheduled
from chipsmith.compiler.spill.spill_plan import SpillPlan
from chipsmith.program.instructions import End, Instruction, Load
from chipsmith.program.program import Manifest, Port, Program, encode_pages
from chipsmith.program.stream_fields import with_fields
from chipsmith.tosa.graph import Graph
from chipsmith.tosa.index_ranges import find_index_ranges


def emit_program(
    fused: FusedGraph, lowered: KernelList, plan: SpillPlan, memory: MemoryMap, schedule: Schedule, chip: Chip
) -> Program:
    """The Program of a schedule, with everything that its manifest says of the stages before."""
    constants = dict(_constants(lowered, plan, memory))
    resident = resident_chunks(schedule, memory)
    instructions = emit_instructions(schedule, resident)
    buffers = buffer_spans(memory, schedule)
    manifest = Manifest(
        network=fused.index.graph.name,
        inputs=_indexing_ports(fused.index.graph, memory.external.inputs),
        outputs=memory.external.outputs,
        external_bytes=memory.external.size_bytes,
        weight_bytes=sum(len(data) for data in set(constants.values())),
        resident=tuple(sorted(resident)),
        operators=place_operators(fused.index, lowered),
        kernels=kernel_spans(lowered, plan, schedule),
        buffers=buffers,
    )
    image = _image(encode_pages(chip, instructions), constants, memory)
    return Program(chip=chip, instructions=instructions, constants=image, manifest=manifest)


def emit_instructions(schedule: Schedule, resident: frozenset[str]) -> tuple[Instruction, ...]:
    """The instructions of a schedule, END behind them; those that bring `resident` chunks are marked."""
    return (*(_marked(item, resident) for item in schedule.items), End())


def _indexing_ports(graph: Graph, ports: Sequence[Port]) -> tuple[Port, ...]:
    """The input ports, those of indices with the range of those that exist."""
    ranges = find_index_ranges(graph)
    return tuple(replace(port, index_range=ranges.get(port.name)) for port in ports)


def resident_chunks(schedule: Schedule, memory: MemoryMap) -> frozenset[str]:
    """Chunks whose bytes nothing else ever overwrites: they stay for the next inference."""
    allocations = sorted([*memory.activations.values(), *schedule.chunks.values()], key=lambda each: each.address)
    ends = [0, *itertools.accumulate((each.end for each in allocations), max)]
    starts = [*(each.address for each in allocations), ends[-1]]
    alone = {
        id(each)
        for index, each in enumerate(allocations)
        if ends[index] <= each.address and each.end <= starts[index + 1]
    }
    return frozenset(name for name, allocation in schedule.chunks.items() if id(allocation) in alone)


def _marked(item: Scheduled, resident: frozenset[str]) -> Instruction:
    """An instruction; the LOAD of constants that stay is skipped in every inference but the first."""
    if item.role is Role.LOAD and item.name in resident and isinstance(item.instruction, Load):
        return with_fields(item.instruction, {"once": 1})
    return item.instruction


# --- the image of external memory ------------------------------------------------------------------------------------


def _constants(lowered: KernelList, plan: SpillPlan, memory: MemoryMap) -> Iterator[tuple[str, bytes]]:
    """All constants in external memory by name: chunks, then those that come in windows."""
    yield from ((chunk.name, chunk.data) for chunk in memory.chunks)
    for name in plan.streamed:
        data = lowered.buffers[name].data
        if data is not None:
            yield name, data


def _image(pages: bytes, constants: Mapping[str, bytes], memory: MemoryMap) -> bytes:
    """External memory up to the end of the constants."""
    image = bytearray(memory.external.constants_bytes)
    image[: len(pages)] = pages
    for name, data in constants.items():
        address = memory.external.constants[name]
        image[address : address + len(data)] = data
    return bytes(image)
