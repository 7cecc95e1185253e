"""The same inputs twice: within a part, in two parts, under two labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chipsmith.data_report import DataFinding, FindingKind, Severity
from chipsmith.learn.inspection.inspected_parts import TEST, TRAINING, VALIDATION, InspectedPart, InspectedParts
from chipsmith.units import percent

MEMORY = 0.5
"""Share of the validation or the test part from which on its figures are those of memory: the training is refused."""
MANY = 0.01
"""Share of the examples from which on repetitions are worth a warning."""
NAMED = 20
"""Examples that a finding names."""


def count_repeated(part: InspectedPart) -> int:
    """Examples of a part whose inputs an earlier example of it has."""
    return len(part.looked) - len(np.unique(part.looked.digests))


def count_seen(part: InspectedPart, earlier: tuple[InspectedPart, ...]) -> int:
    """Examples of a part whose inputs some example of the `earlier` parts has."""
    return int(np.count_nonzero(_seen(part, earlier)))


def find_leakage(parts: InspectedParts) -> Iterator[DataFinding]:
    """Examples of validation and test that training has too: an error where they are most of a part."""
    training = parts.part(TRAINING)
    for name in (VALIDATION, TEST):
        part = parts.part(name)
        places = np.flatnonzero(_seen(part, (training,)))
        if len(places):
            share = len(places) / len(part.looked)
            yield DataFinding(
                severity=Severity.ERROR if share > MEMORY else Severity.WARNING,
                kind=FindingKind.LEAKAGE,
                message=f"{_of(len(places), part)} have the same inputs as training examples: there the network is "
                "judged by what it has seen",
                count=len(places),
                examples=_pairs(parts, part, places, training),
            )


def find_duplicates(parts: InspectedParts) -> Iterator[DataFinding]:
    """Examples that are several times in a part."""
    repeated = {part.name: count_repeated(part) for part in parts.parts}
    count, total = sum(repeated.values()), sum(len(part.looked) for part in parts.parts)
    if count:
        told = ", ".join(f"{number:,} of {name}" for name, number in repeated.items() if number)
        distinct = len(np.unique(np.concatenate([part.looked.digests for part in parts.parts])))
        yield DataFinding(
            severity=Severity.WARNING if count > MANY * total else Severity.NOTE,
            kind=FindingKind.DUPLICATES,
            message=f"{count:,} of {total:,} examples ({percent(count / total, 1)}) repeat others of their "
            f"part ({told}): {distinct:,} different inputs in all",
            count=count,
            examples=tuple(name for part in parts.parts for name in _pairs(parts, part, _later(part), part))[:NAMED],
        )


def find_conflicts(parts: InspectedParts) -> Iterator[DataFinding]:
    """Examples with the same inputs and different classes, and how often any network can be right at most."""
    digests = np.concatenate([part.looked.digests for part in parts.parts])
    labels = np.concatenate([part.labels for part in parts.parts])
    _, groups = np.unique(digests, return_inverse=True)
    pairs, counts = np.unique(np.stack([groups, labels]), axis=1, return_counts=True)
    conflicting = np.bincount(pairs[0]) > 1
    places = np.flatnonzero(conflicting[groups])
    if not len(places):
        return
    best = np.zeros(len(conflicting), np.int64)
    np.maximum.at(best, pairs[0], counts)
    right = int(best.sum()) / len(groups)
    yield DataFinding(
        severity=Severity.ERROR if len(places) > MEMORY * len(groups) else Severity.WARNING,
        kind=FindingKind.LABEL_CONFLICT,
        message=f"{len(places):,} of {len(groups):,} examples ({percent(len(places) / len(groups), 1)}) "
        f"have the same inputs as others of another class: no network can be right on more than "
        f"{_percent_down(right)} of all",
        count=len(places),
        examples=_named_conflicts(parts, places[np.argsort(groups[places], kind="stable")]),
    )


def _seen(part: InspectedPart, earlier: tuple[InspectedPart, ...]) -> NDArray[np.bool_]:
    return np.isin(part.looked.digests, np.concatenate([other.looked.digests for other in earlier]))


def _later(part: InspectedPart) -> NDArray[np.int64]:
    """The places of the examples that repeat an earlier one."""
    _, firsts = np.unique(part.looked.digests, return_index=True)
    return np.setdiff1d(np.arange(len(part.looked)), firsts)


def _of(count: int, part: InspectedPart) -> str:
    return f"{count:,} of {len(part.looked):,} {part.name} examples ({percent(count / len(part.looked), 1)})"


def _percent_down(share: float) -> str:
    """Rounded down: a bound that holds."""
    return f"{np.floor(1000 * share) / 10:.1f} %"


def _pairs(
    parts: InspectedParts, part: InspectedPart, places: NDArray[np.int64], other: InspectedPart
) -> tuple[str, ...]:
    """Some examples of a part, each beside the first of another part that has its inputs."""
    digests, firsts = np.unique(other.looked.digests, return_index=True)
    shown = places[:NAMED]
    twins = firsts[np.searchsorted(digests, part.looked.digests[shown])]
    return tuple(
        f"{parts.name(part, place)} = {parts.name(other, twin)}"
        for place, twin in zip(shown.tolist(), twins.tolist(), strict=True)
    )


def _named_conflicts(parts: InspectedParts, places: NDArray[np.int64]) -> tuple[str, ...]:
    """Some examples among all parts, each with its class."""
    ends = np.cumsum([0, *(len(part.looked) for part in parts.parts)])
    names = parts.dataset.class_names
    shown = []
    for place in places[:NAMED].tolist():
        index = int(np.searchsorted(ends, place, side="right")) - 1
        part, within = parts.parts[index], place - int(ends[index])
        shown.append(f"{parts.name(part, within)}: {names[int(part.labels[within])]}")
    return tuple(shown)
