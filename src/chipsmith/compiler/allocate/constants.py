"""Where constants stand: chosen when their LOAD is issued, beside the activations, which stand already."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from chipsmith.chip.description import Chip
from chipsmith.compiler.allocate.activations import ALIGNMENT, Allocation, free_addresses
from chipsmith.compiler.spill.live_range import LiveRange
from chipsmith.program.arithmetic import round_up

Start = Callable[[range], int]
"""The cycle in which a LOAD into a range of bank groups would start."""


@dataclass
class ByteSet:
    """A set of bytes, as ranges that neither meet nor touch, in order."""

    ranges: list[tuple[int, int]] = field(default_factory=list)

    def add(self, first: int, end: int) -> None:
        """Add the bytes from `first` to before `end`."""
        low = bisect_right(self.ranges, (first, first))
        low -= low > 0 and self.ranges[low - 1][1] >= first
        high = low
        while high < len(self.ranges) and self.ranges[high][0] <= end:
            first, end = min(first, self.ranges[high][0]), max(end, self.ranges[high][1])
            high += 1
        self.ranges[low:high] = [(first, end)]

    def overlaps(self, first: int, end: int) -> bool:
        """Whether some byte from `first` to before `end` is in the set."""
        index = bisect_right(self.ranges, (first, first))
        before = index > 0 and self.ranges[index - 1][1] > first
        return before or (index < len(self.ranges) and self.ranges[index][0] < end)


class ConstantAllocator:
    """The places of constants so far; steps are numbered and `find` is asked with ever later ones."""

    def __init__(self, activations: Iterable[Allocation], chip: Chip) -> None:
        self.allocations: dict[str, Allocation] = {}
        self._chip = chip
        self._coming = sorted(activations, key=lambda allocation: allocation.live_range.first, reverse=True)
        self._present: list[Allocation] = []
        self._fresh = _Fresh()
        self._activation_bytes = ByteSet()
        self._chunk_bytes = ByteSet()
        ends = set(range(0, chip.memory_bytes, chip.memory.group_bytes))
        for allocation in self._coming:
            self._activation_bytes.add(allocation.address, allocation.end)
            ends.add(round_up(allocation.end, ALIGNMENT))
        self._ends = sorted(ends)

    def find(self, size_bytes: int, live_range: LiveRange, *, busy: int, start: Start) -> int | None:
        """The best address for constants with a live range, or None where there is none.

        Best is: fewest of the `busy` bank groups (a bit each), fewest constants spoiled for the next inference,
        soonest, highest.
        """
        free = list(free_addresses(self._ends, size_bytes, self._living(live_range), self._chip))
        if not free:
            return None
        size, last = self._chip.memory.group_bytes, max(size_bytes, 1) - 1
        groups = [range(address // size, (address + last) // size + 1) for address in free]
        if busy:
            in_the_way = [(busy >> touched.start & (1 << len(touched)) - 1).bit_count() for touched in groups]
            least = min(in_the_way)
            quiet = [index for index, count in enumerate(in_the_way) if count == least]
        else:
            quiet = list(range(len(free)))
        spoiled = [self._spoiled_bytes(free[index], free[index] + size_bytes) for index in quiet]
        least = min(spoiled)
        best = [index for index, count in zip(quiet, spoiled, strict=True) if count == least]
        return -min((start(groups[index]), -free[index]) for index in best)[1]

    def add(self, name: str, allocation: Allocation) -> None:
        """Take a place that was found."""
        self._fresh.replace(allocation.address, allocation.end)
        self._chunk_bytes.add(allocation.address, allocation.end)
        end = round_up(allocation.end, ALIGNMENT)
        index = bisect_left(self._ends, end)
        if self._ends[index : index + 1] != [end]:
            self._ends.insert(index, end)
        self.allocations[name] = allocation
        self._present.append(allocation)

    def _living(self, live_range: LiveRange) -> Iterator[Allocation]:
        """What lives at the first step of a live range or later, as far as it begins within that range."""
        while self._coming and self._coming[-1].live_range.first <= live_range.first:
            self._present.append(self._coming.pop())
        self._present = [allocation for allocation in self._present if allocation.live_range.last >= live_range.first]
        yield from self._present
        for allocation in reversed(self._coming):
            if allocation.live_range.first > live_range.last:
                return
            yield allocation

    def _spoiled_bytes(self, first: int, end: int) -> int:
        """Bytes of constants that would no longer stay on the chip for the next inference, those taken included."""
        shared = self._chunk_bytes.overlaps(first, end) or self._activation_bytes.overlaps(first, end)
        return self._fresh.overlapping_bytes(first, end) + (end - first if shared else 0)


@dataclass
class _Fresh:
    """The constants over which nothing was loaded yet: disjoint ranges of bytes, in order."""

    ranges: list[tuple[int, int]] = field(default_factory=list)

    def replace(self, first: int, end: int) -> None:
        """Take a range in, and those out that it overlaps."""
        kept = [(low, high) for low, high in self.ranges if high <= first or end <= low]
        insort(kept, (first, end))
        self.ranges = kept

    def overlapping_bytes(self, first: int, end: int) -> int:
        """Bytes of the ranges that a range overlaps, each of them whole."""
        index = bisect_right(self.ranges, (first, first))
        index -= index > 0 and self.ranges[index - 1][1] > first
        total = 0
        while index < len(self.ranges) and self.ranges[index][0] < end:
            total += self.ranges[index][1] - self.ranges[index][0]
            index += 1
        return total
