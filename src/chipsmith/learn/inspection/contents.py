"""What is in the examples: what their files say of themselves, blank ones, texts and sounds that are cut."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from chipsmith.data_report import DataFinding, FindingKind, Severity, TraitSummary
from chipsmith.learn.data.origin import Traits
from chipsmith.learn.inspection.duplicates import NAMED
from chipsmith.learn.inspection.inspected_parts import InspectedPart, InspectedParts
from chipsmith.learn.preprocessing import SeriesReader, SoundReader
from chipsmith.learn.preprocessing.text import PADDING
from chipsmith.units import percent

BLANK_VALUES = 16
"""Inputs of fewer values may all be the same without being empty."""
_WORDS = 8
_BATCH = 1_000
_LENGTHS = {"seconds": "s", "steps": "steps"}
"""The traits that are a length, with their units."""


def read_traits(parts: InspectedParts) -> list[Traits]:
    """What the file of each example that was looked at says of itself; empty where files say nothing."""
    origin = parts.dataset.origin
    if origin is None or origin.traits is None:
        return []
    items = [part.items[part.looked.items] for part in parts.parts if part.items is not None]
    return [origin.traits(item) for item in np.concatenate(items).tolist()]


def summarise_traits(traits: Sequence[Traits]) -> tuple[TraitSummary, ...]:
    """A summary of each trait by its name."""
    by_name: dict[str, list[str | float]] = defaultdict(list)
    for row in traits:
        for name, value in row.items():
            by_name[name].append(value)
    return tuple(_summarise(name, values) for name, values in by_name.items())


def _summarise(name: str, values: Sequence[str | float]) -> TraitSummary:
    numbers = [value for value in values if isinstance(value, float)]
    if numbers:
        lowest, median, highest = (float(share) for share in np.quantile(numbers, (0, 0.5, 1)))
        return TraitSummary(name=name, lowest=lowest, median=median, highest=highest)
    words = Counter(str(value) for value in values)
    shown = tuple(words.most_common(_WORDS))
    return TraitSummary(name=name, words=shown, others=len(values) - sum(count for _, count in shown))


def find_mixed(summaries: Sequence[TraitSummary]) -> Iterator[DataFinding]:
    """Files of several kinds, which the preprocessing makes alike."""
    for summary in summaries:
        if len(summary.words) > 1:
            shown = ", ".join(f"{word} ({count:,})" for word, count in summary.words) + " ..." * bool(summary.others)
            yield DataFinding(
                severity=Severity.NOTE,
                kind=FindingKind.MIXED,
                message=f"files differ in {summary.name}: {shown}; they are converted",
                count=sum(count for _, count in summary.words[1:]) + summary.others,
            )


def find_long(parts: InspectedParts, traits: Sequence[Traits]) -> Iterator[DataFinding]:
    """Sounds and series that are longer than what is kept of them."""
    kept = _kept(parts)
    for name, unit in _LENGTHS.items():
        lengths = np.array([row[name] for row in traits if name in row], np.float64)
        count = int(np.count_nonzero(lengths > kept)) if len(lengths) and kept is not None else 0
        if count:
            yield DataFinding(
                severity=Severity.NOTE,
                kind=FindingKind.CUT,
                message=f"{count:,} of {len(lengths):,} examples ({percent(count / len(lengths), 1)}) are longer than "
                f"{kept:g} {unit} (up to {lengths.max():g}) and are cut there",
                count=count,
            )


def _kept(parts: InspectedParts) -> float | None:
    """How much of a sound (seconds) or a series (steps) is kept."""
    match parts.dataset.preprocessing.reader:
        case SoundReader() as sound:
            return sound.samples / sound.rate_hz
        case SeriesReader() as series:
            return float(series.length)
    return None


def find_blank(parts: InspectedParts) -> Iterator[DataFinding]:
    """Examples whose values are all the same: black images, silence, texts of unknown words."""
    if np.prod(parts.dataset.input_shape) < BLANK_VALUES:
        return
    for part in parts.parts:
        places = np.flatnonzero(part.looked.blank)
        if len(places):
            yield DataFinding(
                severity=Severity.WARNING,
                kind=FindingKind.BLANK,
                message=f"{len(places):,} of {len(part.looked):,} {part.name} examples are blank: all their values are "
                "the same",
                count=len(places),
                examples=parts.names(part, places[:NAMED].tolist()),
            )


def find_tokens(parts: InspectedParts) -> Iterator[DataFinding]:
    """Texts that fill their whole length and may be cut, and tokens that the vocabulary does not hold."""
    if parts.dataset.input_dtype != "int32" or parts.dataset.preprocessing.vocabulary_size is None:
        return
    for part in parts.parts:
        full, unknown, tokens = _count_tokens(part)
        if full and parts.classified:
            length = parts.dataset.input_shape[0]
            yield DataFinding(
                severity=Severity.NOTE,
                kind=FindingKind.CUT,
                message=f"{full:,} of {len(part.examples):,} {part.name} texts "
                f"({percent(full / len(part.examples), 1)}) fill all {length} tokens: what is longer is cut",
                count=full,
            )
        if unknown:
            yield DataFinding(
                severity=Severity.NOTE,
                kind=FindingKind.UNKNOWN,
                message=f"{unknown:,} of {tokens:,} tokens ({percent(unknown / tokens, 2)}) of the "
                f"{part.name} part are not in the vocabulary of the training part",
                count=unknown,
            )


def _count_tokens(part: InspectedPart) -> tuple[int, int, int]:
    """The texts without padding, the tokens within texts that are unknown, and all tokens within texts."""
    full = unknown = tokens = 0
    for batch in part.examples.batches(_BATCH):
        known = batch.inputs != PADDING
        lengths = _lengths(known)
        full += int(np.count_nonzero(lengths == known.shape[1]))
        tokens += int(lengths.sum())
        unknown += int(lengths.sum() - np.count_nonzero(known))
    return full, unknown, tokens


def _lengths(known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where the last known token of each text ends."""
    ends = np.where(known, np.arange(1, known.shape[1] + 1), 0)
    return np.asarray(ends.max(axis=1), np.int64)


def find_omitted(parts: InspectedParts) -> Iterator[DataFinding]:
    """Examples that were left out, for they are copies or have several classes."""
    omitted = None if parts.dataset.origin is None else parts.dataset.origin.omitted
    if omitted is None:
        return
    if omitted.copies:
        yield DataFinding(
            severity=Severity.NOTE,
            kind=FindingKind.OMITTED,
            message=f"{omitted.copies:,} copies of other examples were left out",
            count=omitted.copies,
        )
    if omitted.conflicts:
        yield DataFinding(
            severity=Severity.WARNING,
            kind=FindingKind.LABEL_CONFLICT,
            message=f"{omitted.conflicts:,} examples stand in several classes and were left out: say which is right",
            count=omitted.conflicts,
            examples=omitted.examples,
        )


def find_sample(parts: InspectedParts) -> Iterator[DataFinding]:
    """That not all files were looked at."""
    total, looked = (sum(map(len, rows)) for rows in zip(*((p.examples, p.looked) for p in parts.parts), strict=True))
    if looked < total:
        yield DataFinding(
            severity=Severity.NOTE,
            kind=FindingKind.SAMPLE,
            message=f"{looked:,} of {total:,} files were decoded, drawn by the seed: what is said of duplicates and "
            "broken files is of these",
            count=total - looked,
        )
