"""What a run was made with: versions, hashes, wall times, the chip file."""

from __future__ import annotations

from chipsmith.reports.markup import details, escape, how, number, table
from chipsmith.reports.record import RunRecord
from chipsmith.reports.sections.section import Drawing, PageSection


def _draw(record: RunRecord) -> Drawing:
    seed = () if record.seed is None else (("seed", str(record.seed)),)
    rows = [
        *seed,
        *((f"version of {name}", value) for name, value in record.versions.items()),
        *((f"SHA-256 of {name}", value) for name, value in record.hashes.items()),
        ("SHA-256 of the chip", record.chip.sha256),
    ]
    times = [(name, number(seconds, f"{seconds:.2f}")) for name, seconds in record.host.items()]
    html = (
        how("Two runs with one seed give the same figures; only the wall times of the host differ.")
        + table(("what", "value"), rows, label="Versions and hashes", narrow="stack")
        + (table(("step on the host", "seconds"), times, label="Times on the host") if times else "")
        + details("Chip file", f"<pre>{escape(record.chip.yaml)}</pre>")
    )
    return Drawing(html=html)


SECTION = PageSection(name="run", title="This run", link="this run", draw=_draw)
