"""What the verbs return: frozen values, each with the one JSON object that its command prints."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from chipsmith.data_report import DataReport, findings_to_plain
from chipsmith.program.layer_names import name_layer
from chipsmith.schema import SCHEMA_VERSION, Json
from chipsmith.shown import Pictured, Several, Shown
from chipsmith.units import count_things, format_time

if TYPE_CHECKING:
    from chipsmith.flow.residue import LeftBehind
    from chipsmith.learn import Metrics, Training
    from chipsmith.profile.host_latency import HostLatency
    from chipsmith.profile.instruction_count import InstructionCount
    from chipsmith.profile.kernel_times import KernelTime
    from chipsmith.profile.profile import ChipRecord, HostStep, Totals
    from chipsmith.profile.time_breakdown import TimeShare
    from chipsmith.program.program import Placement, Program
    from chipsmith.quantisation.quantise import QuantisationReport
    from chipsmith.reports.quantum.record import QuantumRunRecord
    from chipsmith.reports.record import RunRecord
    from chipsmith.sim.cycle import Timeline
    from chipsmith.targets import Target
    from chipsmith.tosa.graph import Array
    from chipsmith.witness.check.verdict import SourceCheck
    from chipsmith.witness.cosimulate import CosimResult


@dataclass(frozen=True, kw_only=True)
class CompileResult(Shown):
    """A Program, what the host does around it, and the file it was written to, if any.

    `check` is that of the author's own network; None where it has no other source, or was left out. `stages`: what the
    stages of the compiler made that were asked for, as text, in the compiler's order, after the plan of a quantised
    network. `quantisation` says how that plan was chosen; None where the network came with its own integers.
    """

    program: Program
    host_steps: tuple[HostStep, ...]
    path: Path | None
    stages: Mapping[str, str] = field(default_factory=dict)
    check: SourceCheck | None = None
    quantisation: QuantisationReport | None = None

    def _brief(self) -> str:
        check = "" if self.check is None else f"; outputs {'right' if self.check.right else 'WRONG'} against the source"
        return f"{self.program._brief()}{f'; in {self.path}' if self.path else ''}{check}"

    @property
    def operators(self) -> tuple[Placement, ...]:
        """Where each operator of the network runs, and why."""
        return self.program.manifest.operators

    @property
    def memory_peak_bytes(self) -> int:
        """Most bytes of on-chip memory in use in one cycle of a cold inference, which is simulated for it."""
        from chipsmith.profile.memory import memory_peak_bytes
        from chipsmith.sim.cycle import simulate

        return memory_peak_bytes(self.program, simulate(self.program))

    @property
    def wipe_cycles(self) -> int:
        """Cycles of a cold inference that the wipe takes, which is simulated for it; 0 without one."""
        from chipsmith.profile.wipe_cost import wipe_cycles
        from chipsmith.sim.cycle import simulate

        return wipe_cycles(self.program, simulate(self.program))

    def to_json(self) -> Json:
        """The object of `chipsmith compile --json`."""
        from chipsmith.program.file import serialize_program

        manifest = self.program.manifest
        return {
            "schema_version": SCHEMA_VERSION,
            "network": manifest.network,
            **self.program.chip.identity,
            "program": None if self.path is None else str(self.path),
            "program_sha256": hashlib.sha256(serialize_program(self.program)).hexdigest(),
            "instructions": len(self.program.instructions),
            "memory_peak_bytes": self.memory_peak_bytes,
            "memory_bytes": self.program.chip.memory_bytes,
            "weight_bytes": manifest.weight_bytes,
            "wipe_cycles": self.wipe_cycles,
            "resident": list(manifest.resident),
            "inputs": [port.to_json() for port in manifest.inputs],
            "outputs": [port.to_json() for port in manifest.outputs],
            "operators": [{**dataclasses.asdict(row), "layer": name_layer(row)} for row in self.operators],
            "host_steps": [dataclasses.asdict(step) for step in self.host_steps],
            "stages": dict(self.stages),
            "quantisation": None if self.quantisation is None else dataclasses.asdict(self.quantisation),
            "check": None if self.check is None else self.check.to_json(),
        }


@dataclass(frozen=True, kw_only=True)
class SimResult(Pictured):
    """The outputs of a Program by name (empty where no input was given), and its time cold and warm.

    `stray_indices` has a sentence for each input with an index that a table has no row for: it reads zeros.
    `residue` is what an inference leaves behind; None where it was not asked for.
    """

    program: Program
    outputs: Mapping[str, Array]
    cold: Timeline
    warm: Timeline
    path: Path | None
    stray_indices: tuple[str, ...] = ()
    residue: LeftBehind | None = None

    def _brief(self) -> str:
        manifest, chip = self.program.manifest, self.program.chip
        cold, warm = self.cold.latency_cycles, self.warm.latency_cycles
        executed = f"; {count_things(self.inferences, 'inference')} executed" if self.outputs else ""
        time = f"{cold:,} cycles cold, {warm:,} warm, {format_time(cold / chip.clock_mhz)} at {chip.clock_mhz} MHz"
        return f"{manifest.network} on {chip.name}: {time} (simulated){executed}"

    def to_json(self) -> Json:
        """The object of `chipsmith simulate --json`; latency and busy cycles are of one inference."""
        from chipsmith.profile.wipe_cost import wipe_cycles

        latency_us = self.cold.latency_cycles / self.program.chip.clock_mhz
        return {
            "schema_version": SCHEMA_VERSION,
            "network": self.program.manifest.network,
            **self.program.chip.identity,
            "inferences": self.inferences,
            "output": None if self.path is None else str(self.path),
            "latency_cold_cycles": self.cold.latency_cycles,
            "latency_cycles": self.cold.latency_cycles,
            "latency_warm_cycles": self.warm.latency_cycles,
            "latency_us": latency_us,
            "wipe_cold_cycles": wipe_cycles(self.program, self.cold),
            "wipe_warm_cycles": wipe_cycles(self.program, self.warm),
            "busy_cycles": _busy(self.cold),
            "busy_warm_cycles": _busy(self.warm),
            "stall_cycles": {wait.value: cycles for wait, cycles in self.cold.stall_cycles.items()},
            "kernels": [row.to_json() for row in self.kernel_times],
            "time_shares": [dataclasses.asdict(row) for row in self.time_shares],
            "resident": list(self.program.manifest.resident),
            "stray_indices": list(self.stray_indices),
            "residue": None if self.residue is None else self.residue.to_json(),
        }

    @property
    def inferences(self) -> int:
        """How many inferences the outputs hold: 0 where no input was given."""
        if not self.outputs:
            return 0
        port = self.program.manifest.outputs[0]
        return len(self.outputs[port.name]) // (port.shape[0] if port.shape else 1)

    @property
    def kernel_times(self) -> tuple[KernelTime, ...]:
        """When each kernel of a cold inference runs, in the order of their ends."""
        from chipsmith.profile.kernel_times import time_kernels

        return time_kernels(self.program, self.cold)

    @property
    def time_shares(self) -> tuple[TimeShare, ...]:
        """Where the time of a cold inference goes."""
        from chipsmith.profile.time_breakdown import time_shares

        return time_shares(self.program, self.cold)


@dataclass(frozen=True, kw_only=True)
class InferResult(Shown):
    """The outputs of a network by its author's names, of so many inferences on a target; the file that has them.

    `stray_indices` has a sentence for each operator that got an index which its table has no row for, `clipped_inputs`
    for each input with values beyond what its integers stand for, where the target computes in these.
    `latency` is that of warm inferences of the first input by this computer's clock, None where it was not asked for.
    `counted` has the instructions and the memory of the inferences where an emulated board ran them.
    """

    network: str
    target: Target
    inferences: int
    outputs: Mapping[str, Array]
    path: Path | None
    stray_indices: tuple[str, ...] = ()
    clipped_inputs: tuple[str, ...] = ()
    latency: HostLatency | None = None
    counted: InstructionCount | None = None

    def _brief(self) -> str:
        outputs = ", ".join(f"{name} {array.dtype}{list(array.shape)}" for name, array in self.outputs.items())
        return f"{self.network} on {self.target.name}: {count_things(self.inferences, 'inference')}; {outputs}"

    def to_json(self) -> Json:
        """The object of `chipsmith infer --json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "network": self.network,
            "target": self.target.name,
            "obtained": self.target.obtained,
            "chip": None if self.target.chip is None else self.target.chip.name,
            "inferences": self.inferences,
            "outputs": [
                {"name": name, "dtype": str(array.dtype), "shape": list(array.shape)}
                for name, array in self.outputs.items()
            ],
            "output": None if self.path is None else str(self.path),
            "stray_indices": list(self.stray_indices),
            "clipped_inputs": list(self.clipped_inputs),
            "latency": None if self.latency is None else self._latency_to_json(self.latency),
            "counted": None if self.counted is None else self._count_to_json(self.counted),
        }

    def _latency_to_json(self, latency: HostLatency) -> Json:
        return {
            "p50_us": latency.p50_us,
            "p99_us": latency.p99_us,
            "inferences": len(latency.samples_us),
            "kind": "measured",
            "obtained": self.target.obtained,
        }

    def _count_to_json(self, counted: InstructionCount) -> Json:
        obtained = {"kind": "simulated", "obtained": self.target.obtained}
        return {**dataclasses.asdict(counted), **obtained}


@dataclass(frozen=True, kw_only=True)
class Estimate(Shown):
    """What one cold inference of a network takes on one chip, and what the chip costs; `check` is a CompileResult's.

    `program` is what was simulated: why it takes what it takes can be asked of it.
    """

    network: str
    chip: ChipRecord
    inference: Totals
    check: SourceCheck | None = None
    program: Program | None = field(default=None, repr=False, compare=False)

    def _brief(self) -> str:
        return f"{self.network} on {self.chip.name}: {self.inference._brief()}"

    def to_json(self) -> Json:
        """One entry of `chipsmith estimate --json`."""
        from chipsmith.reports.result import inference_to_plain

        return {
            "network": self.network,
            "chip": self.chip.name,
            "chip_sha256": self.chip.sha256,
            **inference_to_plain(self.inference),
            "obtained": obtained(self.inference),
            "check": None if self.check is None else self.check.to_json(),
        }


class Estimates(Several[Estimate], Pictured):
    """One network on several chips: a tuple of Estimates, in the order of the chips."""

    __slots__ = ()

    def _brief(self) -> str:
        rows = "; ".join(f"{row.chip.name} {row.inference._brief()}" for row in self)
        return f"{self[0].network}: {rows}" if self else "none"


@dataclass(frozen=True, kw_only=True)
class TrainResult(Pictured):
    """How a network was trained, its float metrics on the test part, its file of weights, and a look at its data."""

    training: Training
    metrics: Metrics
    path: Path
    data: DataReport

    def _brief(self) -> str:
        primary, training = self.metrics.primary_metric, self.training
        return (
            f"{training.recipe.name}: {training.verdict.fit.value}; test {primary._brief()} in float (measured); "
            f"{len(training.history.epochs)} epochs; in {self.path}"
        )

    def to_json(self) -> Json:
        """The object of `chipsmith train --json`; `accuracy_source` is there for classification and language."""
        training, verdict, primary = self.training, self.training.verdict, self.metrics.primary_metric
        accuracy = next((metric for metric in self.metrics.metrics if metric.name == "accuracy"), None)
        return {
            "schema_version": SCHEMA_VERSION,
            "network": training.recipe.name,
            "task": training.recipe.task.value,
            "seed": training.recipe.seed,
            "metric": primary.name,
            "metric_source": primary.value,
            "metric_source_interval": [primary.low, primary.high],
            "accuracy_source": accuracy.value if accuracy else None,
            "accuracy_source_interval": [accuracy.low, accuracy.high] if accuracy else None,
            "images": primary.count,
            "metrics": [dataclasses.asdict(metric) for metric in self.metrics.metrics],
            "verdict": verdict.fit.value,
            "reason": verdict.reason,
            "best_epoch": training.best_epoch.number,
            "history": [dataclasses.asdict(epoch) for epoch in training.history.epochs],
            "privacy": self._privacy_to_json(),
            "weights": str(self.path),
            "data_findings": findings_to_plain(self.data),
        }

    def _privacy_to_json(self) -> Json | None:
        """What a private training promises and what is outside of that; None of another."""
        budget = self.training.history.budget
        if budget is None:
            return None
        return {**dataclasses.asdict(budget), "outside": list(self.training.outside_of_promise)}


@dataclass(frozen=True, kw_only=True)
class RunResult(Pictured):
    """A run: its record, the folder that it left, and one inference on the chip's RTL where that was asked for."""

    record: RunRecord
    folder: Path
    cosim: CosimResult | None = None

    def _brief(self) -> str:
        return f"{self.record._brief()}; in {self.folder}"

    @property
    def program(self) -> Path:
        """The program file of the run."""
        return self.folder / f"{self.record.network}.program"

    @property
    def bit_exact(self) -> bool:
        """Whether the chip gave the witness's bits on all test images."""
        return self.record.bit_exact is not None and self.record.bit_exact.exact

    @property
    def failure(self) -> str:
        """How the chip differs from its witness, or its RTL from the simulators; empty where neither does."""
        if not self.bit_exact:
            return self._difference
        return "" if self.cosim is None else self.cosim.difference

    @property
    def _difference(self) -> str:
        exactness = self.record.bit_exact
        if exactness is None:
            return "the run was not compared with a witness"
        return f"{exactness.mismatches} of {exactness.compared} outputs of the chip differ from {exactness.reference}"

    def to_json(self) -> Json:
        """The object of `chipsmith run --json`: result.json without the record; the folder stands in `host`."""
        from chipsmith.reports.result import result_to_plain

        cosim = {} if self.cosim is None else {"cosim": self.cosim.to_json()}
        return {**_printed(result_to_plain(self.record), self.folder), **cosim}


@dataclass(frozen=True, kw_only=True)
class QuantumRunResult(Pictured):
    """A run of a quantum network: its record, and the folder that it left."""

    record: QuantumRunRecord
    folder: Path

    def _brief(self) -> str:
        return f"{self.record._brief()}; in {self.folder}"

    @property
    def failure(self) -> str:
        """How the circuit's file or its states differ from what others compute; empty where they do not."""
        checks = {"circuit.qasm": self.record.file_check, "the states": self.record.state_check}
        wrong = {name: check for name, check in checks.items() if not check.equal}
        return "; ".join(f"{name}: fidelity {check.fidelity:.6f} by {check.witness}" for name, check in wrong.items())

    def to_json(self) -> Json:
        """The object of `chipsmith run --json`: result.json without the record; the folder stands in `host`."""
        from chipsmith.reports.quantum.result import quantum_result_to_plain

        return _printed(quantum_result_to_plain(self.record), self.folder)


def obtained(inference: Totals) -> dict[str, str]:
    """How each headline figure was obtained: measured, simulated or estimated, how good the source is, and which."""
    from chipsmith.reports.headline import inference_headlines

    return {
        headline.label: ": ".join(filter(None, (headline.figure.kind, headline.figure.status, headline.figure.source)))
        for headline in inference_headlines(inference)
    }


def _printed(plain: Json, folder: Path) -> Json:
    """The object of result.json as a command prints it: without the record, its folder beside the wall times."""
    shown = {name: value for name, value in plain.items() if name not in ("record", "host")}
    return {**shown, "host": {"folder": str(folder), "wall_s": plain["host"]}}


def _busy(timeline: Timeline) -> dict[str, int]:
    return {engine.value: cycles for engine, cycles in timeline.busy_cycles.items()}
