"""The records of runs: everything that a report shows, as plain data that goes to JSON and back.

`inference` is built by `chipsmith.profile.measure.full_profile`; who runs the chain adds the rest. Every
number that a user sees says how it was obtained: see Figure.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from chipsmith.data_report import DataReport
from chipsmith.errors import BadInput
from chipsmith.learn.privacy.budget import PrivacyBudget
from chipsmith.profile.profile import ChipRecord, Evidence, HostStep, Profile
from chipsmith.reports.run_facts import CommandRecord, MistakesRecord, ParametersRecord, RecipeRecord, SplitsRecord
from chipsmith.reports.upgrade import upgrade
from chipsmith.shown import Pictured, Shown
from chipsmith.studies.advice.record import AdviceRecord
from chipsmith.targets import INT8, NPU, SOURCE
from chipsmith.units import count_things, format_interval
from chipsmith.witness.bit_exactness import BitExactness
from chipsmith.witness.diff.sqnr import QuantisationError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA_VERSION = 4
"""Version of the record's form; it grows by one whenever a field changes its meaning or goes."""

CHIP = NPU
"""The target that stands for the chip: its metrics are those of the Program."""
JUDGED = (SOURCE, INT8, CHIP)
"""The targets that a run judges, in the order of the chain; a record may hold others (`chipsmith.targets`)."""


@dataclass(frozen=True, kw_only=True)
class EpochRecord(Shown):
    """One epoch of training: mean losses, and scores, which are 1 at best; a private one tells none of training."""

    number: int
    train_loss: float | None
    validation_loss: float
    train_score: float | None
    validation_score: float


@dataclass(frozen=True, kw_only=True)
class PrivacyRecord(Shown):
    """What a private training promises of each training example, and what the promise does not cover, in sentences."""

    budget: PrivacyBudget
    outside: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TrainingRecord(Shown):
    """The curves of a training, and the verdict drawn from them ('good', 'overfit', 'underfit') with its reason.

    `score` names what the epochs' scores are, such as 'accuracy' or 'explained variance'.
    """

    epochs: tuple[EpochRecord, ...]
    score: str
    verdict: str
    reason: str
    train_examples: int
    validation_examples: int
    privacy: PrivacyRecord | None = None

    def _brief(self) -> str:
        return f"{self.verdict}; {len(self.epochs)} epochs on {self.train_examples:,} examples"


@dataclass(frozen=True, kw_only=True)
class MetricRecord(Shown):
    """A figure of merit of a network on one target, by its name, on the test examples, with its interval.

    Accuracies and other shares are from 0 to 1. `better` says whether 'more' or 'less' of it is wanted; `interval`
    which interval it is, such as 'bootstrap, 95 %'; `kind` and `obtained` say how the target answered.
    """

    target: str
    name: str
    value: float
    low: float
    high: float
    count: int
    better: str
    interval: str
    kind: Evidence
    obtained: str

    def _brief(self) -> str:
        told = format_interval(self.name, self.value, self.low, self.high)
        return f"{self.target} {self.name} {told}, {count_things(self.count, 'example')}, {self.kind.value}"


@dataclass(frozen=True, kw_only=True)
class Confusion(Shown):
    """How often each class (column) was answered to examples of each class (row)."""

    class_names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin(Shown):
    """The answers whose confidence is above `low` and up to `high`: number, mean confidence, accuracy."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class CalibrationRecord(Shown):
    """How far the confidence of a target's answers is from their accuracy: the table, and the expected error."""

    target: str
    bins: tuple[ReliabilityBin, ...]
    error: float


@dataclass(frozen=True, kw_only=True)
class FoldsRecord(Shown):
    """The primary metric of networks that were trained on other parts of the data, each on examples of its own."""

    name: str
    values: tuple[float, ...]
    mean: float
    deviation: float


@dataclass(frozen=True, kw_only=True)
class Picture(Shown):
    """A picture that the chip computed: what it shows, and a PNG in base64."""

    title: str
    caption: str
    png: str


@dataclass(frozen=True, kw_only=True)
class TextSample(Shown):
    """A text that the chip went on with: the prompt, what it wrote, and how it chose."""

    prompt: str
    written: str
    obtained: str


@dataclass(frozen=True, kw_only=True)
class LearnedRecord(Pictured):
    """What a run of any recipe records of its network: how it was trained, and what its answers are worth.

    `versions` of packages and `hashes` (SHA-256 of the run's files) by name; `host` holds wall times in seconds and is
    the one part that differs between two runs with the same seed. `data` is the look at the data before the training.
    What a run did not do is None or empty.
    """

    ANSWERS: ClassVar[str]
    """Who gives the answers that are judged, in words such as "the chip"."""

    network: str
    seed: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    host: dict[str, float] = field(default_factory=dict)
    task: str = ""
    data: DataReport | None = None
    training: TrainingRecord | None = None
    metrics: tuple[MetricRecord, ...] = ()
    confusion: Confusion | None = None
    calibration: tuple[CalibrationRecord, ...] = ()
    folds: FoldsRecord | None = None
    recipe: RecipeRecord | None = None
    command: CommandRecord | None = None
    splits: SplitsRecord | None = None
    parameters: ParametersRecord | None = None
    mistakes: MistakesRecord | None = None
    schema_version: int = SCHEMA_VERSION

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the targets that the metrics are of, in their order."""
        return tuple(dict.fromkeys(metric.target for metric in self.metrics))

    def primary_metric(self, target: str) -> MetricRecord | None:
        """The metric that the task is judged by, on a target, where it was measured."""
        return next((metric for metric in self.metrics if metric.target == target), None)

    def metric(self, target: str, name: str) -> MetricRecord | None:
        """The metric of this name on a target, where it was measured."""
        return next((metric for metric in self.metrics if (metric.target, metric.name) == (target, name)), None)


@dataclass(frozen=True, kw_only=True)
class RunRecord(LearnedRecord):
    """Everything that the report of a run on a chip shows; `advice` is None in records of before it was given."""

    ANSWERS: ClassVar[str] = "the chip"

    chip: ChipRecord
    inference: Profile
    host_steps: tuple[HostStep, ...] = ()
    bit_exact: BitExactness | None = None
    pictures: tuple[Picture, ...] = ()
    texts: tuple[TextSample, ...] = ()
    quantisation: tuple[QuantisationError, ...] = ()
    advice: AdviceRecord | None = None

    def _brief(self) -> str:
        metric, exact = self.primary_metric(CHIP), self.bit_exact
        parts = [
            *([] if metric is None else [metric._brief()]),
            self.inference._brief(),
            *([] if exact is None else ["bit-exact" if exact.exact else f"{exact.mismatches} outputs differ"]),
        ]
        return f"{self.network} on {self.chip.name}: {'; '.join(parts)}"


def record_to_plain(record: LearnedRecord) -> dict[str, Any]:
    """The record as plain JSON values, fields in order; what reads records of its kind gives an equal record."""
    plain: dict[str, Any] = _adapter(type(record)).dump_python(record, mode="json")
    return plain


def record_from_plain(fields: Mapping[str, Any], *, name: str) -> RunRecord:
    """The record of what `record_to_plain` gave, today or since version 2; BadInput, with `name`, for anything else."""
    try:
        fields = upgrade(fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{name} holds no record of a run: {error}; run the network again") from error
    return validate_record(RunRecord, fields, name=name)


RecordT = TypeVar("RecordT", bound=LearnedRecord)


def validate_record(form: type[RecordT], fields: Mapping[str, Any], *, name: str) -> RecordT:
    """The record of this form in plain fields of today's version; BadInput, with `name`, for anything else."""
    version = fields.get("schema_version")
    if version != SCHEMA_VERSION:
        raise BadInput(
            f"{name} has schema_version {version}; this Chipsmith reads {SCHEMA_VERSION}: run the network again"
        )
    try:
        record: RecordT = _adapter(form).validate_python(fields)
    except ValueError as error:
        raise BadInput(f"{name} holds no record of a run: {_first_fault(error)}; run the network again") from error
    return record


def _first_fault(error: ValueError) -> str:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    faults = error.errors()
    place = ".".join(str(step) for step in faults[0]["loc"])
    what = "is missing" if faults[0]["type"] == "missing" else "holds what no record has there"
    return f"{place} {what}" if place else "it is no JSON object"


def _adapter(form: type[Any]) -> TypeAdapter[Any]:
    return _make_adapter(cast(Hashable, form))  # mypy takes a class for no key: its instances are none


@cache
def _make_adapter(form: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(form)
