"""The record of an advice: where an inference spends what it takes, and changes with what they were simulated to give.

It holds figures and names, no sentences: `chipsmith.reports.advice_text` says them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from chipsmith.profile.critical_path import Bound
from chipsmith.profile.layer_costs import LayerCost
from chipsmith.shown import Shown

LEAST_GAIN = 0.02
"""A change is named where it lowers a figure by more than this share."""


class RemedyKind(enum.StrEnum):
    """What a remedy changes."""

    CHIP = "chip"
    """Fields of the chip."""
    CATALOGUE = "catalogue"
    """The whole chip, for one of the catalogue."""
    NETWORK = "network"
    """Channels of a layer: what it answers then has to be trained again, and is not known."""
    TOGETHER = "together"
    """The best of the others at once."""


@dataclass(frozen=True, kw_only=True)
class InferenceFigures(Shown):
    """What one inference of a network takes on a chip, cold and warm, and what the chip is.

    Cycles are simulated, microseconds at `clock_mhz`; the rest is estimated. `chip_usd` at the record's volume.
    """

    cold_cycles: int
    warm_cycles: int
    clock_mhz: int
    cold_uj: float
    warm_uj: float
    area_mm2: float
    chip_usd: float
    max_clock_mhz: float

    @property
    def cold_us(self) -> float:
        """Microseconds of a cold inference."""
        return self.cold_cycles / self.clock_mhz

    @property
    def warm_us(self) -> float:
        """Microseconds of a warm inference."""
        return self.warm_cycles / self.clock_mhz


@dataclass(frozen=True, kw_only=True)
class FieldChange(Shown):
    """A field of the chip, by its dotted path, and its value before and after."""

    path: str
    before: str
    after: str

    @property
    def setting(self) -> str:
        """As a command takes it: tensor.columns=32."""
        return f"{self.path}={self.after}"


@dataclass(frozen=True, kw_only=True)
class ChannelChange(Shown):
    """A layer, by the name of its operator and as people read it, and its output channels before and after.

    `name` is what a command calls it by, the author's name where that is the layer's alone; empty: that of its
    operator. `tied` are the labels of the layers whose channels are the same, which change with it.
    """

    layer: str
    label: str
    before: int
    after: int
    name: str = ""
    tied: tuple[str, ...] = ()

    @property
    def setting(self) -> str:
        """As a command takes it: conv1=32."""
        return f"{self.name or self.layer}={self.after}"


@dataclass(frozen=True, kw_only=True)
class Remedy(Shown):
    """A change, and the figures after it, all simulated on the changed chip or network.

    `fields` and `channels` are what is changed, `chip` the chip of the catalogue that stands in its place. `slowed`: a
    clock is among the fields only because the changed chip can be no faster. `gain` is by which share the product of
    time and energy falls, cold or warm, whichever falls more; `score` that of their product with what is paid, the area
    or the price, whichever grows more: the gain for what it costs, by which remedies are ranked. `retrain` are the
    fields of the subject's recipe by which the changed network is trained, such as "network.channels=[16,16]"; empty
    where none is known.
    """

    kind: RemedyKind
    fields: tuple[FieldChange, ...] = ()
    channels: tuple[ChannelChange, ...] = ()
    chip: str = ""
    slowed: bool = False
    after: InferenceFigures
    gain: float
    score: float
    retrain: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Subject(Shown):
    """What was looked at, in the words of a command: a network and a chip.

    `settings` replace fields of the chip, `channels` those of layers, `options` say how the network is read. An empty
    `model` or `chip` is one that no command can say, as a module in memory. `recipe` is the file of the recipe that
    trains the network; empty where none is known.
    """

    model: str
    chip: str
    settings: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    recipe: str = ""


@dataclass(frozen=True, kw_only=True)
class ChipSizes(Shown):
    """The sizes of a chip that its figures are read by: of the array, of the vector engine, and in bytes."""

    rows: int
    columns: int
    lanes: int
    bytes_per_cycle: int
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class AdviceRecord(Shown):
    """Why an inference takes what it takes, and what would help.

    `figures` are those before any change. `layers` are the kernels and what belongs to none; the cycles of their paths
    sum to the latency, their energies to the energy.

    `remedies` change fields of the chip and help, the best first, none of them as good as another that changes some
    of the same and costs less; `together` is what the best of them give at once. `networks` help with fewer channels
    of a layer, of those that are tied once; `room` has layers that may be wider at no loss above LEAST_GAIN.
    `savings` leave something of the chip out at no such loss, `smaller` all of that at once. `chips` are the others of
    the catalogue, whatever they gain and cost.

    `simulated` counts the pairs of network and chip that were tried, 0 where there was no network to try, only its
    program. `wipe_cycles` of the program's cold inference, which no figure here has in it.
    """

    network: str
    chip: str
    subject: Subject
    volume: int
    sizes: ChipSizes
    figures: InferenceFigures
    weight_bytes: int
    resident: tuple[str, ...]
    layers: tuple[LayerCost, ...]
    remedies: tuple[Remedy, ...] = ()
    together: Remedy | None = None
    networks: tuple[Remedy, ...] = ()
    room: tuple[Remedy, ...] = ()
    savings: tuple[Remedy, ...] = ()
    smaller: Remedy | None = None
    chips: tuple[Remedy, ...] = ()
    simulated: int = 0
    wipe_cycles: int = 0

    def path_cycles(self, *, warm: bool = False) -> dict[Bound, int]:
        """Cycles of the whole critical path by bound, the longest first."""
        sums: dict[Bound, int] = {}
        for layer in self.layers:
            for bound, cycles in (layer.warm_path_cycles if warm else layer.path_cycles).items():
                sums[bound] = sums.get(bound, 0) + cycles
        return dict(sorted(sums.items(), key=lambda item: -item[1]))

    def energy_pj(self, *, warm: bool = False) -> dict[str, float]:
        """Energy of an inference in picojoules by component, the largest first."""
        sums: dict[str, float] = {}
        for layer in self.layers:
            for component, energy_pj in (layer.warm_energy_pj if warm else layer.energy_pj).items():
                sums[component] = sums.get(component, 0.0) + energy_pj
        return dict(sorted(sums.items(), key=lambda item: -item[1]))

    @property
    def spilled_bytes(self) -> int:
        """Bytes of activations that one inference moves to external memory and back."""
        return sum(layer.spilled_bytes for layer in self.layers)
