"""The page of an advice alone, as `chipsmith explain --html` writes it."""

from __future__ import annotations

from pathlib import Path

from chipsmith.files import write_whole
from chipsmith.profile.profile import Profile
from chipsmith.reports.advice_text import name_subject
from chipsmith.reports.html import fill_page
from chipsmith.reports.markup import section
from chipsmith.reports.sections.advice import draw_advice_sections
from chipsmith.reports.sections.graph import draw_graph
from chipsmith.reports.verdict import draw_title
from chipsmith.studies.advice.record import AdviceRecord


def write_advice_page(advice: AdviceRecord, profile: Profile, path: Path) -> None:
    """Write the page, whole or not at all; `profile` is that of the program that was looked at."""
    write_whole(path, render_advice(advice, profile).encode())


def render_advice(advice: AdviceRecord, profile: Profile) -> str:
    """The page as HTML."""
    title = name_subject(advice)
    drawing = draw_advice_sections(advice)
    head = draw_title(title, f"Cycles of the simulated program; {advice.simulated} changes simulated.")
    graph = draw_graph(profile, network=advice.network, host_steps=())
    picture = section("graph", "The network’s graph", graph.html, link="graph")
    body = f"<main>{head}{drawing.html}{picture}</main>"
    return fill_page(title, body=body, charts={**drawing.charts, **graph.charts})
