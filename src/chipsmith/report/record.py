"""The record of a run: everything that a report shows, as plain data that goes to JSON and back.

`inference` is built by `chipsmith.report.inference.describe_inference`; who runs the chain adds the rest. Every
number that a user sees says how it was obtained: see Figure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from chipsmith.errors import BadInput

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA_VERSION = 2
"""Version of the record's form; it grows by one whenever a field changes its meaning or goes."""

Kind = Literal["measured", "simulated", "estimated"]
Stage = Literal["float", "int8", "chip"]
Role = Literal["constant", "input", "output", "activation"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number that a user sees, in `unit`, and how far it can be trusted.

    `kind`: measured (counted on real data or in a file), simulated (to the cycle or to the bit) or estimated;
    `source`: from what; `status`: of an estimate, how good its weakest source is (`chipsmith.chip.sourced.Status`).
    """

    value: float
    unit: str
    kind: Kind
    source: str
    status: str = ""


@dataclass(frozen=True, kw_only=True)
class ChipRecord:
    """The chip of a run: its whole file, and the hash of its canonical form."""

    name: str
    yaml: str
    sha256: str
    clock_mhz: int
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One epoch of training: mean losses, and scores, which are 1 at best."""

    number: int
    train_loss: float
    validation_loss: float
    train_score: float
    validation_score: float


@dataclass(frozen=True, kw_only=True)
class TrainingRecord:
    """The curves of a training, and the verdict drawn from them ('good', 'overfit', 'underfit') with its reason.

    `score` names what the epochs' scores are, such as 'accuracy' or 'explained variance'.
    """

    epochs: tuple[Epoch, ...]
    score: str
    verdict: str
    reason: str
    train_examples: int
    validation_examples: int


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A figure of merit of one stage of the chain on the test examples, with its interval.

    Accuracies and other shares are from 0 to 1. `better` says whether 'more' or 'less' of it is wanted; `interval`
    which interval it is, such as 'bootstrap, 95 %'; `obtained` how the stage was run.
    """

    stage: Stage
    name: str
    value: float
    low: float
    high: float
    count: int
    better: str
    interval: str
    obtained: str


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """How often the chip answered each class (column) to examples of each class (row)."""

    class_names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """The answers whose confidence is above `low` and up to `high`: number, mean confidence, accuracy."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class CalibrationRecord:
    """How far a stage's confidence is from its accuracy: the table, and the expected calibration error."""

    stage: Stage
    bins: tuple[ReliabilityBin, ...]
    error: float


@dataclass(frozen=True, kw_only=True)
class FoldsRecord:
    """The chief metric of networks that were trained on other parts of the data, each on examples of its own."""

    name: str
    values: tuple[float, ...]
    mean: float
    deviation: float


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture that the chip computed: what it shows, and a PNG in base64."""

    title: str
    caption: str
    png: str


@dataclass(frozen=True, kw_only=True)
class TextSample:
    """A text that the chip went on with: the prompt, what it wrote, and how it chose."""

    prompt: str
    written: str
    obtained: str


@dataclass(frozen=True, kw_only=True)
class BitExactness:
    """Comparison of the chip's outputs with a reference: of `compared` elements, `mismatches` differ."""

    mismatches: int
    compared: int
    images: int
    reference: str
    reference_version: str

    @property
    def exact(self) -> bool:
        """Whether all elements are equal, and there are some."""
        return self.compared > 0 and self.mismatches == 0


@dataclass(frozen=True, kw_only=True)
class OperatorRow:
    """Where an operator of the network runs and why; `kernel` is empty where none computes it."""

    name: str
    kind: str
    placed: str
    reason: str
    kernel: str


@dataclass(frozen=True, kw_only=True)
class HostStep:
    """What the host does, such as quantising the input, and why; its time stands under its name in `host`."""

    name: str
    when: Literal["before", "after"]
    reason: str


@dataclass(frozen=True, kw_only=True)
class EngineRow:
    """An engine and the cycles of one cold inference in which it is held."""

    name: str
    busy_cycles: int


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Time of one inference. Cold: everything is in external memory; warm: the resident weights are on the chip.

    `engines` and `stall_cycles` (of the sequencer, by what it waited for) are of the cold inference.
    """

    cold_cycles: int
    warm_cycles: int
    clock_mhz: int
    engines: tuple[EngineRow, ...]
    stall_cycles: dict[str, int]

    @property
    def cold_us(self) -> float:
        """Microseconds of a cold inference."""
        return self.cold_cycles / self.clock_mhz

    @property
    def inferences_per_second(self) -> float:
        """Cold inferences a second, one after the other."""
        return 1e6 / self.cold_us


@dataclass(frozen=True, kw_only=True)
class KernelRow:
    """A kernel in one cold inference, or what is no kernel's own (`kind` 'chip': pages, countdowns, leakage).

    Cycles are from the doorbell, `last_end_cycle` is exclusive. `busy_cycles` of its engine; `wait_cycles` that the
    sequencer waited for its instructions, and `wait_reason`, what most of them were for. `macs` of the operators,
    padding left out; `external_bytes` that are loaded and stored for it. `energy_pj` by component, its transfers'
    share included. `anchor` is the kind of its first operator, 'copy' where it has none.
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

    @property
    def total_pj(self) -> float:
        """Energy of the kernel in picojoules."""
        return math.fsum(self.energy_pj.values())


@dataclass(frozen=True, kw_only=True)
class InstructionRow:
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
class MemorySpan:
    """Bytes of on-chip memory and the cycles in which they are in use; `last_cycle` is exclusive."""

    name: str
    role: Role
    address: int
    size_bytes: int
    first_cycle: int
    last_cycle: int


@dataclass(frozen=True, kw_only=True)
class PriceLine:
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
class PriceTable:
    """Lines in `unit` that sum to a total; `status` is the weakest of theirs, `excluded` what is left out."""

    unit: str
    lines: tuple[PriceLine, ...]
    status: str
    references: tuple[str, ...]
    excluded: tuple[str, ...]
    caveat: str = ""

    @property
    def total(self) -> float:
        """Sum of the lines."""
        return math.fsum(line.value for line in self.lines)

    def by_component(self) -> dict[str, float]:
        """Sum of each component's lines, in the order of the lines; they sum to the total."""
        names = dict.fromkeys(line.component for line in self.lines)
        return {name: math.fsum(line.value for line in self.lines if line.component == name) for name in names}


@dataclass(frozen=True, kw_only=True)
class CostRecord:
    """Dollars of one chip and the parts of its formula; estimated.

    `die_usd` is the good die: wafer price / (dies a wafer x yield).
    """

    wafer_price_usd: Figure
    dies_per_wafer: Figure
    yield_fraction: Figure
    die_usd: Figure
    package_usd: Figure
    assembly_usd: Figure
    mask_set_usd: Figure


@dataclass(frozen=True, kw_only=True)
class Roof:
    """The roofline: at most so many multiply-accumulates a cycle, and so many external bytes each way a cycle."""

    peak_macs_per_cycle: int
    external_bytes_per_cycle: int


@dataclass(frozen=True, kw_only=True)
class Inference:
    """A Program on its chip: placement, time, energy, area, cost. `energy` is in pJ, `area` in mm2.

    `external_bytes` are read and written by one cold inference; `tops_per_watt` counts the array's operations.
    """

    operators: tuple[OperatorRow, ...]
    latency: Latency
    kernels: tuple[KernelRow, ...]
    instructions: tuple[InstructionRow, ...]
    memory: tuple[MemorySpan, ...]
    memory_peak_bytes: int
    weight_bytes: int
    external_bytes: int
    resident: tuple[str, ...]
    energy: PriceTable
    tops_per_watt: float
    peak_tops: float
    area: PriceTable
    cost: CostRecord
    roof: Roof
    slow_memories: tuple[str, ...]

    @property
    def energy_uj(self) -> float:
        """Energy of one cold inference in microjoules."""
        return self.energy.total / 1e6

    @property
    def average_power_mw(self) -> float:
        """Energy over time of a cold inference, in milliwatts."""
        return self.energy.total / self.latency.cold_us / 1e3


@dataclass(frozen=True, kw_only=True)
class QuantisationError:
    """How far a layer's int8 result is from the float one: signal to quantisation noise in dB.

    `sqnr_db` is None where there is no such ratio: nothing differs, or the layer is zero everywhere.
    `obtained` says on what data and between which two networks it was measured.
    """

    layer: str
    sqnr_db: float | None
    obtained: str


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """Everything that a report of a run shows.

    `versions` of packages and `hashes` (SHA-256 of the run's files) by name; `host` holds wall times in seconds and is
    the one part that differs between two runs with the same seed. What a run did not do is None or empty.
    """

    network: str
    chip: ChipRecord
    inference: Inference
    seed: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    host: dict[str, float] = field(default_factory=dict)
    host_steps: tuple[HostStep, ...] = ()
    task: str = ""
    training: TrainingRecord | None = None
    metrics: tuple[Metric, ...] = ()
    bit_exact: BitExactness | None = None
    confusion: Confusion | None = None
    calibration: tuple[CalibrationRecord, ...] = ()
    folds: FoldsRecord | None = None
    pictures: tuple[Picture, ...] = ()
    texts: tuple[TextSample, ...] = ()
    quantisation: tuple[QuantisationError, ...] = ()
    schema_version: int = SCHEMA_VERSION

    def chief(self, stage: Stage) -> Metric | None:
        """The metric that the task is judged by, of a stage, where it was measured."""
        return next((one for one in self.metrics if one.stage == stage), None)

    def metric(self, stage: Stage, name: str) -> Metric | None:
        """The metric of this name of a stage, where it was measured."""
        return next((one for one in self.metrics if (one.stage, one.name) == (stage, name)), None)


def record_to_plain(record: RunRecord) -> dict[str, Any]:
    """The record as plain JSON values, fields in order; `record_from_plain` reads them back to an equal record."""
    return _adapter().dump_python(record, mode="json")  # type: ignore[no-any-return]


def record_from_plain(fields: Mapping[str, Any], *, name: str) -> RunRecord:
    """The record of what `record_to_plain` gave; BadInput, with `name`, where it is foreign or of another version."""
    version = fields.get("schema_version")
    if version != SCHEMA_VERSION:
        raise BadInput(
            f"{name} has schema_version {version}; this Chipsmith reads {SCHEMA_VERSION}: run the network again"
        )
    try:
        return _adapter().validate_python(fields)
    except ValueError as error:
        raise BadInput(f"{name} holds no record of a run: {_first_fault(error)}; run the network again") from error


def _first_fault(error: ValueError) -> str:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    faults = error.errors()
    place = ".".join(str(step) for step in faults[0]["loc"])
    return f"{place}: {faults[0]['msg']}" if place else str(faults[0]["msg"])


@cache
def _adapter() -> TypeAdapter[RunRecord]:
    from pydantic import TypeAdapter

    return TypeAdapter(RunRecord)
