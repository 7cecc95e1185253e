"""How figures of rows are written in cells, each with the label of how it was obtained."""

from __future__ import annotations

from chipsmith.profile.profile import Evidence
from chipsmith.reports.headline import significant
from chipsmith.reports.markup import badge, escape
from chipsmith.systems.row import SystemRow
from chipsmith.systems.texts import PageTexts


def labelled_cell(
    value: float | None, text: str, evidence: Evidence, texts: PageTexts, *, head: str, note: str = ""
) -> str:
    """A cell with a figure and its label; empty where there is none.

    `head` stands before it in a narrow window, `note` in small letters below it.
    """
    if value is None:
        return "<td></td>"
    mark = badge(evidence, texts.evidence[evidence])
    small = f"<small>{escape(note)}</small>" if note else ""
    return f'<td class="number" data-value="{value!r}" data-label="{escape(head)}">{mark}{escape(text)}{small}</td>'


def latency_cell(row: SystemRow, texts: PageTexts) -> str:
    """The time of an inference; below it, where it was measured here, what 99 of 100 stay below."""
    columns = texts.columns
    note = "" if row.p99_us is None else f"{columns.p99}: {significant(row.p99_us)}"
    return labelled_cell(row.latency_us, _text(row.latency_us), row.how, texts, head=columns.latency, note=note)


def energy_cell(row: SystemRow, texts: PageTexts) -> str:
    """The energy of an inference, with its band."""
    band = row.energy_band_uj
    note = "" if band is None else f"{significant(band[0])} – {significant(band[1])}"
    head = texts.columns.energy
    return labelled_cell(row.energy_uj, _text(row.energy_uj), row.energy_evidence, texts, head=head, note=note)


def instructions_cell(row: SystemRow, texts: PageTexts) -> str:
    """The instructions of an inference."""
    count = row.instructions
    text = "" if count is None else f"{count:,}"
    return labelled_cell(count, text, row.how, texts, head=texts.columns.instructions)


def accuracy_text(row: SystemRow) -> str:
    """The accuracy and its interval, in percent."""
    if row.accuracy is None:
        return ""
    interval = row.accuracy_interval
    band = "" if interval is None else f" ({100 * interval[0]:.1f}–{100 * interval[1]:.1f})"
    return f"{100 * row.accuracy:.1f} %{band}"


def _text(value: float | None) -> str:
    return "" if value is None else significant(value)
