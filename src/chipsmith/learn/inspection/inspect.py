"""The look at the data of a recipe: a report, and a refusal before anything is trained on what should not be."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chipsmith.data_report import DataFinding, DataReport, FindingKind, Severity
from chipsmith.errors import BadInput
from chipsmith.learn.data import Dataset
from chipsmith.learn.data.decoded import DecodedSection
from chipsmith.learn.data.unreadable import UnreadableExamples
from chipsmith.learn.inspection.balance import count_parts, find_imbalance, find_missing_classes
from chipsmith.learn.inspection.columns import find_constant_columns, value_ranges
from chipsmith.learn.inspection.contents import (
    find_blank,
    find_long,
    find_mixed,
    find_omitted,
    find_sample,
    find_tokens,
    read_traits,
    summarise_traits,
)
from chipsmith.learn.inspection.duplicates import find_conflicts, find_duplicates, find_leakage
from chipsmith.learn.inspection.inspected_parts import InspectedParts
from chipsmith.learn.inspection.look import Looked, look_at_files
from chipsmith.learn.recipe import Recipe

_WEIGHTS = {severity: index for index, severity in enumerate(Severity)}
_MENDS = {
    FindingKind.LEAKAGE: "remove the copies, or keep what belongs together in a single part (`group`); where equal "
    "inputs are cases of their own, say so: --set 'accept=[leakage]'",
    FindingKind.LABEL_CONFLICT: "correct the labels, or give the inputs that tell the classes apart; to train all the "
    "same: --set 'accept=[label_conflict]'",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Inspected:
    """A recipe's data set, ready to be trained on, and what was seen in it.

    `loaded` is the data set before it was prepared for the recipe: not reduced to components, with its own classes.
    """

    data: Dataset
    report: DataReport
    loaded: Dataset


def load_inspected(recipe: Recipe) -> Inspected:
    """The data set as `recipe.load_data()` gives it, looked at first.

    Raises BadInput where it has errors: files that cannot be read, and findings that the recipe does not `accept`.
    """
    loaded, looked = _load(recipe)
    report = inspect_data(loaded, looked, accepted=recipe.accept)
    if report.errors:
        finding = report.errors[0]
        raise BadInput(f"data set {report.dataset}: {finding.message}; {_MENDS[finding.kind]}")
    return Inspected(data=recipe.prepare(loaded), report=report, loaded=loaded)


def inspect_recipe(recipe: Recipe) -> DataReport:
    """What is seen in a recipe's data, with what cannot be read and what would be refused among the findings.

    Raises BadInput where there is no data set to look at: a missing folder, a table without a column.
    """
    try:
        loaded, looked = _load(recipe)
    except UnreadableExamples as fault:
        return _unreadable(recipe, fault)
    return inspect_data(loaded, looked, accepted=recipe.accept)


def inspect_data(dataset: Dataset, looked: Looked | None = None, *, accepted: Sequence[str] = ()) -> DataReport:
    """What is seen in a data set; `looked` is what was seen of its files, where they were looked at one by one.

    Errors of a kind that is `accepted` are warnings.
    """
    parts = InspectedParts.of(dataset, looked)
    traits = read_traits(parts)
    summaries = summarise_traits(traits)
    findings = (
        *find_leakage(parts),
        *find_duplicates(parts),
        *find_omitted(parts),
        *find_blank(parts),
        *find_constant_columns(parts),
        *find_mixed(summaries),
        *find_long(parts, traits),
        *find_tokens(parts),
        *find_sample(parts),
        *_of_classes(parts),
    )
    return DataReport(
        dataset=dataset.name,
        source=dataset.source,
        task=dataset.task.value,
        examples=sum(len(part.examples) for part in parts.parts),
        looked_at=sum(len(part.looked) for part in parts.parts),
        class_names=dataset.class_names if parts.classified else (),
        parts=count_parts(parts),
        ranges=value_ranges(parts),
        traits=summaries,
        findings=tuple(sorted((_accept(row, accepted) for row in findings), key=lambda row: _WEIGHTS[row.severity])),
    )


def _load(recipe: Recipe) -> tuple[Dataset, Looked | None]:
    section = recipe.data
    if not isinstance(section, DecodedSection):
        return section.load(seed=recipe.seed), None
    undecoded = section.open(seed=recipe.seed)
    looked = look_at_files(undecoded, seed=recipe.seed)
    return undecoded.fit(), looked


def _of_classes(parts: InspectedParts) -> Iterator[DataFinding]:
    if parts.classified:
        yield from find_conflicts(parts)
        yield from find_missing_classes(parts)
        yield from find_imbalance(parts)


def _accept(finding: DataFinding, accepted: Sequence[str]) -> DataFinding:
    if finding.severity is Severity.ERROR and finding.kind.value in accepted:
        return dataclasses.replace(
            finding, severity=Severity.WARNING, message=f"{finding.message} (accepted by the recipe)"
        )
    return finding


def _unreadable(recipe: Recipe, fault: UnreadableExamples) -> DataReport:
    message = f"{len(fault.faults):,} of {fault.total:,} examples cannot be read: mend or remove them"
    finding = DataFinding(
        severity=Severity.ERROR,
        kind=FindingKind.UNREADABLE,
        message=message,
        count=len(fault.faults),
        examples=fault.faults,
    )
    return DataReport(
        dataset=recipe.name,
        source=getattr(recipe.data, "path", recipe.data.kind),
        task=recipe.task.value,
        examples=fault.total,
        looked_at=fault.total,
        findings=(finding,),
    )
