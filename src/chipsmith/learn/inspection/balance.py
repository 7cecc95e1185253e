"""Classes: how many examples each part has of each, which are missing and which are rare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from chipsmith.data_report import DataFinding, FindingKind, PartCount, Severity
from chipsmith.learn.inspection.duplicates import count_repeated, count_seen
from chipsmith.learn.inspection.inspected_parts import TEST, TRAINING, InspectedPart, InspectedParts
from chipsmith.units import percent

RARE = 10
"""A class with so many times fewer training examples than the commonest is rare."""


def count_parts(parts: InspectedParts) -> tuple[PartCount, ...]:
    """The examples of each part, by class where there are classes; each was counted, looked at or not."""
    return tuple(
        PartCount(
            name=part.name,
            examples=len(part.examples),
            by_class=tuple(class_counts(parts, part).tolist()) if parts.classified else (),
            repeated=count_repeated(part),
            seen_before=count_seen(part, parts.parts[:index]) if index else 0,
        )
        for index, part in enumerate(parts.parts)
    )


def class_counts(parts: InspectedParts, part: InspectedPart) -> NDArray[np.int64]:
    """The number of examples of each class in a part."""
    return np.bincount(part.examples.targets, minlength=len(parts.dataset.class_names))


def find_missing_classes(parts: InspectedParts) -> Iterator[DataFinding]:
    """Classes of which a part has no example."""
    for part in parts.parts:
        missing = _named(parts, np.flatnonzero(class_counts(parts, part) == 0))
        if missing:
            effect = "it cannot learn them" if part.name == TRAINING else "nothing is said of them"
            yield DataFinding(
                severity=Severity.WARNING,
                kind=FindingKind.MISSING_CLASS,
                message=f"the {part.name} part has no example of {_listed(missing)}: {effect}",
                count=len(missing),
                examples=missing,
            )


def find_imbalance(parts: InspectedParts) -> Iterator[DataFinding]:
    """Classes that are rare in training, and what is right about always answering the commonest."""
    counts = class_counts(parts, parts.part(TRAINING))
    rare = np.flatnonzero((counts > 0) & (counts * RARE <= counts.max()))
    if not len(rare):
        return
    common, test = int(counts.argmax()), class_counts(parts, parts.part(TEST))
    names = _named(parts, rare)
    yield DataFinding(
        severity=Severity.WARNING,
        kind=FindingKind.IMBALANCE,
        message=f"{_listed(names)} {'is' if len(names) == 1 else 'are'} rare: {int(counts[rare].min()):,} training "
        f"examples against {int(counts.max()):,} of {parts.dataset.class_names[common]}, which as an answer to all is "
        f"right on {percent(test[common] / test.sum(), 1)} of the test part",
        count=len(names),
        examples=names,
    )


def _named(parts: InspectedParts, classes: NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(parts.dataset.class_names[index] for index in classes.tolist())


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
    return f"class {shown}" if len(names) == 1 else f"{len(names)} classes ({shown})"
