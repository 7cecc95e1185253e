"""What a section of the page is, and what it draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from chipsmith.reports.charts import Chart
from chipsmith.reports.record import LearnedRecord

RecordT = TypeVar("RecordT", bound=LearnedRecord, contravariant=True)


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """HTML, and the charts of the places in it (`chipsmith.reports.markup.plot`) by their names."""

    html: str
    charts: Mapping[str, Chart] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PageSection(Generic[RecordT]):
    """A section of the page of a run; it draws what it finds in a kind of record.

    `name` is its anchor and `title` its heading; `link` is the text that leads to it from the top of the page, where
    it is not empty. `draw` gives what stands below the heading, or None where the record holds nothing to show.
    """

    name: str
    title: str
    link: str = ""
    draw: Callable[[RecordT], Drawing | None]
