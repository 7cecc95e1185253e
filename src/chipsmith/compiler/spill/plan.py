"""Tensors that do not fit on the chip live in external memory; the kernels that touch them run slice by slice.

A slice's windows (the bytes of such a tensor that it reads or writes) get places of their own for the time of the
slice, so that the next window arrives while this one is worked on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.compiler.lower.kernel import Buffer, Kernel, KernelList, StreamOperand, UnplacedInstruction
from chipsmith.compiler.lower.slice import CutAxis, cut_axis, slice_step
from chipsmith.compiler.lower.view import View
from chipsmith.compiler.spill.dma_region import DmaRegion, StreamUse
from chipsmith.compiler.spill.footprint import footprint_bytes, footprint_of, redirect_step, tile_step
from chipsmith.compiler.spill.live_range import AT_ENTRY, LiveRange, find_live_ranges
from chipsmith.compiler.spill.spill_plan import BufferTransfer, SpillPlan
from chipsmith.mapping.channels import LARGEST_SHARE
from chipsmith.program.arithmetic import ceil_div
from chipsmith.program.instructions import VectorInstruction
from chipsmith.program.stream_fields import StreamName

BUDGET_SHARES = (0.8, 0.65, 0.5, 0.4, 0.3, 0.2)
"""Shares of the on-chip memory that activations may take, tried in turn; the rest is for constants."""


def plans(lowered: KernelList, chip: Chip) -> Iterator[Callable[[], SpillPlan]]:
    """Ways to use the memory, the fastest first: everything on the chip, then less and less of the activations.

    Each raises DoesNotFit where it is none.
    """
    yield partial(plan_whole, lowered)
    for share in BUDGET_SHARES:
        yield partial(plan_tiled, lowered, chip, budget_bytes=int(chip.memory_bytes * share))


def plan_whole(lowered: KernelList) -> SpillPlan:
    """The plan in which every tensor has its place on the chip for its whole live range."""
    return _Planner(lowered=lowered, spilled=(), streamed=(), slices={}).plan()


def plan_tiled(lowered: KernelList, chip: Chip, *, budget_bytes: int) -> SpillPlan:
    """The plan in which activations never take more than a budget: the largest are spilled, their kernels sliced.

    Constants that the vector engine reads and that take half of what is left beside the budget come in windows too.
    """
    limit_bytes = (chip.memory_bytes - budget_bytes) // 2
    weights_limit_bytes = max(limit_bytes, chip.memory_bytes // LARGEST_SHARE)
    streamed = choose_streamed(lowered, limit_bytes=limit_bytes, weights_limit_bytes=weights_limit_bytes)
    spilled = choose_spilled(lowered, budget_bytes=budget_bytes, windowed=bool(streamed))
    external = frozenset((*spilled, *streamed))
    rooms = [(budget_bytes - resident_bytes) // 2 for resident_bytes in _resident_bytes(lowered, external)]
    slices = {
        index: _sliced(kernel, external, rooms[index], chip)
        for index, kernel in enumerate(lowered.kernels)
        if _reads_or_writes(kernel, external)
    }
    return _Planner(lowered=lowered, spilled=spilled, streamed=streamed, slices=slices).plan()


def choose_spilled(lowered: KernelList, *, budget_bytes: int, windowed: bool = False) -> tuple[str, ...]:
    """Buffers to keep in external memory so that what is left and the windows fit: at each peak, the largest.

    `windowed`: there are windows even where no buffer is spilled.
    """
    live_ranges = _live_ranges(lowered)
    sizes = {name: lowered.buffers[name].size_bytes for name in live_ranges}
    spilled: list[str] = []
    for step in range(AT_ENTRY, len(lowered.steps) + 1):
        live = {
            name
            for name, live_range in live_ranges.items()
            if live_range.first <= step <= live_range.last and name not in spilled
        }
        # Half of the budget is left to the windows.
        while sum(sizes[name] for name in live) > (budget_bytes // 2 if spilled or windowed else budget_bytes):
            largest = max(live, key=lambda name: (sizes[name], name))
            spilled.append(largest)
            live.remove(largest)
    return tuple(spilled)


def choose_streamed(lowered: KernelList, *, limit_bytes: int, weights_limit_bytes: int) -> tuple[str, ...]:
    """Constants larger than a limit among the operands of the vector engine and the activations of the other.

    Those among the weights count from `weights_limit_bytes` on, which a convolution's parts of weights keep below.
    """
    limits = {StreamName.A: limit_bytes, StreamName.B: limit_bytes, StreamName.WEIGHTS: weights_limit_bytes}
    read = (operand for step in lowered.steps for operand in step.operands if operand.stream in limits)
    streamed = dict.fromkeys(
        operand.buffer for operand in read if lowered.buffers[operand.buffer].size_bytes > limits[operand.stream]
    )
    return tuple(name for name in streamed if lowered.buffers[name].data is not None)


def _live_ranges(lowered: KernelList) -> dict[str, LiveRange]:
    return find_live_ranges(lowered.steps, _names(lowered.inputs), _names(lowered.outputs), lowered.buffers)


def _resident_bytes(lowered: KernelList, external: Collection[str]) -> Iterator[int]:
    """Bytes that live on the chip while each kernel runs."""
    live_ranges = {name: live_range for name, live_range in _live_ranges(lowered).items() if name not in external}
    step = 0
    for kernel in lowered.kernels:
        now = LiveRange(first=step, last=step + len(kernel.steps) - 1)
        yield sum(
            lowered.buffers[name].size_bytes for name, live_range in live_ranges.items() if live_range.overlaps(now)
        )
        step += len(kernel.steps)


def _sliced(kernel: Kernel, external: Collection[str], room_bytes: int, chip: Chip) -> list[list[UnplacedInstruction]]:
    """The kernel in the fewest even slices whose windows fit twice, or step by step in tiles that do."""
    axes = _axes(kernel, chip.vector.lanes)
    count, most = 1, max(axis.count for axis in axes)
    # Slices in the middle are the largest: they are looked at first, and where the thinnest does not fit, none does.
    thinnest = _Slices(kernel=kernel, axes=axes, wanted=most)
    if footprint_bytes(thinnest.steps(thinnest.count // 2), external) > room_bytes:
        count = most + 1
    while count <= most:
        slices = _slice_where_all_fit(_Slices(kernel=kernel, axes=axes, wanted=count), external, room_bytes)
        if slices is not None:
            return slices
        count += max(1, count // 4)
    tiled = [
        [tile] for step in kernel.steps for tile in tile_step(step, external, room_bytes=max(room_bytes, 1), chip=chip)
    ]
    largest = max(footprint_bytes(part, external) for part in tiled)
    if largest > room_bytes:
        raise DoesNotFit(
            f"kernel {kernel.name} needs {largest} bytes at once even in its smallest parts; {chip.name} has "
            f"{max(room_bytes, 0)} bytes for it: choose a chip with more memory",
            part=kernel.name.partition(":")[2],
        )
    return tiled


def _slice_where_all_fit(
    parts: _Slices, external: Collection[str], room_bytes: int
) -> list[list[UnplacedInstruction]] | None:
    """The slices of a kernel; None as soon as one, the middle one first, does not fit."""
    if footprint_bytes(parts.steps(parts.count // 2), external) > room_bytes:
        return None
    slices: list[list[UnplacedInstruction]] = []
    for number in range(parts.count):
        steps = parts.steps(number)
        if footprint_bytes(steps, external) > room_bytes:
            return None
        slices.append(steps)
    return slices


def _reads_or_writes(kernel: Kernel, spilled: Iterable[str]) -> bool:
    return any(operand.buffer in spilled for step in kernel.steps for operand in step.operands)


def _names(views: Mapping[str, View]) -> list[str]:
    return [view.buffer for view in views.values()]


def _axes(kernel: Kernel, lanes: int) -> list[CutAxis]:
    return [cut_axis(step.template, lanes=lanes) or CutAxis(name="", count=1, granule=1) for step in kernel.steps]


@dataclass(frozen=True, kw_only=True)
class _Slices:
    """At most `wanted` slices of a kernel: all channel parts of each."""

    kernel: Kernel
    axes: Sequence[CutAxis]
    wanted: int

    @cached_property
    def sizes(self) -> list[int]:
        """The count of a slice along each step's axis."""
        return [axis.part_size(self.wanted) for axis in self.axes]

    @cached_property
    def count(self) -> int:
        """How many there are."""
        return max(ceil_div(axis.count, size) for axis, size in zip(self.axes, self.sizes, strict=True))

    def steps(self, number: int) -> list[UnplacedInstruction]:
        """The steps of one of them."""
        cuts = zip(self.kernel.steps, self.axes, self.sizes, strict=True)
        return [
            slice_step(step, axis, number * size, min((number + 1) * size, axis.count)) if axis.name else step
            for step, axis, size in cuts
            if number * size < axis.count
        ]


@dataclass
class _Planner:
    lowered: KernelList
    spilled: tuple[str, ...]
    streamed: tuple[str, ...]
    slices: Mapping[int, Sequence[Sequence[UnplacedInstruction]]]
    steps: list[UnplacedInstruction] = field(default_factory=list)
    kernels: list[int] = field(default_factory=list)
    buffers: dict[str, Buffer] = field(default_factory=dict)
    window_ranges: dict[str, LiveRange] = field(default_factory=dict)
    imports: list[BufferTransfer] = field(default_factory=list)
    exports: list[BufferTransfer] = field(default_factory=list)
    written: dict[str, int] = field(default_factory=dict)

    def plan(self) -> SpillPlan:
        self.buffers.update(
            {name: buffer for name, buffer in self.lowered.buffers.items() if name not in self.external}
        )
        for index, kernel in enumerate(self.lowered.kernels):
            if index in self.slices:
                for number, part in enumerate(self.slices[index]):
                    self._slice(index, number, part)
            else:
                self._add(index, kernel.steps)
        self._whole_ports()
        live_ranges = find_live_ranges(
            self.steps, self._kept(self.lowered.inputs), self._kept(self.lowered.outputs), self.buffers
        )
        return SpillPlan(
            steps=tuple(self.steps),
            kernels=tuple(self.kernels),
            buffers=self.buffers,
            live_ranges={**live_ranges, **self.window_ranges},
            imports=tuple(self.imports),
            exports=tuple(self.exports),
            spilled=self.spilled,
            streamed=self.streamed,
        )

    @cached_property
    def external(self) -> frozenset[str]:
        """The buffers that stand in external memory and come in windows."""
        return frozenset((*self.spilled, *self.streamed))

    def _add(self, kernel: int, steps: Iterable[UnplacedInstruction]) -> None:
        for step in steps:
            self.steps.append(step)
            self.kernels.append(kernel)

    def _slice(self, kernel: int, number: int, part: Sequence[UnplacedInstruction]) -> None:
        first, last = len(self.steps), len(self.steps) + len(part) - 1
        footprint = footprint_of(part, self.external)
        names = {key: f"{key[0]}@{kernel}.{number}.{'out' if key[1] else 'in'}" for key in footprint}
        moved = [redirect_step(step, footprint, names, self.external) for step in part]
        for (tensor, written), region in footprint.items():
            name = names[tensor, written]
            self.buffers[name] = Buffer(name=name, size_bytes=region.size_bytes)
            self.window_ranges[name] = LiveRange(first=first if written else max(first - 1, 0), last=last + written)
            transfer = BufferTransfer(buffer=name, tensor=tensor, region=region, step=first)
            if written:
                self.exports.append(replace(transfer, step=last))
            if not written or not _dense(moved, name, region.size_bytes):
                self.imports.append(replace(transfer, after=self.written.get(tensor, AT_ENTRY)))
        self._add(kernel, moved)
        self.written.update(dict.fromkeys((tensor for tensor, written in footprint if written), last))

    def _kept(self, views: Mapping[str, View]) -> list[str]:
        return [name for name in _names(views) if name not in self.spilled]

    def _whole_ports(self) -> None:
        """The transfers of inputs and outputs that stay on the chip."""
        for name in self._kept(self.lowered.inputs):
            readers = [number for number, operand in self._operands() if operand.buffer == name]
            if readers:
                self.imports.append(self._whole(name, step=readers[0]))
        for name in self._kept(self.lowered.outputs):
            writers = [number for number, operand in self._operands() if operand.buffer == name and operand.written]
            self.exports.append(self._whole(name, step=writers[-1] if writers else AT_ENTRY))

    def _operands(self) -> Iterator[tuple[int, StreamOperand]]:
        """Every operand with the number of its step."""
        for number, step in enumerate(self.steps):
            for operand in step.operands:
                yield number, operand

    def _whole(self, name: str, *, step: int) -> BufferTransfer:
        """The transfer of all bytes of a port."""
        region = DmaRegion(low=0, rows=1, row_bytes=self.buffers[name].size_bytes, pitch=0)
        return BufferTransfer(buffer=name, tensor=name, region=region, step=step)


def _dense(part: Sequence[UnplacedInstruction], window: str, size_bytes: int) -> bool:
    """Whether a slice writes every byte of a window; otherwise what stands there must be loaded first."""
    written = tuple(
        StreamUse(step.template, operand.stream, operand.base)
        for step in part
        if not (isinstance(step.template, VectorInstruction) and step.template.writes_by_data)
        for operand in step.operands
        if operand.buffer == window
    )
    return _fill(written, size_bytes)


@lru_cache(maxsize=1 << 14)
def _fill(uses: tuple[StreamUse, ...], size_bytes: int) -> bool:
    """Whether streams together touch every byte of a buffer."""
    marked = np.zeros(size_bytes, np.bool_)
    for use in uses:
        stream = use.stream
        marked[use.base + stream.first : use.base + stream.last + 1] |= stream.mask()
    return bool(marked.all())
