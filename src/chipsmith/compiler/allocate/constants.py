"""Where constants stand: chosen when their LOAD is issued, beside the activations, which stand already."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from chipsmith.chip.description import Chip
from chipsmith.compiler.allocate.activations import ALIGNMENT, Life, Place, groups_of
from chipsmith.program.arithmetic import round_up

Start = Callable[[range], int]
"""The cycle in which a LOAD into a range of bank groups would start."""


@dataclass
class Covered:
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

    def meets(self, place: Place) -> bool:
        """Whether some byte of a place is in the set."""
        at = bisect_right(self.ranges, (place.address, place.address))
        before = at > 0 and self.ranges[at - 1][1] > place.address
        return before or (at < len(self.ranges) and self.ranges[at][0] < place.end)


class ChunkPlaces:
    """The places of constants so far; steps are numbered and `find` is asked with ever later ones."""

    def __init__(self, activations: Iterable[Place], chip: Chip) -> None:
        self.found: dict[str, Place] = {}
        self._chip = chip
        self._coming = sorted(activations, key=lambda one: one.life.first, reverse=True)
        self._present: list[Place] = []
        self._fresh: dict[str, Place] = {}
        self._activation_bytes = Covered()
        self._chunk_bytes = Covered()
        self._ends = set(range(0, chip.memory_bytes, chip.memory.group_bytes))
        for one in self._coming:
            self._activation_bytes.add(one.address, one.end)
            self._ends.add(round_up(one.end, ALIGNMENT))

    def find(self, size_bytes: int, life: Life, *, busy: Collection[int], start: Start) -> Place | None:
        """The best place for constants of a life, or None where there is none.

        Best is: fewest of the `busy` bank groups, fewest constants spoiled for the next inference, soonest, highest.
        """
        living = [one for one in self._living(life) if one.life.meets(life)]
        best: tuple[tuple[int, int, int, int], Place] | None = None
        for address in self._candidates(size_bytes):
            place = Place(address=address, size_bytes=size_bytes, life=life)
            if any(address < one.end and one.address < place.end for one in living):
                continue
            groups = groups_of(address, size_bytes, self._chip)
            score = (sum(one in busy for one in groups), self._spoiled_bytes(place), start(groups), -address)
            if best is None or score < best[0]:
                best = (score, place)
        return None if best is None else best[1]

    def add(self, name: str, place: Place) -> None:
        """Take a place that was found."""
        for other in [one for one, there in self._fresh.items() if _overlap(place, there)]:
            del self._fresh[other]
        self._fresh[name] = place
        self._chunk_bytes.add(place.address, place.end)
        self._ends.add(round_up(place.end, ALIGNMENT))
        self.found[name] = place
        self._present.append(place)

    def _living(self, life: Life) -> Iterator[Place]:
        """What lives at the first step of a life or later, as far as it begins within the life."""
        while self._coming and self._coming[-1].life.first <= life.first:
            self._present.append(self._coming.pop())
        self._present = [one for one in self._present if one.life.last >= life.first]
        yield from self._present
        for one in reversed(self._coming):
            if one.life.first > life.last:
                return
            yield one

    def _candidates(self, size_bytes: int) -> list[int]:
        """Addresses worth trying: the ends of all places, and the starts of bank groups."""
        return sorted(one for one in self._ends if one + size_bytes <= self._chip.memory_bytes)

    def _spoiled_bytes(self, place: Place) -> int:
        """Bytes of constants that would no longer stay on the chip for the next inference, its own included."""
        spoiled = sum(one.size_bytes for one in self._fresh.values() if _overlap(place, one))
        shared = self._chunk_bytes.meets(place) or self._activation_bytes.meets(place)
        return spoiled + (place.size_bytes if shared else 0)


def _overlap(one: Place, other: Place) -> bool:
    return one.address < other.end and other.address < one.end
