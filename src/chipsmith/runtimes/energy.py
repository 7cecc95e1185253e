"""The energy of inferences on this computer, by the counters of its processor's packages (RAPL) where they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns

from chipsmith.errors import BadInput

_POWERCAP = Path("/sys/class/powercap")
_SHORTEST_NS = 1_000_000_000
"""The counters move each millisecond: over a second that is a thousandth."""


@dataclass(frozen=True, kw_only=True)
class HostEnergy:
    """The energy of one inference in microjoules, None where it cannot be read; how it was obtained, or why not."""

    energy_uj: float | None
    obtained: str


@dataclass(frozen=True, kw_only=True)
class PackageCounter:
    """The energy counter of one package: its file, and where it begins at 0 again, both in microjoules."""

    name: str
    file: Path
    range_uj: int

    def read_uj(self) -> int:
        """What it says now. Raises OSError where it may not be read."""
        return int(self.file.read_text())

    def between_uj(self, before: int, after: int) -> int:
        """What was counted from one reading to another, which is less than its range later."""
        return (after - before) % (self.range_uj + 1)


def find_counters(folder: Path = _POWERCAP) -> tuple[PackageCounter, ...]:
    """The counters of all packages of the processor. Raises BadInput with the reason where there are none to read."""
    counters = tuple(_describe_counter(file) for file in sorted(folder.glob("intel-rapl:*/energy_uj")))
    packages = tuple(counter for counter in counters if counter.name.startswith("package"))
    if not packages:
        raise BadInput(f"this system has no energy counters: {folder} names no package of the processor")
    for counter in packages:
        try:
            counter.read_uj()
        except OSError as error:
            raise BadInput(
                f"the energy counter of {counter.name} is not readable by this user; mend: "
                f"sudo chmod a+r {counter.file}"
            ) from error
    return packages


def measure_energy(call: Callable[[], object], *, inferences: int, folder: Path = _POWERCAP) -> HostEnergy:
    """The mean energy of calls of one inference each: `inferences`, and more until a second has passed.

    It is that of the whole package while the calls run: what it draws when idle is not subtracted.
    """
    try:
        counters = find_counters(folder)
    except BadInput as reason:
        return HostEnergy(energy_uj=None, obtained=str(reason))
    before = _read(counters)
    count = _repeat(call, inferences)
    after = _read(counters)
    total = sum(counter.between_uj(before[counter.name], after[counter.name]) for counter in counters)
    names = ", ".join(counter.name for counter in counters)
    return HostEnergy(
        energy_uj=total / count,
        obtained=f"energy counters (RAPL) of {names} over {count} inferences, idle power not subtracted",
    )


def _describe_counter(file: Path) -> PackageCounter:
    folder = file.parent
    return PackageCounter(
        name=(folder / "name").read_text().strip(),
        file=file,
        range_uj=int((folder / "max_energy_range_uj").read_text()),
    )


def _read(counters: tuple[PackageCounter, ...]) -> Mapping[str, int]:
    return {counter.name: counter.read_uj() for counter in counters}


def _repeat(call: Callable[[], object], inferences: int) -> int:
    """How often it called."""
    end, count = perf_counter_ns() + _SHORTEST_NS, 0
    while count < inferences or perf_counter_ns() < end:
        call()
        count += 1
    return count
