"""Graph and Chip to Program: the stages of the compiler, in order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from chipsmith.chip.description import Chip
from chipsmith.compiler.allocate.activations import BEFORE, DoesNotFit, Life, Place, place_activations
from chipsmith.compiler.allocate.packing import Chunk, pack_constants
from chipsmith.compiler.lower.lower_graph import Built, build
from chipsmith.compiler.lower.view import View
from chipsmith.compiler.schedule.list_schedule import Export, Import, Schedule, Scheduled, Scheduler, pages_needed
from chipsmith.compiler.spill.plan import Plan, Transfer, plan_tiled, plan_whole
from chipsmith.mapping.channels import LARGEST_SHARE
from chipsmith.program.arithmetic import round_up
from chipsmith.program.instructions import End, Instruction, Load
from chipsmith.program.locks import EXTERNAL_REGIONS
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
from chipsmith.tosa.passes.canonicalize import canonicalize

EXTERNAL_ALIGNMENT = 64
BUDGET_SHARES = (0.8, 0.65, 0.5, 0.4, 0.3, 0.2)
"""Shares of the on-chip memory that activations may take, tried in turn; the rest is for constants."""
RECALLED_SHARE = 2
"""A constant is loaded again where between two uses more than this part (one over) of the memory is used."""


def compile_graph(graph: Graph, chip: Chip) -> Program:
    """The Program that computes a graph on a chip, from the graph's canonical form.

    Raises OperatorRefused with the operator and the reason where the chip cannot hold the network.
    """
    _refuse_large_tensors(graph, chip)
    return lower_graph(canonicalize(graph), chip)


def lower_graph(graph: Graph, chip: Chip) -> Program:
    """The Program that computes a graph on a chip operator by operator: nothing is folded away beforehand.

    Raises OperatorRefused with the operator and the reason where the chip cannot hold the network.
    """
    _refuse_large_tensors(graph, chip)
    built = build(graph, chip)
    _refuse_beyond_external(graph, built, chip)
    reason: DoesNotFit | None = None
    for plan in _plans(built, chip):
        try:
            return _program(graph, built, plan(), chip)
        except DoesNotFit as error:
            reason = error
    raise reason or DoesNotFit(f"network {graph.name} does not fit on {chip.name}")


def _refuse_large_tensors(graph: Graph, chip: Chip) -> None:
    """Refuse, before any work, a network with a tensor that the external memory cannot hold with a byte an element."""
    for tensor in graph.tensors.values():
        if tensor.elements > chip.external_bytes:
            raise DoesNotFit(
                f"tensor {tensor.name} of network {graph.name} has {tensor.elements} elements; the external memory of "
                f"{chip.name} has {chip.external_bytes} bytes: raise external.size_mib or choose another chip"
            )


def _refuse_beyond_external(graph: Graph, built: Built, chip: Chip) -> None:
    """Refuse, before any work, a network whose ports and constants alone are more than the external memory."""
    ports = {*(view.buffer for view in built.inputs.values()), *(view.buffer for view in built.outputs.values())}
    constants = {one.data for one in built.buffers.values() if one.data is not None}
    least = sum(built.buffers[name].size_bytes for name in ports) + sum(len(data) for data in constants)
    if least > chip.external_bytes:
        raise DoesNotFit(
            f"network {graph.name} has {least} bytes of inputs, outputs and constants; the external memory of "
            f"{chip.name} has {chip.external_bytes}: raise external.size_mib or choose another chip"
        )


def _plans(built: Built, chip: Chip) -> Iterator[Callable[[], Plan]]:
    """Ways to use the memory, the fastest first: everything on the chip, then less and less of the activations."""
    yield lambda: plan_whole(built)
    for share in BUDGET_SHARES:
        yield partial(plan_tiled, built, chip, budget_bytes=int(chip.memory_bytes * share))


def _program(graph: Graph, built: Built, plan: Plan, chip: Chip) -> Program:
    activations = place_activations(plan.steps, plan.lifetimes, plan.buffers, chip)
    packed = pack_constants(
        plan.steps,
        plan.buffers,
        limit_bytes=chip.memory_bytes // LARGEST_SHARE,
        recall_bytes=chip.memory_bytes // RECALLED_SHARE,
    )
    chunks = packed.chunks
    image = _lay_out(built, plan, chunks, chip)
    if image.bytes > chip.external_bytes:
        raise DoesNotFit(
            f"network {graph.name} needs {image.bytes} bytes of external memory with the tensors that do not fit on "
            f"the chip; {chip.name} has {chip.external_bytes}: raise external.size_mib or choose another chip"
        )
    schedule = Scheduler(
        chip=chip,
        steps=packed.steps,
        chunks=chunks,
        activations=activations,
        imports=[_import(one, plan, image, activations) for one in plan.imports],
        exports=[_export(one, plan, image, activations) for one in plan.exports],
        chunk_addresses=image.chunks,
    ).run()
    kept = _resident(schedule, activations)
    instructions = (*(_marked(item, kept) for item in schedule.items), End())
    constants = [*chunks, *_streamed(built, plan)]
    return Program(
        chip=chip,
        instructions=instructions,
        constants=_constants(encode_pages(chip, instructions), constants, image),
        manifest=_manifest(graph, built, plan, schedule, activations, constants, image, kept),
    )


@dataclass(frozen=True, kw_only=True)
class _External:
    """Addresses in external memory: chunks of constants behind the pages, then the ports, then spilled tensors.

    Constants that come in windows are among both the chunks and the tensors.
    """

    chunks: Mapping[str, int]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    tensors: Mapping[str, int]
    constants_bytes: int
    bytes: int


def _aligned(address: int) -> int:
    return round_up(address, EXTERNAL_ALIGNMENT)


def _lay_out(built: Built, plan: Plan, chunks: Sequence[Chunk], chip: Chip) -> _External:
    items = len(plan.steps) + len(chunks) + len(plan.imports) + len(plan.exports)
    at = _aligned(pages_needed(chip, items) * page_bytes(chip))
    addresses: dict[str, int] = {}
    stored: dict[bytes, int] = {}
    for chunk in chunks:
        addresses[chunk.name] = stored.setdefault(chunk.data, at)
        if addresses[chunk.name] == at:
            at = _aligned(at + len(chunk.data))
    streamed: dict[str, int] = {}
    for name in plan.streamed:
        streamed[name] = at
        at = _aligned(at + built.buffers[name].size_bytes)
    constants_bytes = at
    ports: list[Port] = []
    tensors = dict(streamed)
    for name, view in (*built.inputs.items(), *built.outputs.items()):
        ports.append(_port(name, view, at))
        tensors[view.buffer] = at
        at = _aligned(at + ports[-1].size_bytes)
    for name in plan.spilled:
        if name not in tensors:
            tensors[name] = at
            at = _aligned(at + built.buffers[name].size_bytes)
    count = len(built.inputs)
    return _External(
        chunks=addresses | streamed,
        inputs=tuple(ports[:count]),
        outputs=tuple(ports[count:]),
        tensors=tensors,
        constants_bytes=constants_bytes,
        bytes=at,
    )


def _port(name: str, view: View, address: int) -> Port:
    size = view.dtype.size_bytes
    for count in view.shape:
        size *= count
    kind = view.dtype.numpy.newbyteorder("<").str.replace("|", "<")
    return Port(name=name, shape=view.shape, dtype=kind, address=address, size_bytes=size)


def _import(one: Transfer, plan: Plan, image: _External, activations: Mapping[str, Place]) -> Import:
    return Import(
        name=one.buffer,
        place=activations[one.buffer],
        external_address=image.tensors[one.tensor] + one.box.low,
        box=one.box,
        first_step=one.step,
        after_step=one.after,
        external_locks=_region(one.tensor, plan),
    )


def _export(one: Transfer, plan: Plan, image: _External, activations: Mapping[str, Place]) -> Export:
    return Export(
        name=one.buffer,
        place=activations[one.buffer],
        external_address=image.tensors[one.tensor] + one.box.low,
        box=one.box,
        last_step=one.step,
        external_locks=_region(one.tensor, plan),
    )


def _region(tensor: str, plan: Plan) -> int:
    """The external region that a spilled tensor's transfers hold, so that none reads what is still being written."""
    return 1 << plan.spilled.index(tensor) % EXTERNAL_REGIONS if tensor in plan.spilled else 0


def _resident(schedule: Schedule, activations: Mapping[str, Place]) -> frozenset[str]:
    """Chunks whose bytes nothing else ever overwrites: they stay for the next inference."""
    places = sorted([*activations.values(), *schedule.chunks.values()], key=lambda one: one.address)
    ends = [0, *itertools.accumulate((one.end for one in places), max)]
    starts = [*(one.address for one in places), ends[-1]]
    alone = {id(one) for at, one in enumerate(places) if ends[at] <= one.address and one.end <= starts[at + 1]}
    return frozenset(name for name, place in schedule.chunks.items() if id(place) in alone)


def _marked(item: Scheduled, kept: frozenset[str]) -> Instruction:
    if item.role == "load" and item.name in kept and isinstance(item.instruction, Load):
        return replace(item.instruction, once=1)
    return item.instruction


def _streamed(built: Built, plan: Plan) -> list[Chunk]:
    """The constants that come in windows, each a chunk of its own."""
    steps = Life(first=BEFORE, last=len(plan.steps))
    return [
        Chunk(name=name, data=data, offsets={name: 0}, first_step=steps.first, last_step=steps.last)
        for name in plan.streamed
        if (data := built.buffers[name].data) is not None
    ]


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
    plan: Plan,
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
        weight_bytes=sum(len(data) for data in {chunk.data for chunk in chunks}),
        resident=tuple(sorted(kept)),
        operators=built.placements,
        kernels=_kernel_spans(built, plan, positions),
        buffers=tuple(spans),
    )


def _kernel_spans(built: Built, plan: Plan, positions: Mapping[int, int]) -> tuple[KernelSpan, ...]:
    indices: list[list[int]] = [[] for _ in built.kernels]
    for step, kernel in enumerate(plan.kernels):
        indices[kernel].append(positions[step])
    return tuple(
        KernelSpan(name=kernel.name, kind=kernel.kind, instructions=tuple(found), macs=kernel.macs)
        for kernel, found in zip(built.kernels, indices, strict=True)
    )


def _span(name: str, place: Place, positions: Mapping[int, int], load: int | None, count: int) -> BufferSpan:
    first = load if load is not None else positions.get(place.life.first, 0)
    return BufferSpan(
        name=name,
        address=place.address,
        size_bytes=place.size_bytes,
        first_instruction=first,
        last_instruction=positions.get(place.life.last, count),
    )
