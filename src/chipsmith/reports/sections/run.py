"""What a run was made with: versions, hashes, wall times, the chip file."""

from __future__ import annotations

from collections.abc import Sequence

from chipsmith.reports.markup import details, escape, how, number, table
from chipsmith.reports.record import LearnedRecord, RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: RunRecord) -> Drawing:
    rows = [*_identity(record), ("SHA-256 of the chip", record.chip.sha256)]
    return Drawing(html=_tables(record, rows) + details("Chip file", f"<pre>{escape(record.chip.yaml)}</pre>"))


def _draw_learned(record: LearnedRecord) -> Drawing:
    return Drawing(html=_tables(record, _identity(record)))


def _identity(record: LearnedRecord) -> list[tuple[str, str]]:
    seed = () if record.seed is None else (("seed", str(record.seed)),)
    return [
        *seed,
        *((f"version of {name}", value) for name, value in record.versions.items()),
        *((f"SHA-256 of {name}", value) for name, value in record.hashes.items()),
    ]


def _tables(record: LearnedRecord, rows: Sequence[tuple[str, str]]) -> str:
    times = [(name, number(seconds, f"{seconds:.2f}")) for name, seconds in record.host.items()]
    return (
        how("Two runs with one seed give the same figures; only the wall times of the host differ.")
        + table(("what", "value"), rows, label="Versions and hashes", narrow="stack")
        + (table(("step on the host", "seconds"), times, label="Times on the host") if times else "")
    )


SECTION = PageSection(name="run", title="This run", link="this run", draw=_draw)
LEARNED_SECTION = PageSection(name="run", title="This run", link="this run", draw=_draw_learned)
"""Of a record without a chip."""
