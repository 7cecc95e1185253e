"""What was seen in a data set: counts, ranges and findings, as plain data that goes to JSON and back."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from chipsmith.shown import Shown


class Severity(StrEnum):
    """How much a finding weighs: an error keeps the training from beginning, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class FindingKind(StrEnum):
    """What a finding is about."""

    UNREADABLE = "unreadable"
    LEAKAGE = "leakage"
    LABEL_CONFLICT = "label_conflict"
    DUPLICATES = "duplicates"
    MISSING_CLASS = "missing_class"
    IMBALANCE = "imbalance"
    CONSTANT = "constant"
    BLANK = "blank"
    CUT = "cut"
    UNKNOWN = "unknown"
    OMITTED = "omitted"
    MIXED = "mixed"
    SAMPLE = "sample"


@dataclass(frozen=True, kw_only=True)
class DataFinding(Shown):
    """Something that the owner of the data should know, in a sentence with its figures.

    `count` is the number of examples (of columns, of classes) that it is about; `examples` names some of them.
    """

    severity: Severity
    kind: FindingKind
    message: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PartCount(Shown):
    """A part of a data set: its examples, those of each class, and how many examples repeat an earlier one of it.

    `seen_before` counts the examples whose inputs an earlier part has: for validation those of training, for test those
    of training or validation.
    """

    name: str
    examples: int
    by_class: tuple[int, ...]
    repeated: int
    seen_before: int


@dataclass(frozen=True, kw_only=True)
class ColumnRange(Shown):
    """The finite values of a column (a channel, the inputs as a whole): in its own units where these are known.

    `distinct` counts the different ones, where they were counted.
    """

    name: str
    lowest: float
    mean: float
    highest: float
    distinct: int | None = None


@dataclass(frozen=True, kw_only=True)
class TraitSummary(Shown):
    """What the files say of themselves under a name: the commonest words with their counts, or a range of numbers."""

    name: str
    words: tuple[tuple[str, int], ...] = ()
    others: int = 0
    lowest: float | None = None
    median: float | None = None
    highest: float | None = None

    @property
    def text(self) -> str:
        """The summary in a line."""
        if self.median is not None:
            return f"{self.lowest:.6g} to {self.highest:.6g}, median {self.median:.6g}"
        more = f", others ({self.others:,})" if self.others else ""
        return ", ".join(f"{word} ({count:,})" for word, count in self.words) + more


@dataclass(frozen=True, kw_only=True)
class DataReport(Shown):
    """A data set as it was looked at, `looked_at` of its `examples`: all of them, or a sample drawn by the seed."""

    dataset: str
    source: str
    task: str
    examples: int
    looked_at: int
    class_names: tuple[str, ...] = ()
    parts: tuple[PartCount, ...] = ()
    ranges: tuple[ColumnRange, ...] = ()
    traits: tuple[TraitSummary, ...] = ()
    findings: tuple[DataFinding, ...] = ()

    def _brief(self) -> str:
        parts = ", ".join(f"{part.name} {part.examples:,}" for part in self.parts)
        findings = f"{len(self.errors)} errors, {len(self.warnings)} warnings"
        return f"{self.dataset}: {self.examples:,} examples{f' ({parts})' if parts else ''}; {findings}"

    @property
    def errors(self) -> tuple[DataFinding, ...]:
        """The findings that keep a training from beginning."""
        return self.of(Severity.ERROR)

    @property
    def warnings(self) -> tuple[DataFinding, ...]:
        """The findings that a training is told of."""
        return self.of(Severity.WARNING)

    def of(self, severity: Severity) -> tuple[DataFinding, ...]:
        """The findings of this severity."""
        return tuple(finding for finding in self.findings if finding.severity is severity)

    @property
    def obtained(self) -> str:
        """How the figures were obtained, in words."""
        if self.looked_at == self.examples:
            return f"counted on all {self.examples:,} examples, each decoded"
        return f"counted on {self.looked_at:,} of {self.examples:,} examples, drawn by the seed, each decoded"

    def to_plain(self) -> dict[str, Any]:
        """Plain JSON values, fields in order."""
        return dataclasses.asdict(self)


def findings_to_plain(report: DataReport | None) -> list[dict[str, Any]]:
    """The findings without their examples, for the fields at the top of an object; none where nobody looked."""
    findings = () if report is None else report.findings
    names = ("severity", "kind", "message", "count")
    return [{name: getattr(finding, name) for name in names} for finding in findings]
