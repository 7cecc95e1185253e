"""Where the examples of a data set come from: names to speak of them by, raw values, and what was left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray

from chipsmith.learn.data.splits import Split
from chipsmith.shown import Shown

Traits = Mapping[str, str | float]
"""What a file says of itself, by name: words such as a mode of colours, numbers such as seconds."""


@dataclass(frozen=True, kw_only=True)
class Omitted(Shown):
    """Examples that stand in the files and in no part: `copies` of others, and `conflicts`, whose classes differ.

    `examples` names some of those with several classes, so that their owner can decide.
    """

    NAMED: ClassVar[int] = 20
    """Most examples that are named."""

    copies: int = 0
    conflicts: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class RawColumns(Shown):
    """Raw values (n, k) of all items, before they are scaled, and the names of the k columns."""

    names: tuple[str, ...]
    values: NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Origin(Shown):
    """The items that a data set was split from: example i of a part is the item at index i of that part of `split`.

    `name_item` names an item in a message, `traits` says what its file says of itself, `raw` is an item as the reader
    of the preprocessing takes it. `columns` are there for tables and series.
    """

    split: Split
    name_item: Callable[[int], str]
    traits: Callable[[int], Traits] | None = None
    columns: RawColumns | None = None
    omitted: Omitted = Omitted()
    raw: Callable[[int], Any] | None = None
