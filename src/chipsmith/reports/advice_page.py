"""The page of an advice alone, as `chipsmith explain --html` writes it."""

from __future__ import annotations

from pathlib import Path

from chipsmith.files import write_whole
from chipsmith.reports.html import fill_page
from chipsmith.reports.sections.advice import draw_advice_sections
from chipsmith.reports.verdict import draw_title
from chipsmith.studies.advice.record import AdviceRecord


def write_advice_page(advice: AdviceRecord, path: Path) -> None:
    """Write the page, whole or not at all."""
    write_whole(path, render_advice(advice).encode())


def render_advice(advice: AdviceRecord) -> str:
    """The page as HTML."""
    title = f"{advice.network} on {advice.chip}"
    drawing = draw_advice_sections(advice)
    head = draw_title(title, f"Cycles of the simulated program; {advice.simulated} changes simulated.")
    body = f"<main>{head}{drawing.html}</main>"
    return fill_page(title, body=body, charts=drawing.charts)
