"""The three parts of a data set as they were looked at, and how their examples are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chipsmith.learn.data import Dataset, Examples, Task
from chipsmith.learn.data.origin import Origin
from chipsmith.learn.inspection.look import Looked, look_at_part

TRAINING, VALIDATION, TEST = "training", "validation", "test"


@dataclass(frozen=True, kw_only=True, eq=False)
class InspectedPart:
    """A part: its examples, what was seen of them, and the item of each in the files, int64 (n), where it is known."""

    name: str
    examples: Examples
    looked: Looked
    items: NDArray[np.int64] | None

    @property
    def labels(self) -> NDArray[np.int64]:
        """The classes of the examples that were looked at."""
        return np.asarray(self.examples.targets[self.looked.items])


@dataclass(frozen=True, kw_only=True, eq=False)
class InspectedParts:
    """The parts of a data set in their order: training, validation, test; `decoded` where files were looked at."""

    dataset: Dataset
    decoded: bool
    parts: tuple[InspectedPart, ...]

    @classmethod
    def of(cls, dataset: Dataset, looked: Looked | None) -> InspectedParts:
        """The parts of a data set; `looked` is of its files where these were looked at, else each part is read."""
        named = ((TRAINING, dataset.train), (VALIDATION, dataset.validation), (TEST, dataset.test))
        items = _items(dataset.origin)
        return cls(
            dataset=dataset,
            decoded=looked is not None,
            parts=tuple(
                InspectedPart(name=name, examples=part, looked=_look_at(part, places, looked), items=places)
                for (name, part), places in zip(named, items, strict=True)
            ),
        )

    def part(self, name: str) -> InspectedPart:
        """The part of this name."""
        return next(part for part in self.parts if part.name == name)

    @property
    def classified(self) -> bool:
        """Whether the targets are classes."""
        return self.dataset.task is Task.CLASSIFICATION

    def name(self, part: InspectedPart, place: int) -> str:
        """How a message names the example at `place` among those of a part that were looked at."""
        index = int(part.looked.items[place])
        origin = self.dataset.origin
        if origin is None or part.items is None:
            return f"{part.name} example {index}"
        return f"{origin.name_item(int(part.items[index]))} ({part.name})"

    def names(self, part: InspectedPart, places: Sequence[int]) -> tuple[str, ...]:
        """The names of some examples."""
        return tuple(self.name(part, place) for place in places)


def _items(origin: Origin | None) -> tuple[NDArray[np.int64] | None, ...]:
    if origin is None:
        return None, None, None
    return origin.split.train, origin.split.validation, origin.split.test


def _look_at(part: Examples, items: NDArray[np.int64] | None, looked: Looked | None) -> Looked:
    return look_at_part(part) if looked is None or items is None else looked.within(items)
