"""Places of buffers in the on-chip memory: no two that live at once overlap, and streams of one step keep apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def free_addresses(addresses: Iterable[int], size_bytes: int, taken: Iterable[Allocation], chip: Chip) -> Iterator[int]:
    """Those of rising addresses from which on so many bytes are free of what is taken."""
    stretches = sorted([(allocation.address, allocation.end) for allocation in taken])
    highest, count, index, reached = chip.memory_bytes - size_bytes, len(stretches), 0, 0
    for address in addresses:
        if address > highest:
            return
        end = address + size_bytes
        while index < count and stretches[index][0] < end:
            if stretches[index][1] > reached:
                reached = stretches[index][1]
            index += 1
        if reached <= address:
            yield address


def group_mask(address: int, size_bytes: int, chip: Chip) -> int:
    """The bank groups of a range of bytes, a bit each."""
    groups = groups_of(address, size_bytes, chip)
    return (1 << groups.stop) - (1 << groups.start)


def _best(
    name: str, size_bytes: int, live_range: LiveRange, clashing: list[Allocation], near: list[Allocation], chip: Chip
) -> Allocation:
    """The best place beside those that live with it; `near` are those of its partners."""
    starts = set(range(0, chip.memory_bytes, chip.memory.group_bytes))
    starts.update(round_up(allocation.end, ALIGNMENT) for allocation in clashing)
    partners = [group_mask(other.address, other.size_bytes, chip) for other in near]
    best: tuple[int, int] | None = None
    for address in free_addresses(sorted(starts), size_bytes, clashing, chip):
        mine = group_mask(address, size_bytes, chip)
        shared = sum(mine & other != 0 for other in partners)
        if best is None or shared < best[0]:
            best = (shared, address)
        if not shared:
            break
    if best is None:
        raise DoesNotFit(
            f"tensor {name} ({size_bytes} bytes) does not fit beside what lives with it in the on-chip memory of "
            f"{chip.name} ({chip.memory_bytes} bytes); choose a chip with more memory",
            part=name,
        )
    return Allocation(address=best[1], size_bytes=size_bytes, live_range=live_range)
