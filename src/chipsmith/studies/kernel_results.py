"""What the verb `kernel` returns: a kernel on chips, beside its references, and on this computer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from chipsmith.profile.profile import Evidence
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Pictured, Shown

if TYPE_CHECKING:
    from chipsmith.kernels.build import SingleKernel
    from chipsmith.profile.host_latency import HostLatency
    from chipsmith.profile.profile import ChipRecord, Totals
    from chipsmith.profile.roofline import RoofPlace
    from chipsmith.runtimes.processor import Processor
    from chipsmith.targets import TargetOptions
    from chipsmith.tosa.graph import Graph
    from chipsmith.witness.bit_exactness import BitExactness
    from chipsmith.witness.check.verdict import SourceCheck


@dataclass(frozen=True, kw_only=True)
class KernelOnChip(Shown):
    """A kernel on a chip: one inference in all, its places under the roof, and its bits beside each reference's.

    `cold`: everything is in external memory; `warm`: the resident weights are on the chip. Cycles and bits are
    simulated, energy is estimated.
    """

    chip: ChipRecord
    inference: Totals
    cold: RoofPlace
    warm: RoofPlace
    bits: tuple[BitExactness, ...]

    def _brief(self) -> str:
        return f"{self.chip.name}: {self.inference._brief()}"

    @property
    def cold_us(self) -> float:
        """Microseconds of a cold inference."""
        return self.inference.latency.cold_us

    @property
    def warm_us(self) -> float:
        """Microseconds of a warm inference."""
        return self.inference.latency.warm_cycles / self.chip.clock_mhz

    def energy_pj(self, component: str) -> float:
        """Picojoules of a component in a cold inference."""
        return self.inference.energy.by_component()[component]

    def energy_share(self, component: str) -> float:
        """The share of a component in the energy."""
        return self.energy_pj(component) / self.inference.energy.total

    def to_json(self) -> Json:
        """An entry of `chips` of `chipsmith kernel --json`."""
        totals = self.inference
        return {
            "chip": self.chip.name,
            "chip_sha256": self.chip.sha256,
            "clock_mhz": self.chip.clock_mhz,
            "macs": self.cold.macs,
            "cold": {"latency_us": self.cold_us, **_place_to_plain(self.cold)},
            "warm": {"latency_us": self.warm_us, **_place_to_plain(self.warm)},
            "weight_bytes": totals.weight_bytes,
            "memory_peak_bytes": totals.memory_peak_bytes,
            "energy_uj": totals.energy_uj,
            "energy_by_component_uj": {name: energy / 1e6 for name, energy in totals.energy.by_component().items()},
            "energy_status": totals.energy.status,
            "area_mm2": totals.area.total,
            "bits": [asdict(row) for row in self.bits],
            "obtained": {
                "cycles": Evidence.SIMULATED.value,
                "bits": Evidence.SIMULATED.value,
                "energy": Evidence.ESTIMATED.value,
                "area": Evidence.ESTIMATED.value,
            },
        }


@dataclass(frozen=True, kw_only=True)
class KernelTiming(Shown):
    """The same kernel on this computer, measured: the target and its options, what ran it, and how long it took."""

    target: str
    options: TargetOptions
    obtained: str
    latency: HostLatency

    @property
    def label(self) -> str:
        """Target, runtime and precision in words."""
        precision = None if self.options.precision is None else self.options.precision.value
        return " ".join(filter(None, (self.target, self.options.runtime, precision)))


@dataclass(frozen=True, kw_only=True)
class NotTimed(Shown):
    """A way of running a kernel on this computer that was not timed, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class KernelResult(Pictured):
    """A kernel on each chip, the check of its quantised numbers, and its times on this computer, if it was asked.

    `check` compares the first chip's outputs with those of the kernel in floating point.
    """

    kernel: SingleKernel
    chips: tuple[KernelOnChip, ...]
    check: SourceCheck | None
    processor: Processor | None
    timings: tuple[KernelTiming, ...]
    left_out: tuple[NotTimed, ...]

    def _brief(self) -> str:
        rows = "; ".join(f"{row.chip.name} {row.inference.latency.cold_cycles:,} cycles" for row in self.chips)
        return (
            f"{self.kernel.kind.name}, {self.kernel.activations}: {rows} (simulated); {len(self.timings)} measured here"
        )

    @property
    def title(self) -> str:
        """The kernel and its parameters in a line."""
        kernel = self.kernel
        return f"{kernel.kind.name}, {kernel.kind.summary}, {kernel.activations}: {kernel.settings}"

    @property
    def failure(self) -> str:
        """Where a chip's bits differ from a reference's; empty where none do."""
        wrong = [(row, bits) for row in self.chips for bits in row.bits if not bits.exact]
        if not wrong:
            return ""
        row, bits = wrong[0]
        return f"{bits.mismatches} of {bits.compared} outputs of {row.chip.name} differ from {bits.reference}"

    def to_json(self) -> Json:
        """The object of `chipsmith kernel --json`."""
        kernel, network = self.kernel, self.kernel.network
        return {
            "schema_version": SCHEMA_VERSION,
            "kernel": kernel.kind.name,
            "parameters": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in kernel.settings.values.items()
            },
            "activations": kernel.activations.value,
            "seed": kernel.seed,
            "inputs": [_describe(network.graph, name) for name in network.graph.inputs],
            "outputs": [_describe(network.graph, name) for name in network.graph.outputs],
            "check": None if self.check is None else self.check.to_json(),
            "chips": [row.to_json() for row in self.chips],
            "processor": None if self.processor is None else asdict(self.processor),
            "computer": [self._timing_to_plain(row) for row in self.timings],
            "left_out": [asdict(row) for row in self.left_out],
        }

    def ratio(self, timing: KernelTiming, chip: KernelOnChip) -> float:
        """How many warm inferences of a chip fit into the median of a timing."""
        return timing.latency.p50_us / chip.warm_us

    def _timing_to_plain(self, timing: KernelTiming) -> Json:
        return {
            "target": timing.target,
            "runtime": timing.options.runtime,
            "precision": None if timing.options.precision is None else timing.options.precision.value,
            "threads": timing.options.threads,
            "obtained": f"{Evidence.MEASURED.value}: {timing.obtained}",
            "inferences": len(timing.latency.samples_us),
            "p50_us": timing.latency.p50_us,
            "p99_us": timing.latency.p99_us,
            "times_the_chip": {row.chip.name: self.ratio(timing, row) for row in self.chips},
        }


def _place_to_plain(place: RoofPlace) -> Json:
    return {
        "cycles": place.cycles,
        "read_bytes": place.read_bytes,
        "written_bytes": place.written_bytes,
        "macs_per_byte": place.macs_per_byte,
        "ridge_macs_per_byte": place.roof.ridge_macs_per_byte,
        "attainable_macs_per_cycle": place.attainable_macs_per_cycle,
        "achieved_macs_per_cycle": place.achieved_macs_per_cycle,
        "peak_macs_per_cycle": place.roof.peak_macs_per_cycle,
        "utilisation": place.utilisation,
        "roof_side": place.roof_side.value,
        "least_cycles": place.least_cycles,
        "share_of_roof": place.share_of_roof,
        "limit": place.limit.value,
        "busiest_engine": place.busiest.value,
        "busy_share": place.busy_share,
    }


def _describe(graph: Graph, name: str) -> Json:
    tensor = graph.tensor(name)
    return {"name": name, "dtype": tensor.dtype.numpy.name, "shape": list(tensor.shape)}
