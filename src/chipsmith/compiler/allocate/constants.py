"""Where constants stand: chosen when their LOAD is issued, beside the activations, which stand already."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from chipsmith.chip.description import Chip
from chipsmith.compiler.allocate.activations import ALIGNMENT, Allocation, groups_of
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

    def overlaps(self, allocation: Allocation) -> bool:
        """Whether some byte of a place is in the set."""
        index = bisect_right(self.ranges, (allocation.address, allocation.address))
        before = index > 0 and self.ranges[index - 1][1] > allocation.address
        return before or (index < len(self.ranges) and self.ranges[index][0] < allocation.end)


class ConstantAllocator:
    """The places of constants so far; steps are numbered and `find` is asked with ever later ones."""

    def __init__(self, activations: Iterable[Allocation], chip: Chip) -> None:
        self.allocations: dict[str, Allocation] = {}
        self._chip = chip
        self._coming = sorted(activations, key=lambda allocation: allocation.live_range.first, reverse=True)
        self._present: list[Allocation] = []
        self._fresh: dict[str, Allocation] = {}
        self._activation_bytes = ByteSet()
        self._chunk_bytes = ByteSet()
        self._ends = set(range(0, chip.memory_bytes, chip.memory.group_bytes))
        for allocation in self._coming:
            self._activation_bytes.add(allocation.address, allocation.end)
            self._ends.add(round_up(allocation.end, ALIGNMENT))

    def find(self, size_bytes: int, live_range: LiveRange, *, busy: Collection[int], start: Start) -> Allocation | None:
        """The best place for constants with a live range, or None where there is none.

        Best is: fewest of the `busy` bank groups, fewest constants spoiled for the next inference, soonest, highest.
        """
        living = [allocation for allocation in self._living(live_range) if allocation.live_range.overlaps(live_range)]
        best: tuple[tuple[int, int, int, int], Allocation] | None = None
        for address in self._candidates(size_bytes):
            allocation = Allocation(address=address, size_bytes=size_bytes, live_range=live_range)
            if any(address < other.end and other.address < allocation.end for other in living):
                continue
            groups = groups_of(address, size_bytes, self._chip)
            score = (sum(group in busy for group in groups), self._spoiled_bytes(allocation), start(groups), -address)
            if best is None or score < best[0]:
                best = (score, allocation)
        return None if best is None else best[1]

    def add(self, name: str, allocation: Allocation) -> None:
        """Take a place that was found."""
        for other in [stale for stale, there in self._fresh.items() if _overlap(allocation, there)]:
            del self._fresh[other]
        self._fresh[name] = allocation
        self._chunk_bytes.add(allocation.address, allocation.end)
        self._ends.add(round_up(allocation.end, ALIGNMENT))
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

    def _candidates(self, size_bytes: int) -> list[int]:
        """Addresses worth trying: the ends of all places, and the starts of bank groups."""
        return sorted(address for address in self._ends if address + size_bytes <= self._chip.memory_bytes)

    def _spoiled_bytes(self, allocation: Allocation) -> int:
        """Bytes of constants that would no longer stay on the chip for the next inference, its own included."""
        spoiled = sum(constant.size_bytes for constant in self._fresh.values() if _overlap(allocation, constant))
        shared = self._chunk_bytes.overlaps(allocation) or self._activation_bytes.overlaps(allocation)
        return spoiled + (allocation.size_bytes if shared else 0)


def _overlap(allocation: Allocation, other: Allocation) -> bool:
    return allocation.address < other.end and other.address < allocation.end
