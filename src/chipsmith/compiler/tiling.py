"""Tensors that do not fit on the chip live in external memory; the kernels that touch them run slice by slice.

A slice's windows (the bytes of such a tensor that it reads or writes) get places of their own for the time of the
slice, so that the next window arrives while this one is worked on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from chipsmith.chip.description import Chip
from chipsmith.compiler.build import Built
from chipsmith.compiler.kernels import STREAM_NAMES, Buffer, Kernel, Operand, Step
from chipsmith.compiler.memory import BEFORE, DoesNotFit, Life, lives
from chipsmith.compiler.slices import Axis, cut_axis, slice_step
from chipsmith.program.streams import Stream, streams


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Bytes that move between a tensor in external memory and a buffer on the chip.

    An import is needed by step `step` and may start once step `after` has run; an export follows step `step`.
    """

    buffer: str
    tensor: str
    offset: int
    size_bytes: int
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


def plan_whole(built: Built) -> Plan:
    """The plan in which every tensor has its place on the chip for its whole life."""
    return _Planner(built=built, spilled=(), slices={}, lanes=1).plan()


def plan_tiled(built: Built, chip: Chip, *, budget_bytes: int) -> Plan:
    """The plan in which activations never take more than a budget: the largest are spilled, their kernels sliced."""
    spilled = choose_spilled(built, budget_bytes=budget_bytes)
    slices = {
        at: _slices_needed(kernel, at, built, spilled, chip, budget_bytes)
        for at, kernel in enumerate(built.kernels)
        if _touches(kernel, spilled)
    }
    return _Planner(built=built, spilled=spilled, slices=slices, lanes=chip.vector.lanes).plan()


def choose_spilled(built: Built, *, budget_bytes: int) -> tuple[str, ...]:
    """Buffers to keep in external memory so that what is left and the windows fit: at each peak, the largest."""
    steps = [step for kernel in built.kernels for step in kernel.steps]
    inputs, outputs = _names(built.inputs), _names(built.outputs)
    found = lives(steps, inputs, outputs, built.buffers)
    sizes = {name: built.buffers[name].size_bytes for name in found}
    spilled: list[str] = []
    for at in range(BEFORE, len(steps) + 1):
        live = {name for name, life in found.items() if life.first <= at <= life.last and name not in spilled}
        # Half of the budget is left to the windows of what is spilled.
        while sum(sizes[name] for name in live) > (budget_bytes if not spilled else budget_bytes // 2):
            largest = max(live, key=lambda name: (sizes[name], name))
            spilled.append(largest)
            live.remove(largest)
    return tuple(spilled)


def _slices_needed(kernel: Kernel, at: int, built: Built, spilled: Sequence[str], chip: Chip, budget_bytes: int) -> int:
    """The fewest slices with which two sets of a kernel's windows fit beside what lives on the chip with it."""
    before = sum(len(one.steps) for one in built.kernels[:at])
    steps = [step for one in built.kernels for step in one.steps]
    found = lives(steps, _names(built.inputs), _names(built.outputs), built.buffers)
    now = Life(first=before, last=before + len(kernel.steps) - 1)
    resident = sum(
        built.buffers[name].size_bytes for name, life in found.items() if name not in spilled and life.meets(now)
    )
    room = (budget_bytes - resident) // 2
    count = 1
    while True:
        windows = [_windows(part, spilled) for part in _parts(kernel, count, chip.vector.lanes)]
        largest = max(sum(high - low for low, high in one.values()) for one in windows)
        if largest <= room:
            return count
        if count > max(axis.count for axis in _axes(kernel, chip.vector.lanes)):
            raise DoesNotFit(
                f"kernel {kernel.name} needs {largest} bytes at once even in its smallest slices; {chip.name} has "
                f"{max(room, 0)} bytes for it: choose a chip with more memory"
            )
        count += max(1, count // 4)


def _touches(kernel: Kernel, spilled: Iterable[str]) -> bool:
    return any(operand.buffer in spilled for step in kernel.steps for operand in step.operands)


def _names(views: Mapping[str, object]) -> list[str]:
    return [view.buffer for view in views.values()]  # type: ignore[attr-defined]


def _axes(kernel: Kernel, lanes: int) -> list[Axis]:
    return [cut_axis(step.template, lanes=lanes) or Axis(name="", count=1, granule=1) for step in kernel.steps]


def _parts(kernel: Kernel, count: int, lanes: int) -> list[list[Step]]:
    """The kernel's steps in so many slices at most: slice by slice, all channel parts of each."""
    axes = _axes(kernel, lanes)
    ranges = [axis.parts(count) for axis in axes]
    parts: list[list[Step]] = []
    for at in range(max(len(one) for one in ranges)):
        part = [
            slice_step(step, axis, *cut[at]) if axis.name else step
            for step, axis, cut in zip(kernel.steps, axes, ranges, strict=True)
            if at < len(cut)
        ]
        parts.append(part)
    return parts


Window = tuple[int, int]


def _windows(part: Sequence[Step], spilled: Iterable[str]) -> dict[tuple[str, bool], Window]:
    """The bytes of each spilled buffer that a slice reads (False) and writes (True)."""
    found: dict[tuple[str, bool], Window] = {}
    for step in part:
        extents = _extents(step)
        for operand in step.operands:
            if operand.buffer not in spilled or operand.stream not in extents:
                continue
            key = (operand.buffer, operand.written)
            low, high = extents[operand.stream]
            known = found.get(key, (low, high))
            # The base is in the window too, or its address could be negative.
            found[key] = (min(low, operand.base, known[0]), max(high, known[1]))
    return found


def _extents(step: Step) -> dict[str, Window]:
    """First byte and the byte after the last one of each stream, within its buffer."""
    return {name: (stream.first, stream.last + 1) for name, stream in _streams(step).items()}


def _streams(step: Step) -> dict[str, Stream]:
    """The streams of a step by the prefix of their fields, as if every buffer stood at address 0."""
    placed = replace(step.template, **{f"{one.stream}_base": one.base for one in step.operands})
    by_name = {stream.name: stream for stream in streams(placed)}
    return {prefix: by_name[name] for prefix, name in STREAM_NAMES.items() if name in by_name}


@dataclass
class _Planner:
    built: Built
    spilled: tuple[str, ...]
    slices: Mapping[int, int]
    lanes: int
    steps: list[Step] = field(default_factory=list)
    kernels: list[int] = field(default_factory=list)
    buffers: dict[str, Buffer] = field(default_factory=dict)
    windows: dict[str, Life] = field(default_factory=dict)
    imports: list[Transfer] = field(default_factory=list)
    exports: list[Transfer] = field(default_factory=list)
    written: dict[str, int] = field(default_factory=dict)

    def plan(self) -> Plan:
        self.buffers.update({name: one for name, one in self.built.buffers.items() if name not in self.spilled})
        for at, kernel in enumerate(self.built.kernels):
            if at in self.slices:
                for number, part in enumerate(_parts(kernel, self.slices[at], self.lanes)):
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
        )

    def _add(self, kernel: int, steps: Iterable[Step]) -> None:
        for step in steps:
            self.steps.append(step)
            self.kernels.append(kernel)

    def _slice(self, kernel: int, number: int, part: Sequence[Step]) -> None:
        first, last = len(self.steps), len(self.steps) + len(part) - 1
        windows = _windows(part, self.spilled)
        names = {key: f"{key[0]}@{kernel}.{number}.{'out' if key[1] else 'in'}" for key in windows}
        for (tensor, written), (low, high) in windows.items():
            name = names[tensor, written]
            self.buffers[name] = Buffer(name=name, size_bytes=high - low)
            self.windows[name] = Life(first=first if written else max(first - 1, 0), last=last + written)
            transfer = Transfer(buffer=name, tensor=tensor, offset=low, size_bytes=high - low, step=first)
            if written:
                self.exports.append(replace(transfer, step=last))
            if not written or not _dense(part, tensor, low, high):
                self.imports.append(replace(transfer, after=self.written.get(tensor, BEFORE)))
        self._add(kernel, (self._in_windows(step, windows, names) for step in part))
        self.written.update(dict.fromkeys((tensor for tensor, written in windows if written), last))

    def _in_windows(
        self,
        step: Step,
        windows: Mapping[tuple[str, bool], Window],
        names: Mapping[tuple[str, bool], str],
    ) -> Step:
        def moved(one: Operand) -> Operand:
            key = (one.buffer, one.written)
            return replace(one, buffer=names[key], base=one.base - windows[key][0]) if key in windows else one

        # A stream that touches nothing, such as the input of a slice that is all padding, has no window.
        touched = _extents(step)
        kept = [one for one in step.operands if one.stream in touched or one.buffer not in self.spilled]
        return replace(step, operands=tuple(moved(one) for one in kept))

    def _kept(self, views: Mapping[str, object]) -> list[str]:
        return [name for name in _names(views) if name not in self.spilled]

    def _whole_ports(self) -> None:
        """The transfers of inputs and outputs that stay on the chip."""
        for name in self._kept(self.built.inputs):
            touching = [at for at, step in enumerate(self.steps) if any(one.buffer == name for one in step.operands)]
            size = self.buffers[name].size_bytes
            if touching:
                self.imports.append(Transfer(buffer=name, tensor=name, offset=0, size_bytes=size, step=touching[0]))
        for name in self._kept(self.built.outputs):
            writing = [
                at
                for at, step in enumerate(self.steps)
                if any(one.buffer == name and one.written for one in step.operands)
            ]
            size = self.buffers[name].size_bytes
            step = writing[-1] if writing else BEFORE
            self.exports.append(Transfer(buffer=name, tensor=name, offset=0, size_bytes=size, step=step))


def _dense(part: Sequence[Step], tensor: str, low: int, high: int) -> bool:
    """Whether a slice writes every byte of a window; otherwise what stands there must be loaded first."""
    marked = np.zeros(high - low, np.bool_)
    for step in part:
        written = _streams(step)
        for one in step.operands:
            if one.buffer == tensor and one.written:
                stream = written[one.stream]
                marked[stream.first - low : stream.last + 1 - low] |= stream.marks()
    return bool(marked.all())
