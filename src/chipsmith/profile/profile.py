"""The nouns Totals and Profile: what one inference of a Program costs, as plain data."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from chipsmith.costs import Roofline
from chipsmith.profile.memory import Residence, memory_use
from chipsmith.program.program import Placement
from chipsmith.shown import Shown
from chipsmith.units import format_energy, format_time, significant


class Evidence(enum.StrEnum):
    """How a figure was obtained.

    Measured: counted on real data or in a file, or timed on this computer; simulated: to the cycle or to the bit;
    estimated: counts times constants; published: by others, of a system that is not here.
    """

    MEASURED = "measured"
    SIMULATED = "simulated"
    ESTIMATED = "estimated"
    PUBLISHED = "published"


class BufferRole(enum.StrEnum):
    """What a buffer of on-chip memory holds."""

    CONSTANT = "constant"
    INPUT = "input"
    OUTPUT = "output"
    ACTIVATION = "activation"


@dataclass(frozen=True, kw_only=True)
class Figure(Shown):
    """A number that a user sees, in `unit`, and how far it can be trusted.

    `kind` is how it was obtained and `source` from what; `status`, of an estimate, how good its weakest source is
    (`chipsmith.chip.sourced.Status`).
    """

    value: float
    unit: str
    kind: Evidence
    source: str
    status: str = ""


@dataclass(frozen=True, kw_only=True)
class ChipRecord(Shown):
    """The chip of a run: its whole file, and the hash of its canonical form."""

    name: str
    yaml: str
    sha256: str
    clock_mhz: int
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class HostStep(Shown):
    """What the host does, such as quantising the input, and why; its time stands under its name in `host`."""

    name: str
    when: Literal["before", "after"]
    reason: str


@dataclass(frozen=True, kw_only=True)
class EngineRow(Shown):
    """An engine and the cycles of one cold inference in which it is held."""

    name: str
    busy_cycles: int


@dataclass(frozen=True, kw_only=True)
class Latency(Shown):
    """Time of one inference. Cold: everything is in external memory; warm: the resident weights are on the chip.

    `engines` and `stall_cycles` (of the sequencer, by what it waited for) are of the cold inference, as are
    `wipe_cycles`: those at its end in which the outputs stand and what depends on the inputs is cleared.
    """

    cold_cycles: int
    warm_cycles: int
    clock_mhz: int
    engines: tuple[EngineRow, ...]
    stall_cycles: dict[str, int]
    wipe_cycles: int = 0

    def _brief(self) -> str:
        return f"{self.cold_cycles:,} cycles cold, {self.warm_cycles:,} warm at {self.clock_mhz} MHz (simulated)"

    @property
    def cold_us(self) -> float:
        """Microseconds of a cold inference."""
        return self.cold_cycles / self.clock_mhz

    @property
    def inferences_per_second(self) -> float:
        """Cold inferences a second, one after the other."""
        return 1e6 / self.cold_us


@dataclass(frozen=True, kw_only=True)
class KernelRow(Shown):
    """A kernel in one cold inference, or what is no kernel's own (`kind` 'chip': pages, countdowns, leakage).

    Cycles are from the doorbell, `last_end_cycle` is exclusive. `busy_cycles` of its engine; `wait_cycles` that the
    sequencer waited for its instructions, and `wait_reason`, what most of them were for. `macs` of the operators,
    padding left out; `external_bytes` that are loaded and stored for it. `energy_pj` by component, its transfers'
    share included. `anchor` is the kind of its first operator, 'copy' where it has none. `sources` are the author's
    names of the operators, each once, where they are known. `layer` and `operation` are the name of its layer and the
    kind of its main operator (`chipsmith.program.layer_names`); empty in records of before they were kept. `elements`
    pass through the vector lanes, each step of a reduction counted.
    """

    name: str
    kind: str
    anchor: str
    operators: tuple[str, ...]
    instructions: int
    first_start_cycle: int
    last_end_cycle: int
    busy_cycles: int
    wait_cycles: int
    wait_reason: str
    macs: int
    external_bytes: int
    energy_pj: dict[str, float]
    sources: tuple[str, ...] = ()
    layer: str = ""
    operation: str = ""
    elements: int = 0

    @property
    def total_pj(self) -> float:
        """Energy of the kernel in picojoules."""
        return math.fsum(self.energy_pj.values())


@dataclass(frozen=True, kw_only=True)
class KernelEdge(Shown):
    """A kernel reads what another wrote: the names of both.

    `source` may be an input of the network, `target` an output. `spilled`: some of it has been in external memory
    between.
    """

    source: str
    target: str
    spilled: bool = False


@dataclass(frozen=True, kw_only=True)
class InstructionRow(Shown):
    """An instruction in one inference, or the doorbell's fetch (`index` -1).

    Cycles are from the doorbell; ends are exclusive. It holds its engine until `engine_end_cycle` and the last of its
    locks until `end_cycle`. `name` is the kernel, or what is transferred; `wait_reason` is what decided its start.
    """

    index: int
    opcode: str
    engine: str
    name: str
    kernel: str
    start_cycle: int
    engine_end_cycle: int
    end_cycle: int
    wait_cycles: int
    wait_reason: str


@dataclass(frozen=True, kw_only=True)
class MemorySpan(Shown):
    """Bytes of on-chip memory and the cycles in which they are in use; `last_cycle` is exclusive."""

    name: str
    role: BufferRole
    address: int
    size_bytes: int
    first_cycle: int
    last_cycle: int


@dataclass(frozen=True, kw_only=True)
class PriceLine(Shown):
    """`count` equal things of a component at `each` (in the unit of the table that holds the line)."""

    component: str
    item: str
    count: float
    each: float
    source: str
    status: str

    @property
    def value(self) -> float:
        """Price of all of them."""
        return self.count * self.each


@dataclass(frozen=True, kw_only=True)
class PriceTable(Shown):
    """Lines in `unit` that sum to a total; `status` is the weakest of theirs, `excluded` what is left out."""

    unit: str
    lines: tuple[PriceLine, ...]
    status: str
    references: tuple[str, ...]
    excluded: tuple[str, ...]
    caveat: str = ""

    def _brief(self) -> str:
        return f"{self.total:.4g} {self.unit} in {len(self.lines)} lines (estimated, {self.status})"

    @property
    def total(self) -> float:
        """Sum of the lines."""
        return math.fsum(line.value for line in self.lines)

    def by_component(self) -> dict[str, float]:
        """Sum of each component's lines, in the order of the lines; they sum to the total."""
        names = dict.fromkeys(line.component for line in self.lines)
        return {name: math.fsum(line.value for line in self.lines if line.component == name) for name in names}


@dataclass(frozen=True, kw_only=True)
class RangedFigure(Shown):
    """An estimate, and the lowest and the highest value that sources support; `others` are the sources of the ends."""

    figure: Figure
    low: float
    high: float
    others: tuple[str, ...]

    @property
    def value(self) -> float:
        """The estimate."""
        return self.figure.value


@dataclass(frozen=True, kw_only=True)
class CostRecord(Shown):
    """Dollars of one chip where `volume` of them are built; estimated.

    `parts` sum to `chip_usd`: die, package and assembly, test, and the shares of `mask_set_usd` and `design_usd`, which
    are paid once. `yields` by model; `packages` are those that fit by kind, of which `package` is taken.
    """

    volume: int
    chip_usd: RangedFigure
    parts: dict[str, RangedFigure]
    wafer_price_usd: RangedFigure
    dies_per_wafer: Figure
    yields: dict[str, RangedFigure]
    pins: Figure
    package: str
    packages: dict[str, RangedFigure]
    mask_set_usd: RangedFigure
    design_usd: RangedFigure

    @property
    def die_usd(self) -> Figure:
        """The good die alone: wafer price / (dies a wafer x yield)."""
        return self.parts["die"].figure

    def chip_usd_by_volume(self, volume: int) -> tuple[float, float, float]:
        """Dollars of a chip where `volume` are built: the estimate, the low and the high end."""
        spread, masks, design = 1 / volume - 1 / self.volume, self.mask_set_usd, self.design_usd
        return (
            self.chip_usd.value + spread * (masks.value + design.value),
            self.chip_usd.low + spread * (masks.low + design.low),
            self.chip_usd.high + spread * (masks.high + design.high),
        )


@dataclass(frozen=True, kw_only=True)
class TimingRecord(Shown):
    """How fast the chip's clock can be; estimated.

    `path` is the block of the longest path, `path_fo4` its length, `fo4_ps` the unit at the chip's node and supply, in
    the slow corner. `doubt` is a sentence where the chip's clock is faster than the estimate, else empty.
    """

    max_clock_mhz: RangedFigure
    path: str
    path_fo4: float
    fo4_ps: RangedFigure
    doubt: str


@dataclass(frozen=True, kw_only=True)
class Totals(Shown):
    """One inference of a Program on its chip: its placement, and what it takes in all.

    Energy, bytes and peak are of a cold inference; `energy` is in pJ, `area` of the chip in mm2. `memory_peak_bytes`:
    most bytes of on-chip memory that are in use in one cycle; `weight_bytes`: constants as they are stored;
    `external_bytes`: read and written; `resident`: the constants that stay on the chip for the next inference.
    `tops_per_watt` counts the array's operations.
    """

    operators: tuple[Placement, ...]
    latency: Latency
    memory_peak_bytes: int
    weight_bytes: int
    external_bytes: int
    resident: tuple[str, ...]
    energy: PriceTable
    tops_per_watt: float
    peak_tops: float
    area: PriceTable
    cost: CostRecord
    roof: Roofline
    timing: TimingRecord

    def _brief(self) -> str:
        return (
            f"{self.latency.cold_cycles:,} cycles, {format_time(self.latency.cold_us)} (simulated); "
            f"{format_energy(self.energy_uj)}, {significant(self.area.total)} mm², "
            f"{significant(self.cost.chip_usd.value)} USD (estimated)"
        )

    @property
    def energy_uj(self) -> float:
        """Energy of one cold inference in microjoules."""
        return self.energy.total / 1e6

    @property
    def average_power_mw(self) -> float:
        """Energy over time of a cold inference, in milliwatts."""
        return self.energy.total / self.latency.cold_us / 1e3


@dataclass(frozen=True, kw_only=True)
class Profile(Totals):
    """Totals with the rows that pages show, of a cold inference: kernels, instructions, buffers of on-chip memory.

    The energies of `kernels` sum to `energy`, their bytes to `external_bytes`. `edges` are what they read of one
    another; none in records of before these were kept.
    """

    kernels: tuple[KernelRow, ...]
    instructions: tuple[InstructionRow, ...]
    memory: tuple[MemorySpan, ...]
    edges: tuple[KernelEdge, ...] = ()

    @property
    def memory_use(self) -> tuple[tuple[int, int], ...]:
        """(cycle, bytes in use from then on), rising; the greatest is `memory_peak_bytes`, the last 0."""
        return _use_of(self.memory)

    @property
    def resident_bytes(self) -> int:
        """Bytes of the weights that stay on the chip for the next inference."""
        return sum(span.size_bytes for span in self.memory if span.name in self.resident)

    @property
    def resident_peak_bytes(self) -> int:
        """Most bytes that are taken at once where those weights stay: they, and what else is in use."""
        others = _use_of(span for span in self.memory if span.name not in self.resident)
        return self.resident_bytes + max((size for _, size in others), default=0)


def _use_of(spans: Iterable[MemorySpan]) -> tuple[tuple[int, int], ...]:
    return memory_use(
        Residence(first_cycle=span.first_cycle, last_cycle=span.last_cycle, size_bytes=span.size_bytes)
        for span in spans
    )
