"""Tensors that do not fit on the chip live in external memory; the kernels that touch them run slice by slice.

A slice's windows (the bytes of such a tensor that it reads or writes) get places of their own for the time of the
slice, so that the next window arrives while this one is worked on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.compiler.allocate.activations import BEFORE, DoesNotFit, Life, lives
from chipsmith.compiler.lower.kernel import Buffer, Kernel, Step
from chipsmith.compiler.lower.lower_graph import Built
from chipsmith.compiler.lower.view import View
from chipsmith.compiler.spill.dma_region import Box
from chipsmith.compiler.spill.footprint import in_windows, placed_streams, size_of, tiles, windows
from chipsmith.compiler.spill.slice import Axis, cut_axis, slice_step
from chipsmith.mapping.channels import LARGEST_SHARE
from chipsmith.program.instructions import INDIRECT_OPS, VectorInstruction


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Bytes that move between a tensor in external memory and a buffer on the chip.

    The buffer holds the rows of `box`, which are bytes of the tensor, one behind the other. An import is needed by
    step `step` and may start once step `after` has run; an export follows step `step`.
    """

    buffer: str
    tensor: str
    box: Box
    step: int
    after: int = BEFORE


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that the schedule orders: steps with the kernel of each, the life of each buffer, the transfers."""

    steps: tuple[Step, ...]
    kernels: tuple[int, ...]
    buffers: Mapping[str, Buffer]
    lifetimes: Mapping[str, Life]
    imports: tuple[Transfer, ...]
    exports: tuple[Transfer, ...]
    spilled: tuple[str, ...]
    streamed: tuple[str, ...]


def plan_whole(built: Built) -> Plan:
    """The plan in which every tensor has its place on the chip for its whole life."""
    return _Planner(built=built, spilled=(), streamed=(), slices={}).plan()


def plan_tiled(built: Built, chip: Chip, *, budget_bytes: int) -> Plan:
    """The plan in which activations never take more than a budget: the largest are spilled, their kernels sliced.

    Constants that the vector engine reads and that take half of what is left beside the budget come in windows too.
    """
    limit_bytes = (chip.memory_bytes - budget_bytes) // 2
    weights_limit_bytes = max(limit_bytes, chip.memory_bytes // LARGEST_SHARE)
    streamed = choose_streamed(built, limit_bytes=limit_bytes, weights_limit_bytes=weights_limit_bytes)
    spilled = choose_spilled(built, budget_bytes=budget_bytes, windowed=bool(streamed))
    external = frozenset((*spilled, *streamed))
    rooms = [(budget_bytes - one) // 2 for one in _resident_bytes(built, external)]
    slices = {
        at: _sliced(kernel, external, rooms[at], chip)
        for at, kernel in enumerate(built.kernels)
        if _touches(kernel, external)
    }
    return _Planner(built=built, spilled=spilled, streamed=streamed, slices=slices).plan()


def choose_spilled(built: Built, *, budget_bytes: int, windowed: bool = False) -> tuple[str, ...]:
    """Buffers to keep in external memory so that what is left and the windows fit: at each peak, the largest.

    `windowed`: there are windows even where no buffer is spilled.
    """
    found = _lives(built)
    sizes = {name: built.buffers[name].size_bytes for name in found}
    spilled: list[str] = []
    for at in range(BEFORE, sum(len(one.steps) for one in built.kernels) + 1):
        live = {name for name, life in found.items() if life.first <= at <= life.last and name not in spilled}
        # Half of the budget is left to the windows.
        while sum(sizes[name] for name in live) > (budget_bytes // 2 if spilled or windowed else budget_bytes):
            largest = max(live, key=lambda name: (sizes[name], name))
            spilled.append(largest)
            live.remove(largest)
    return tuple(spilled)


def choose_streamed(built: Built, *, limit_bytes: int, weights_limit_bytes: int) -> tuple[str, ...]:
    """Constants larger than a limit among the operands of the vector engine and the activations of the other.

    Those among the weights count from `weights_limit_bytes` on, which a convolution's parts of weights keep below.
    """
    limits = {"a": limit_bytes, "b": limit_bytes, "w": weights_limit_bytes}
    read = (one for kernel in built.kernels for step in kernel.steps for one in step.operands if one.stream in limits)
    found = dict.fromkeys(one.buffer for one in read if built.buffers[one.buffer].size_bytes > limits[one.stream])
    return tuple(name for name in found if built.buffers[name].data is not None)


def _lives(built: Built) -> dict[str, Life]:
    steps = [step for kernel in built.kernels for step in kernel.steps]
    return lives(steps, _names(built.inputs), _names(built.outputs), built.buffers)


def _resident_bytes(built: Built, external: Collection[str]) -> Iterator[int]:
    """Bytes that live on the chip while each kernel runs."""
    found = {name: life for name, life in _lives(built).items() if name not in external}
    at = 0
    for kernel in built.kernels:
        now = Life(first=at, last=at + len(kernel.steps) - 1)
        yield sum(built.buffers[name].size_bytes for name, life in found.items() if life.meets(now))
        at += len(kernel.steps)


def _sliced(kernel: Kernel, external: Collection[str], room_bytes: int, chip: Chip) -> list[list[Step]]:
    """The kernel in the fewest even slices whose windows fit twice, or step by step in tiles that do."""
    axes = _axes(kernel, chip.vector.lanes)
    count, most = 1, max(axis.count for axis in axes)
    # Slices in the middle are the largest: they are looked at first, and where the thinnest does not fit, none does.
    thinnest = _slices(kernel, axes, most)
    if size_of(thinnest[len(thinnest) // 2](), external) > room_bytes:
        count = most + 1
    while count <= most:
        parts = _slices(kernel, axes, count)
        if size_of(parts[len(parts) // 2](), external) <= room_bytes:
            made = [part() for part in parts]
            if all(size_of(part, external) <= room_bytes for part in made):
                return made
        count += max(1, count // 4)
    tiled = [[one] for step in kernel.steps for one in tiles(step, external, room_bytes=max(room_bytes, 1), chip=chip)]
    largest = max(size_of(part, external) for part in tiled)
    if largest > room_bytes:
        raise DoesNotFit(
            f"kernel {kernel.name} needs {largest} bytes at once even in its smallest parts; {chip.name} has "
            f"{max(room_bytes, 0)} bytes for it: choose a chip with more memory"
        )
    return tiled


def _touches(kernel: Kernel, spilled: Iterable[str]) -> bool:
    return any(operand.buffer in spilled for step in kernel.steps for operand in step.operands)


def _names(views: Mapping[str, View]) -> list[str]:
    return [view.buffer for view in views.values()]


def _axes(kernel: Kernel, lanes: int) -> list[Axis]:
    return [cut_axis(step.template, lanes=lanes) or Axis(name="", count=1, granule=1) for step in kernel.steps]


def _slices(kernel: Kernel, axes: Sequence[Axis], count: int) -> list[Callable[[], list[Step]]]:
    """What makes each of at most so many slices of a kernel: all channel parts of each."""
    ranges = [axis.parts(count) for axis in axes]

    def part(at: int) -> list[Step]:
        return [
            slice_step(step, axis, *cut[at]) if axis.name else step
            for step, axis, cut in zip(kernel.steps, axes, ranges, strict=True)
            if at < len(cut)
        ]

    return [partial(part, at) for at in range(max(len(one) for one in ranges))]


@dataclass
class _Planner:
    built: Built
    spilled: tuple[str, ...]
    streamed: tuple[str, ...]
    slices: Mapping[int, Sequence[Sequence[Step]]]
    steps: list[Step] = field(default_factory=list)
    kernels: list[int] = field(default_factory=list)
    buffers: dict[str, Buffer] = field(default_factory=dict)
    windows: dict[str, Life] = field(default_factory=dict)
    imports: list[Transfer] = field(default_factory=list)
    exports: list[Transfer] = field(default_factory=list)
    written: dict[str, int] = field(default_factory=dict)

    def plan(self) -> Plan:
        self.buffers.update({name: one for name, one in self.built.buffers.items() if name not in self.external})
        for at, kernel in enumerate(self.built.kernels):
            if at in self.slices:
                for number, part in enumerate(self.slices[at]):
                    self._slice(at, number, part)
            else:
                self._add(at, kernel.steps)
        self._whole_ports()
        lifetimes = lives(self.steps, self._kept(self.built.inputs), self._kept(self.built.outputs), self.buffers)
        return Plan(
            steps=tuple(self.steps),
            kernels=tuple(self.kernels),
            buffers=self.buffers,
            lifetimes={**lifetimes, **self.windows},
            imports=tuple(self.imports),
            exports=tuple(self.exports),
            spilled=self.spilled,
            streamed=self.streamed,
        )

    @cached_property
    def external(self) -> frozenset[str]:
        """The buffers that stand in external memory and come in windows."""
        return frozenset((*self.spilled, *self.streamed))

    def _add(self, kernel: int, steps: Iterable[Step]) -> None:
        for step in steps:
            self.steps.append(step)
            self.kernels.append(kernel)

    def _slice(self, kernel: int, number: int, part: Sequence[Step]) -> None:
        first, last = len(self.steps), len(self.steps) + len(part) - 1
        touched = windows(part, self.external)
        names = {key: f"{key[0]}@{kernel}.{number}.{'out' if key[1] else 'in'}" for key in touched}
        moved = [in_windows(step, touched, names, self.external) for step in part]
        for (tensor, written), box in touched.items():
            name = names[tensor, written]
            self.buffers[name] = Buffer(name=name, size_bytes=box.size_bytes)
            self.windows[name] = Life(first=first if written else max(first - 1, 0), last=last + written)
            transfer = Transfer(buffer=name, tensor=tensor, box=box, step=first)
            if written:
                self.exports.append(replace(transfer, step=last))
            if not written or not _dense(moved, name, box.size_bytes):
                self.imports.append(replace(transfer, after=self.written.get(tensor, BEFORE)))
        self._add(kernel, moved)
        self.written.update(dict.fromkeys((tensor for tensor, written in touched if written), last))

    def _kept(self, views: Mapping[str, View]) -> list[str]:
        return [name for name in _names(views) if name not in self.spilled]

    def _whole_ports(self) -> None:
        """The transfers of inputs and outputs that stay on the chip."""
        for name in self._kept(self.built.inputs):
            touching = [at for at, step in enumerate(self.steps) if any(one.buffer == name for one in step.operands)]
            size = self.buffers[name].size_bytes
            if touching:
                self.imports.append(Transfer(buffer=name, tensor=name, box=_whole(size), step=touching[0]))
        for name in self._kept(self.built.outputs):
            writing = [
                at
                for at, step in enumerate(self.steps)
                if any(one.buffer == name and one.written for one in step.operands)
            ]
            size = self.buffers[name].size_bytes
            step = writing[-1] if writing else BEFORE
            self.exports.append(Transfer(buffer=name, tensor=name, box=_whole(size), step=step))


def _whole(size_bytes: int) -> Box:
    return Box(low=0, rows=1, row_bytes=size_bytes, pitch=0)


def _dense(part: Sequence[Step], window: str, size_bytes: int) -> bool:
    """Whether a slice writes every byte of a window; otherwise what stands there must be loaded first."""
    marked = np.zeros(size_bytes, np.bool_)
    for step in part:
        if isinstance(step.template, VectorInstruction) and step.template.op in INDIRECT_OPS:
            continue  # data decides what it writes
        written = placed_streams(step)
        for one in step.operands:
            if one.buffer == window:
                stream = written[one.stream]
                marked[stream.first : stream.last + 1] |= stream.mask()
    return bool(marked.all())
