"""Published measurements of real systems: the tables of `systems/published`, each a CSV file of the same columns.

A row is of a network of this project, or of another task: then its network is empty, and it is counted and left out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

from chipsmith.profile.profile import Evidence
from chipsmith.systems.row import Generation, SystemRow

COLUMNS = (
    "network",
    "task",
    "organisation",
    "system",
    "edition",
    "hardware",
    "software",
    "generation",
    "grouped_by",
    "latency_us",
    "energy_uj",
    "boundary",
    "boundary_source",
    "status",
    "source",
)
"""Of every table: `task` is the source's own word for the network, `status` how the figures were read (Status)."""


@dataclass(frozen=True, kw_only=True)
class PublishedTables:
    """The rows of all tables, and how many rows of other tasks (by the source's word) they leave out."""

    rows: tuple[SystemRow, ...]
    other_tasks: Mapping[str, int]

    @property
    def systems(self) -> frozenset[tuple[str, str]]:
        """Organisation and system of the rows: the same board of the same organisation in several rounds is one."""
        return frozenset((row.organisation, row.system) for row in self.rows)

    def rows_of(self, network: str) -> tuple[SystemRow, ...]:
        """Those of one network."""
        return tuple(row for row in self.rows if row.network == network)


def load_published() -> PublishedTables:
    """All published rows that the package brings, table by table."""
    lines = list(_read_tables())
    counted: dict[str, int] = {}
    for line in lines:
        if not line["network"]:
            counted[line["task"]] = counted.get(line["task"], 0) + 1
    return PublishedTables(rows=tuple(map(_as_row, filter(_is_of_a_network, lines))), other_tasks=counted)


def table_names() -> tuple[str, ...]:
    """The files of the tables, by name."""
    folder = resources.files("chipsmith.systems") / "published"
    return tuple(sorted(file.name for file in folder.iterdir() if file.name.endswith(".csv")))


def read_table(name: str) -> list[dict[str, str]]:
    """The lines of a table, each by column, as the file has them."""
    text = (resources.files("chipsmith.systems") / "published" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _read_tables() -> Iterator[dict[str, str]]:
    for name in table_names():
        yield from read_table(name)


def _is_of_a_network(line: Mapping[str, str]) -> bool:
    return bool(line["network"])


def _as_row(line: Mapping[str, str]) -> SystemRow:
    return SystemRow(
        network=line["network"],
        system=line["system"],
        generation=Generation(line["generation"]),
        how=Evidence.PUBLISHED,
        boundary=line["boundary"],
        boundary_source=line["boundary_source"],
        source=_cite(line),
        latency_us=_number(line["latency_us"]),
        energy_uj=_number(line["energy_uj"]),
        organisation=line["organisation"],
        edition=line["edition"],
        hardware=line["hardware"],
        software=line["software"],
        grouped_by=line["grouped_by"],
    )


def _cite(line: Mapping[str, str]) -> str:
    """The source; what was not read there word for word says so."""
    return line["source"] if line["status"] == "VERBATIM" else f"{line['source']} ({line['status'].lower()})"


def _number(text: str) -> float | None:
    return float(text) if text else None
