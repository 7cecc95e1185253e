"""Tables for a terminal: readable in 80 columns and without colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TextIO

from chipsmith.profile.kernels import REST
from chipsmith.program.layer_names import name_layer, number_of, shorten_layer
from chipsmith.reports.author_names import LAYER_COLUMN, label_row
from chipsmith.reports.fitted_names import FittedName
from chipsmith.reports.headline import Headline, headlines, significant
from chipsmith.reports.privacy import privacy_lines
from chipsmith.units import percent

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from chipsmith.chip.description import Chip
    from chipsmith.profile.kernel_times import KernelTime
    from chipsmith.profile.profile import HostStep, Profile, Totals
    from chipsmith.profile.time_breakdown import TimeShare
    from chipsmith.program.program import Placement
    from chipsmith.reports.record import RunRecord

_ROOMY = 110
"""Letters of a line from which on the placement has the operators' own names too."""
_TIGHT = (0, 1, 0, 0)
"""Padding of tables with many columns: two blanks between them."""
LONGEST = 5
"""Kernels that are listed as the longest of an inference."""


def closing_table(record: RunRecord) -> RenderableType:
    """The closing table of a run."""
    return headline_table(f"{record.network} on {record.chip.name}", headlines(record))


def headline_table(title: str, rows: Sequence[Headline]) -> RenderableType:
    """Each figure, its value and how it was obtained; below the table, from what, by number."""
    from rich.console import Group

    notes = _notes(rows)
    table = new_plain_table(title)
    for column in ("figure", "value", "how"):
        table.add_column(column)
    table.add_column("from", justify="right", no_wrap=True)
    for group in _groups(rows):
        for row in group:
            add_texts(table, row.label, row.text, mark_evidence(row), f"({notes[row.figure.source]})")
        table.add_section()
    return Group(table, *(_note(number, source) for source, number in notes.items()))


def placement_table(operators: Sequence[Placement], host: Sequence[HostStep] = ()) -> Table:
    """Where each operator runs and why, by its layer; the host stands first and last.

    Behind the engine stands the number of the kernel. The operator's own name in the graph stands beside the layer's
    where that is the author's and the terminal is wide.
    """
    table = new_plain_table("placement")
    table.padding = _TIGHT
    named = any(operator.source for operator in operators) and open_console().width >= _ROOMY
    rows = tuple(map(_placement_row, operators))
    table.add_column(LAYER_COLUMN)
    if named:
        table.add_column("operator")
    table.add_column("kind", no_wrap=True)
    table.add_column("placed", no_wrap=True)
    table.add_column("reason")
    for layer, name, *rest in (
        *_host_rows(host, "before"),
        *rows,
        *_host_rows(host, "after"),
    ):
        add_texts(table, FittedName(layer), *([FittedName(name)] if named else []), *rest)
    return table


def _placement_row(row: Placement) -> tuple[str, ...]:
    return (
        shorten_layer(name_layer(row)),
        row.name,
        row.kind,
        f"{row.placed} {number_of(row.kernel)}".rstrip(),
        row.reason,
    )


def comparison_table(network: str, chips: Mapping[str, Totals]) -> Table:
    """One network on several chips, one row each. Cycles are simulated; energy, area and cost estimated."""
    table = new_plain_table(f"{network}: cycles simulated; energy, power, area and cost estimated")
    table.padding = _TIGHT
    table.add_column("chip", min_width=_longest_word(chips))
    for title in ("cycles", "µs", "µJ", "mW", "TOPS/W", "mm²", "USD"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, totals in chips.items():
        values = (
            totals.latency.cold_us,
            totals.energy_uj,
            totals.average_power_mw,
            totals.tops_per_watt,
            totals.area.total,
            totals.cost.chip_usd.value,
        )
        add_texts(table, name, f"{totals.latency.cold_cycles:,}", *(significant(value) for value in values))
    return table


def cost_table(chips: Mapping[str, Totals]) -> Table:
    """What one of a volume of chips costs in dollars, part by part, with the range of the sum, a row a chip."""
    volume = next(iter(chips.values())).cost.volume
    table = new_plain_table(f"USD of a chip where {volume:,} are built, estimated")
    table.padding = _TIGHT
    table.add_column("chip", min_width=_longest_word(chips))
    for title in ("die", "package", "test", "masks", "design", "USD", "range"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, totals in chips.items():
        cost, chip = totals.cost, totals.cost.chip_usd
        package = {"package and assembly": f"{cost.package} "}
        parts = (f"{package.get(part, '')}{usd.value:,.2f}" for part, usd in cost.parts.items())
        add_texts(table, name, *parts, f"{chip.value:,.2f}", f"{significant(chip.low)} to {significant(chip.high)}")
    return table


def time_table(chip: Chip, shares: Iterable[TimeShare]) -> Table:
    """Where the time of one inference goes: an engine computes, all wait for a transfer, or for something else.

    The array's share is that of the multiply-accumulates that it could do in the cycles of the kind.
    """
    rows = tuple(shares)
    latency = sum(row.cycles for row in rows)
    table = new_plain_table(f"where {latency:,} cycles go, in %, by kind of kernel")
    table.add_column("kernels", no_wrap=True)
    for title in ("", "cycles", "all", "computes", "loading", "other", "array"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        parts = (row.cycles, row.computing_cycles, row.external_cycles, row.other_cycles)
        percents = (f"{100 * cycles / max(latency, 1):.1f}" for cycles in parts)
        busy = percent(row.macs / (chip.macs * row.cycles), 0) if row.macs and row.cycles else ""
        add_texts(table, row.kind, f"{row.kernels:,}", f"{row.cycles:,}", *percents, busy)
    return table


def kernel_table(profile: Profile) -> Table:
    """When each kernel of a cold inference runs, in cycles, and what it waits for; simulated."""
    rows = [row for row in profile.kernels if row.name != REST]
    table = new_plain_table("kernels of a cold inference, in cycles (simulated)")
    table.add_column("kernel")
    for title in ("start", "end", "held", "waited"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("mostly for", overflow="fold")
    for row in rows:
        label = FittedName(label_row(row))
        cycles = (row.first_start_cycle, row.last_end_cycle, row.busy_cycles, row.wait_cycles)
        add_texts(table, label, *(f"{count:,}" for count in cycles), row.wait_reason)
    return table


def longest_table(kernels: Sequence[KernelTime], latency_cycles: int) -> Table:
    """The kernels that add most cycles to a cold inference of so many, by their layers."""
    rows = sorted(kernels, key=lambda row: -row.added_cycles)[:LONGEST]
    table = new_plain_table(f"the {len(rows)} of {len(kernels):,} kernels that add most cycles")
    for title in ("kernel", "operation"):
        table.add_column(title)
    for title in ("cycles added", "of all"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        label = FittedName(row.name.label)
        share = row.added_cycles / max(latency_cycles, 1)
        add_texts(table, label, row.name.operation, f"{row.added_cycles:,}", f"{100 * share:.1f} %")
    return table


def print_report(record: RunRecord, *, file: TextIO | None = None) -> None:
    """Print placement and kernels, the verdict of the training and the closing table."""
    console = open_console(file)
    console.print(placement_table(record.inference.operators, record.host_steps))
    console.print(kernel_table(record.inference))
    if record.training is not None:
        console.print(f"training: {record.training.verdict}; {record.training.reason}")
        if record.training.privacy is not None:
            for line in privacy_lines(record.training.privacy.budget, record.training.privacy.outside):
                console.print(line, markup=False)
    console.print(closing_table(record))


def _host_rows(host: Iterable[HostStep], when: Literal["before", "after"]) -> list[tuple[str, ...]]:
    return [(step.name, "", "", "host", step.reason) for step in host if step.when == when]


def open_console(file: TextIO | None = None) -> Console:
    """Rich's console that colours no numbers; standard output where no file is given."""
    from rich.console import Console

    return Console(file=file, highlight=False)


def new_plain_table(title: str) -> Table:
    """An empty table that is readable in 80 columns and without colour."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(title=title, box=SIMPLE_HEAD, title_justify="left", pad_edge=False)


def add_texts(table: Table, *cells: str | FittedName) -> None:
    """A row of plain text: names may hold what rich takes for markup."""
    from rich.text import Text

    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))


def _longest_word(names: Iterable[str]) -> int:
    """Letters of the longest word of some names, which a column does not break."""
    return max((len(word) for name in names for word in name.split()), default=1)


def _groups(rows: Iterable[Headline]) -> list[list[Headline]]:
    groups: dict[str, list[Headline]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return list(groups.values())


def mark_evidence(row: Headline) -> str:
    """How a figure was obtained, and how good an estimate's weakest source is."""
    return f"{row.figure.kind}, {row.figure.status}" if row.figure.status else str(row.figure.kind)


def _notes(rows: Iterable[Headline]) -> dict[str, int]:
    """A number for each source, from 1 in the order of the rows."""
    return {source: number for number, source in enumerate(dict.fromkeys(row.figure.source for row in rows), start=1)}


def _note(number: int, source: str) -> RenderableType:
    from rich.padding import Padding
    from rich.text import Text

    text = Text(f"({number}) {source}", style="dim")
    return Padding(text, (0, 0, 0, 1))
