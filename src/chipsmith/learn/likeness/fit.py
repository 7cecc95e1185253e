"""A Likeness of a data set: ranges of the training part, limits of the validation part, false alarms on the test."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chipsmith.errors import BadInput
from chipsmith.learn.data import Dataset, Examples, Task
from chipsmith.learn.data.origin import Origin
from chipsmith.learn.likeness.coarse import CoarseLikeness, coarse_pictures
from chipsmith.learn.likeness.likeness import Likeness, TraitRange, excesses, measure, range_of, traits_of
from chipsmith.learn.likeness.text_traits import KnownTexts
from chipsmith.learn.preprocessing import TextReader

_MARGIN = 5.0
"""A limit is 1 + _MARGIN / sqrt(n) times the furthest of n validation examples: the fewer, the less these say."""
MOST_EXAMPLES = 1_000
"""Of each part: a trait takes a millisecond an example, for the file is read again."""
_FEWEST = 20
"""Examples of a part below which nothing can be said."""

RawOf = Callable[[int], Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class _RawPart:
    """Examples of a part, with their raw form."""

    raw: Sequence[Any]
    inputs: NDArray[Any]
    targets: NDArray[Any]

    def __len__(self) -> int:
        return len(self.raw)

    def every_other(self, first: int) -> _RawPart:
        """Half of the examples, from the first or second on."""
        return _RawPart(raw=self.raw[first::2], inputs=self.inputs[first::2], targets=self.targets[first::2])


def fit_likeness(dataset: Dataset, *, protects_training: bool) -> Likeness | None:
    """What the training part is like; where it is protected (private training), what half of validation is like.

    None where the data set cannot give its raw examples, where these are too few, or where its task is to rebuild its
    inputs: what such a network rebuilds badly is its own answer.
    """
    if dataset.task.targets_are_inputs:
        return None
    parts = _raw_parts(dataset)
    if parts is None:
        return None
    shown, chosen, test = parts
    if protects_training:
        shown, chosen = chosen.every_other(0), chosen.every_other(1)
    if min(len(shown), len(chosen)) < _FEWEST:
        return None
    return _fit(dataset, shown, chosen, test)


def _fit(dataset: Dataset, shown: _RawPart, chosen: _RawPart, test: _RawPart) -> Likeness:
    reader = dataset.preprocessing.reader
    is_text = isinstance(reader, TextReader)
    texts = KnownTexts.of(map(str, shown.raw), whole=dataset.task is not Task.LANGUAGE) if is_text else None
    classes = shown.targets if dataset.task is Task.CLASSIFICATION else np.zeros(len(shown), np.int64)
    coarse = None if is_text else CoarseLikeness.fit(coarse_pictures(shown.inputs), classes)
    rows = _measure_each(dataset, shown, coarse, texts)
    names = dict.fromkeys(name for row in rows for name in row)
    ranges = {name: range_of(np.array([row[name] for row in rows if name in row])) for name in names}
    ranges = _limited(ranges, _excesses(dataset, chosen, ranges, coarse, texts))
    warned = [max(row.values(), default=0.0) > 1 for row in _excesses(dataset, test, ranges, coarse, texts)]
    return Likeness(
        ranges=ranges,
        coarse=coarse,
        texts=texts,
        measured_on=len(shown),
        chosen_on=len(chosen),
        tested=len(warned),
        test_warned=sum(warned),
    )


def _excesses(
    dataset: Dataset,
    part: _RawPart,
    ranges: dict[str, TraitRange],
    coarse: CoarseLikeness | None,
    texts: KnownTexts | None,
) -> list[dict[str, float]]:
    known = traits_of(dataset.preprocessing.reader)
    return [excesses(known, ranges, row) for row in _measure_each(dataset, part, coarse, texts)]


def _limited(ranges: dict[str, TraitRange], rows: list[dict[str, float]]) -> dict[str, TraitRange]:
    """The ranges, each with a limit somewhat beyond the furthest of these rows."""
    margin = 1 + _MARGIN / math.sqrt(len(rows))
    furthest = {name: max(row.get(name, 0.0) for row in rows) for name in ranges}
    return {
        name: within.model_copy(update={"limit": float(f"{margin * max(1.0, furthest[name]):.4g}")})
        for name, within in ranges.items()
    }


def _measure_each(
    dataset: Dataset, part: _RawPart, coarse: CoarseLikeness | None, texts: KnownTexts | None
) -> list[dict[str, float]]:
    reader = dataset.preprocessing.reader
    return [
        measure(reader, raw, inputs, coarse=coarse, texts=texts)
        for raw, inputs in zip(part.raw, part.inputs, strict=True)
    ]


def _raw_parts(dataset: Dataset) -> tuple[_RawPart, _RawPart, _RawPart] | None:
    """The first examples of training, validation and test."""
    origin = dataset.origin
    if dataset.task is Task.LANGUAGE:
        shown, chosen, test = (_windows(dataset, part) for part in (dataset.train, dataset.validation, dataset.test))
        return shown, chosen, test
    if origin is None or origin.raw is None:
        return None
    split = origin.split
    pairs = ((dataset.train, split.train), (dataset.validation, split.validation), (dataset.test, split.test))
    try:
        shown, chosen, test = (_part(part, items, origin) for part, items in pairs)
    except BadInput:  # a file that has gone since: the training has been done, and a warning less is no loss
        return None
    return shown, chosen, test


def _part(examples: Examples, items: NDArray[np.int64], origin: Origin) -> _RawPart:
    assert origin.raw is not None
    first = examples.first(MOST_EXAMPLES)
    raw = [origin.raw(int(item)) for item in items[: len(first)]]
    return _RawPart(raw=raw, inputs=first.whole().inputs, targets=first.targets)


def _windows(dataset: Dataset, examples: Examples) -> _RawPart:
    """The windows of a long text, as texts."""
    reader = dataset.preprocessing.reader
    assert isinstance(reader, TextReader)
    inputs = examples.first(MOST_EXAMPLES).whole().inputs
    return _RawPart(raw=[reader.decode(tokens) for tokens in inputs.tolist()], inputs=inputs, targets=inputs)
