"""Places of buffers in the on-chip memory: no two that live at once overlap, and streams of one step keep apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chipsmith.chip.description import Chip
from chipsmith.compiler.lower.kernel import Buffer, Step
from chipsmith.errors import OperatorRefused
from chipsmith.program.arithmetic import round_up

BEFORE, ALIGNMENT = -1, 16


class DoesNotFit(OperatorRefused):
    """The on-chip memory has no place for what must stand in it at once."""


@dataclass(frozen=True, kw_only=True)
class Life:
    """The first and last step in which a buffer's bytes matter (BEFORE: loaded as an input)."""

    first: int
    last: int

    def meets(self, other: Life) -> bool:
        """Whether two lives share a step."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, kw_only=True)
class Place:
    """Bytes of the on-chip memory that a buffer has for its life."""

    address: int
    size_bytes: int
    life: Life

    @property
    def end(self) -> int:
        """The byte after the last one."""
        return self.address + self.size_bytes

    def clashes(self, other: Place) -> bool:
        """Whether two places would hold different bytes at one time."""
        return self.address < other.end and other.address < self.end and self.life.meets(other.life)


def lives(
    steps: Sequence[Step], inputs: Iterable[str], outputs: Iterable[str], buffers: Mapping[str, Buffer]
) -> dict[str, Life]:
    """The life of each buffer that is no constant; an output lives to the step after the last one."""
    found: dict[str, Life] = {}
    touched = [(at, one.buffer) for at, step in enumerate(steps) for one in step.operands]
    touched = [(BEFORE, name) for name in inputs] + touched + [(len(steps), name) for name in outputs]
    for at, name in touched:
        if buffers[name].data is not None:
            continue
        life = found.get(name, Life(first=at, last=at))
        found[name] = Life(first=min(life.first, at), last=max(life.last, at))
    return found


def place_activations(
    steps: Sequence[Step], lifetimes: Mapping[str, Life], buffers: Mapping[str, Buffer], chip: Chip
) -> dict[str, Place]:
    """Places of all activations, large ones first; OperatorRefused where they do not fit together."""
    partners = _partners(steps)
    places: dict[str, Place] = {}
    living: defaultdict[int, set[str]] = defaultdict(set)
    for name in sorted(lifetimes, key=lambda one: (-buffers[one].size_bytes, lifetimes[one].first)):
        life = lifetimes[name]
        now = range(life.first, life.last + 1)
        met: set[str] = set().union(*(living[at] for at in now))
        clashing = [places[one] for one in met]
        near = [places[one] for one in met & partners.get(name, set())]
        places[name] = _best(name, buffers[name].size_bytes, life, clashing, near, chip)
        for at in now:
            living[at].add(name)
    return places


def groups_of(address: int, size_bytes: int, chip: Chip) -> range:
    """The bank groups of a range of bytes."""
    size = chip.memory.group_bytes
    return range(address // size, (address + max(size_bytes, 1) - 1) // size + 1)


def _partners(steps: Sequence[Step]) -> dict[str, set[str]]:
    """Buffers that one step streams together: in different groups they do not wait for one another."""
    found: dict[str, set[str]] = {}
    for step in steps:
        names = {one.buffer for one in step.operands}
        for name in names:
            found.setdefault(name, set()).update(names - {name})
    return found


def candidates(size_bytes: int, taken: Iterable[Place], chip: Chip) -> list[int]:
    """Addresses worth trying: the ends of what is placed, and the starts of bank groups."""
    group = chip.memory.group_bytes
    starts = set(range(0, chip.memory_bytes, group))
    starts.update(round_up(one.end, ALIGNMENT) for one in taken)
    return sorted(one for one in starts if one + size_bytes <= chip.memory_bytes)


def _best(name: str, size_bytes: int, life: Life, clashing: list[Place], near: list[Place], chip: Chip) -> Place:
    """The best place beside those that live with it; `near` are those of its partners."""
    best: tuple[int, int, Place] | None = None
    for address in candidates(size_bytes, clashing, chip):
        place = Place(address=address, size_bytes=size_bytes, life=life)
        if any(place.clashes(one) for one in clashing):
            continue
        mine = set(groups_of(address, size_bytes, chip))
        shared = sum(bool(mine.intersection(groups_of(one.address, one.size_bytes, chip))) for one in near)
        if best is None or (shared, address) < best[:2]:
            best = (shared, address, place)
    if best is None:
        raise DoesNotFit(
            f"tensor {name} ({size_bytes} bytes) does not fit beside what lives with it in the on-chip memory of "
            f"{chip.name} ({chip.memory_bytes} bytes); choose a chip with more memory"
        )
    return best[2]
