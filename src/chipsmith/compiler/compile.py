"""Graph and Chip to Program: the stages of the compiler, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chipsmith.chip.description import Chip
from chipsmith.compiler.build import Built, build
from chipsmith.compiler.constants import Chunk, pack_constants
from chipsmith.compiler.kernels import Step
from chipsmith.compiler.memory import BEFORE, Life, Place, lives, place_activations
from chipsmith.compiler.schedule import Export, Import, Schedule, Scheduled, Scheduler, pages_needed
from chipsmith.compiler.views import View
from chipsmith.program.instructions import End, Instruction, Load
from chipsmith.program.program import (
    BufferSpan,
    KernelSpan,
    Manifest,
    Port,
    Program,
    encode_pages,
    page_bytes,
)
from chipsmith.tosa.graph import Graph

EXTERNAL_ALIGNMENT = 64


def compile_graph(graph: Graph, chip: Chip) -> Program:
    """The Program that computes a graph on a chip.

    Raises OperatorRefused with the operator and the reason where the chip cannot hold the network.
    """
    built = build(graph, chip)
    steps = [step for kernel in built.kernels for step in kernel.steps]
    lifetimes = lives(steps, _buffers(built.inputs), _buffers(built.outputs), built.buffers)
    activations = place_activations(steps, lifetimes, built.buffers, chip)
    chunks = pack_constants(steps, built.buffers, limit_bytes=chip.memory.group_bytes)
    image = _lay_out(built, chunks, len(steps), chip)
    schedule = Scheduler(
        chip=chip,
        steps=steps,
        chunks=chunks,
        activations=activations,
        imports=_imports(built, image, activations, steps),
        exports=_exports(built, image, activations, steps),
        chunk_addresses=image.chunks,
    ).run()
    kept = _resident(schedule, activations)
    instructions = (*(_marked(item, kept) for item in schedule.items), End())
    return Program(
        chip=chip,
        instructions=instructions,
        constants=_constants(encode_pages(chip, instructions), chunks, image),
        manifest=_manifest(graph, built, schedule, activations, chunks, image, kept),
    )


@dataclass(frozen=True, kw_only=True)
class _External:
    """Addresses in external memory: chunks of constants behind the pages, then the ports."""

    chunks: Mapping[str, int]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    constants_bytes: int
    bytes: int


def _buffers(views: Mapping[str, View]) -> list[str]:
    return [view.buffer for view in views.values()]


def _aligned(address: int) -> int:
    return -(-address // EXTERNAL_ALIGNMENT) * EXTERNAL_ALIGNMENT


def _lay_out(built: Built, chunks: Sequence[Chunk], steps: int, chip: Chip) -> _External:
    items = steps + len(chunks) + len(built.inputs) + len(built.outputs)
    at = _aligned(pages_needed(chip, items) * page_bytes(chip))
    addresses: dict[str, int] = {}
    for chunk in chunks:
        addresses[chunk.name] = at
        at = _aligned(at + len(chunk.data))
    constants_bytes = at
    ports: list[Port] = []
    for name, view in (*built.inputs.items(), *built.outputs.items()):
        ports.append(_port(name, view, at))
        at = _aligned(at + ports[-1].size_bytes)
    count = len(built.inputs)
    return _External(
        chunks=addresses,
        inputs=tuple(ports[:count]),
        outputs=tuple(ports[count:]),
        constants_bytes=constants_bytes,
        bytes=at,
    )


def _port(name: str, view: View, address: int) -> Port:
    size = view.dtype.size_bytes
    for count in view.shape:
        size *= count
    kind = view.dtype.numpy.newbyteorder("<").str.replace("|", "<")
    return Port(name=name, shape=view.shape, dtype=kind, address=address, size_bytes=size)


def _imports(
    built: Built, image: _External, activations: Mapping[str, Place], steps: Sequence[Step]
) -> list[Import]:
    return [
        Import(
            name=port.name,
            place=activations[built.inputs[port.name].buffer],
            external_address=port.address,
            first_step=_touching(steps, built.inputs[port.name].buffer)[0],
        )
        for port in image.inputs
    ]


def _exports(
    built: Built, image: _External, activations: Mapping[str, Place], steps: Sequence[Step]
) -> list[Export]:
    return [
        Export(
            name=port.name,
            place=activations[built.outputs[port.name].buffer],
            external_address=port.address,
            last_step=_writing(steps, built.outputs[port.name].buffer)[-1],
        )
        for port in image.outputs
    ]


def _touching(steps: Sequence[Step], buffer: str) -> list[int]:
    return [at for at, step in enumerate(steps) if any(one.buffer == buffer for one in step.operands)] or [len(steps)]


def _writing(steps: Sequence[Step], buffer: str) -> list[int]:
    written = [
        at for at, step in enumerate(steps) if any(one.buffer == buffer and one.written for one in step.operands)
    ]
    return written or [BEFORE]


def _resident(schedule: Schedule, activations: Mapping[str, Place]) -> frozenset[str]:
    """Chunks whose bytes nothing else overwrites: they stay for the next inference."""
    kept: set[str] = set()
    forever = Life(first=BEFORE, last=len(schedule.items))
    for name, place in schedule.chunks.items():
        whole = replace(place, life=forever)
        others = [*activations.values(), *(one for other, one in schedule.chunks.items() if other != name)]
        if not any(whole.clashes(one) for one in others):
            kept.add(name)
    return frozenset(kept)


def _marked(item: Scheduled, kept: frozenset[str]) -> Instruction:
    if item.role == "load" and item.name in kept and isinstance(item.instruction, Load):
        return replace(item.instruction, once=1)
    return item.instruction


def _constants(pages: bytes, chunks: Sequence[Chunk], image: _External) -> bytes:
    memory = bytearray(image.constants_bytes)
    memory[: len(pages)] = pages
    for chunk in chunks:
        at = image.chunks[chunk.name]
        memory[at : at + len(chunk.data)] = chunk.data
    return bytes(memory)


def _manifest(
    graph: Graph,
    built: Built,
    schedule: Schedule,
    activations: Mapping[str, Place],
    chunks: Sequence[Chunk],
    image: _External,
    kept: frozenset[str],
) -> Manifest:
    positions = {item.step: at for at, item in enumerate(schedule.items) if item.role == "step"}
    loads = {item.name: at for at, item in enumerate(schedule.items) if item.role == "load"}
    spans = [
        _span(name, place, positions, loads.get(name), len(schedule.items))
        for name, place in (*activations.items(), *schedule.chunks.items())
    ]
    return Manifest(
        network=graph.name,
        inputs=image.inputs,
        outputs=image.outputs,
        external_bytes=image.bytes,
        memory_peak_bytes=_peak(spans),
        weight_bytes=sum(len(chunk.data) for chunk in chunks),
        resident=tuple(sorted(kept)),
        operators=built.placements,
        kernels=_kernel_spans(built, positions),
        buffers=tuple(spans),
    )


def _kernel_spans(built: Built, positions: Mapping[int, int]) -> tuple[KernelSpan, ...]:
    spans: list[KernelSpan] = []
    at = 0
    for kernel in built.kernels:
        indices = tuple(positions[step] for step in range(at, at + len(kernel.steps)))
        spans.append(KernelSpan(name=kernel.name, kind=kernel.kind, instructions=indices, macs=kernel.macs))
        at += len(kernel.steps)
    return tuple(spans)


def _span(
    name: str, place: Place, positions: Mapping[int, int], load: int | None, count: int
) -> BufferSpan:
    first = load if load is not None else positions.get(place.life.first, 0)
    return BufferSpan(
        name=name,
        address=place.address,
        size_bytes=place.size_bytes,
        first_instruction=first,
        last_instruction=positions.get(place.life.last, count),
    )


def _peak(spans: Sequence[BufferSpan]) -> int:
    """Most bytes that live at once."""
    changes = sorted(
        change
        for one in spans
        for change in ((one.first_instruction, one.size_bytes), (one.last_instruction + 1, -one.size_bytes))
    )
    peak = now = 0
    for _, change in sorted(changes, key=lambda one: (one[0], one[1])):
        now += change
        peak = max(peak, now)
    return peak
