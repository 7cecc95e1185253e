"""generations.html: one page that holds everything it shows and opens without a network."""

from __future__ import annotations

from importlib import resources

from chipsmith.profile.profile import Evidence
from chipsmith.reports.generations.pictures import draw_pictures
from chipsmith.reports.generations.rows_table import draw_table
from chipsmith.reports.generations.spine import draw_chips, draw_learning, draw_named_systems, draw_quantum
from chipsmith.reports.html import fill_page
from chipsmith.reports.markup import badge, escape, paragraph, section
from chipsmith.systems.comparison import Comparison
from chipsmith.systems.published_rows import load_published
from chipsmith.systems.row import SystemRow
from chipsmith.systems.texts import Language, PageTexts, texts_in
from chipsmith.systems.texts.quotes import quote_figures


def render_generations(comparison: Comparison, language: Language) -> str:
    """The page of a comparison, in a language."""
    texts = texts_in(language)
    figures = quote_figures(texts, _quoted_rows(comparison))
    pictures = draw_pictures(comparison, texts)
    parts = (
        _header(comparison, texts),
        draw_learning(comparison, texts, figures),
        draw_chips(comparison, texts, figures),
        draw_named_systems(texts, figures),
        pictures.html,
        draw_table(comparison, texts),
        draw_quantum(comparison, texts),
        _left_out(comparison, texts),
    )
    return fill_page(
        texts.title,
        body=f"<main>{''.join(parts)}</main>",
        charts=pictures.charts,
        language=language,
        style=_part("generations.css"),
        script=_part("filters.js"),
    )


def _quoted_rows(comparison: Comparison) -> tuple[SystemRow, ...]:
    """What the text may quote: the rows of the page and, where published ones are among them, those of all networks."""
    published = any(row.how is Evidence.PUBLISHED for row in comparison.rows)
    return (*(load_published().rows if published else ()), *comparison.rows)


def _header(comparison: Comparison, texts: PageTexts) -> str:
    introduction = "".join(paragraph(text) for text in texts.introduction)
    notes = (_count(comparison, texts), texts.notes.computer.format(computer=comparison.computer))
    return (
        f"<header><h1>{escape(texts.title)}</h1>{introduction}"
        f"{''.join(paragraph(note, kind='subtitle') for note in notes)}{_legend(texts)}</header>"
    )


def _count(comparison: Comparison, texts: PageTexts) -> str:
    systems, published = comparison.systems, comparison.published_systems
    return texts.notes.systems_counted.format(rows=len(comparison.rows), systems=len(systems), published=len(published))


def _legend(texts: PageTexts) -> str:
    entries = "".join(
        f"<li>{badge(kind, texts.evidence[kind])}{escape(texts.evidence_meanings[kind])}</li>" for kind in Evidence
    )
    return f'<ul class="keys" aria-label="{escape(texts.headings.legend)}">{entries}</ul>'


def _left_out(comparison: Comparison, texts: PageTexts) -> str:
    count = sum(comparison.other_tasks.values())
    tasks = ", ".join(f"{task}: {number}" for task, number in comparison.other_tasks.items())
    others = [f"{texts.notes.other_tasks.format(count=count)} ({tasks})"] if count else []
    entries = [*others, *(f"{', '.join(names)}: {reason}" for reason, names in comparison.reasons.items())]
    if not entries:
        return ""
    items = "".join(f"<li>{escape(entry)}</li>" for entry in entries)
    return section("left-out", texts.notes.left_out, f'<ul class="boundaries">{items}</ul>')


def _part(name: str) -> str:
    return (resources.files("chipsmith.reports.generations") / "page" / name).read_text(encoding="utf-8")
