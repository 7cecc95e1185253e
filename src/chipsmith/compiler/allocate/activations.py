"""Places of buffers in the on-chip memory: no two that live at once overlap, and streams of one step keep apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chipsmith.chip.description import Chip
from chipsmith.compiler.errors import DoesNotFit
from chipsmith.compiler.lower.kernel import Buffer, UnplacedInstruction
from chipsmith.compiler.spill.live_range import LiveRange
from chipsmith.program.arithmetic import round_up

ALIGNMENT = 16


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """Bytes of the on-chip memory that a buffer has for its live range."""

    address: int
    size_bytes: int
    live_range: LiveRange

    @property
    def end(self) -> int:
        """The byte after the last one."""
        return self.address + self.size_bytes

    def __str__(self) -> str:
        return f"{self.address} to {self.end}, steps {self.live_range.first} to {self.live_range.last}"

    def clashes(self, other: Allocation) -> bool:
        """Whether two allocations would hold different bytes at one time."""
        return self.address < other.end and other.address < self.end and self.live_range.overlaps(other.live_range)


def allocate_activations(
    steps: Sequence[UnplacedInstruction],
    live_ranges: Mapping[str, LiveRange],
    buffers: Mapping[str, Buffer],
    chip: Chip,
) -> dict[str, Allocation]:
    """Places for all activations, large ones first; DoesNotFit where they do not fit together."""
    partners = _partners(steps)
    allocations: dict[str, Allocation] = {}
    living: defaultdict[int, set[str]] = defaultdict(set)
    for name in sorted(live_ranges, key=lambda name: (-buffers[name].size_bytes, live_ranges[name].first)):
        live_range = live_ranges[name]
        now = range(live_range.first, live_range.last + 1)
        met: set[str] = set().union(*(living[step] for step in now))
        clashing = [allocations[other] for other in met]
        near = [allocations[other] for other in met & partners.get(name, set())]
        allocations[name] = _best(name, buffers[name].size_bytes, live_range, clashing, near, chip)
        for step in now:
            living[step].add(name)
    return allocations


def groups_of(address: int, size_bytes: int, chip: Chip) -> range:
    """The bank groups of a range of bytes."""
    size = chip.memory.group_bytes
    return range(address // size, (address + max(size_bytes, 1) - 1) // size + 1)


def _partners(steps: Sequence[UnplacedInstruction]) -> dict[str, set[str]]:
    """Buffers that one step streams together: in different groups they do not wait for one another."""
    partners: dict[str, set[str]] = {}
    for step in steps:
        names = {operand.buffer for operand in step.operands}
        for name in names:
            partners.setdefault(name, set()).update(names - {name})
    return partners


def candidates(size_bytes: int, taken: Iterable[Allocation], chip: Chip) -> list[int]:
    """Addresses worth trying: the ends of what is placed, and the starts of bank groups."""
    group = chip.memory.group_bytes
    starts = set(range(0, chip.memory_bytes, group))
    starts.update(round_up(allocation.end, ALIGNMENT) for allocation in taken)
    return sorted(start for start in starts if start + size_bytes <= chip.memory_bytes)


def _best(
    name: str, size_bytes: int, live_range: LiveRange, clashing: list[Allocation], near: list[Allocation], chip: Chip
) -> Allocation:
    """The best place beside those that live with it; `near` are those of its partners."""
    best: tuple[int, int, Allocation] | None = None
    for address in candidates(size_bytes, clashing, chip):
        allocation = Allocation(address=address, size_bytes=size_bytes, live_range=live_range)
        if any(allocation.clashes(other) for other in clashing):
            continue
        mine = set(groups_of(address, size_bytes, chip))
        shared = sum(bool(mine.intersection(groups_of(other.address, other.size_bytes, chip))) for other in near)
        if best is None or (shared, address) < best[:2]:
            best = (shared, address, allocation)
    if best is None:
        raise DoesNotFit(
            f"tensor {name} ({size_bytes} bytes) does not fit beside what lives with it in the on-chip memory of "
            f"{chip.name} ({chip.memory_bytes} bytes); choose a chip with more memory"
        )
    return best[2]
