"""The table of all rows: filtered, grouped and sorted by the page's script, in groups by generation without it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chipsmith.reports.generations.figures import energy_cell, instructions_cell, latency_cell
from chipsmith.reports.markup import escape, how, mark_code, section
from chipsmith.systems.comparison import Comparison
from chipsmith.systems.row import Generation, SystemRow
from chipsmith.systems.texts import PageTexts

NAME = "rows"


def draw_table(comparison: Comparison, texts: PageTexts) -> str:
    """The section with the controls and the table; rows that are judged by accuracy have a section of their own."""
    rows = timed_rows(comparison.rows)
    counted = any(row.instructions is not None for row in rows)
    note = how(texts.notes.instructions) if counted else ""
    parts = (note, _controls(rows, comparison.networks, texts), _table(rows, texts))
    return section(NAME, texts.headings.table, *parts, _boundaries(rows, texts))


def timed_rows(rows: Iterable[SystemRow]) -> list[SystemRow]:
    """All but those that are judged, by generation, then by network as they come, then by time; counted ones last."""
    kept = [row for row in rows if not row.is_judged]
    generations, networks = list(Generation), list(dict.fromkeys(row.network for row in kept))

    def place(row: SystemRow) -> tuple[int, int, bool, float]:
        time = row.latency_us
        return generations.index(row.generation), networks.index(row.network), time is None, time or 0.0

    return sorted(kept, key=place)


def _controls(rows: Sequence[SystemRow], networks: Sequence[str], texts: PageTexts) -> str:
    words = texts.filters
    generations = [generation for generation in Generation if any(row.generation is generation for row in rows)]
    kinds = list(dict.fromkeys(row.how for row in rows))
    controls = (
        _choice("network", words.network, [(name, texts.name_network(name)) for name in networks], texts),
        _choice("generation", words.generation, [(item, texts.generations[item]) for item in generations], texts),
        _choice("how", words.how, [(kind, texts.evidence[kind]) for kind in kinds], texts),
        f'<label>{escape(words.search)} <input type="search" data-filter="text"></label>',
        _grouping(texts),
        f'<button type="button" data-clear>{escape(words.clear)}</button>',
        f'<output data-shown="{escape(words.shown)}" aria-live="polite"></output>',
    )
    return f'<form class="filters" data-table="{NAME}-table">{"".join(controls)}</form>'


def _choice(name: str, label: str, options: Iterable[tuple[str, str]], texts: PageTexts) -> str:
    entries = "".join(f'<option value="{escape(value)}">{escape(text)}</option>' for value, text in options)
    every = f'<option value="">{escape(texts.filters.any_value)}</option>'
    return f'<label>{escape(label)} <select data-filter="{name}">{every}{entries}</select></label>'


def _grouping(texts: PageTexts) -> str:
    words = texts.filters
    ways = (("generation", words.generation), ("network", words.network), ("how", words.how))
    entries = "".join(f'<option value="{value}">{escape(text)}</option>' for value, text in ways)
    return f"<label>{escape(words.group_by)} <select data-group>{entries}</select></label>"


def _table(rows: Sequence[SystemRow], texts: PageTexts) -> str:
    columns, counted = texts.columns, any(row.instructions is not None for row in rows)
    heads = (
        (columns.network, False),
        (columns.system, False),
        (columns.latency, True),
        (columns.energy, True),
        *([(columns.instructions, True)] if counted else []),
        (columns.boundary, False),
        (columns.source, False),
    )
    head = "".join(_head(text, numeric) for text, numeric in heads)
    groups = "".join(_group(generation, rows, len(heads), counted, texts) for generation in Generation)
    return (
        f'<div class="scroll long stack" tabindex="0" role="group" aria-label="{escape(texts.headings.table)}">'
        f'<table id="{NAME}-table"><thead><tr>{head}</tr></thead>{groups}</table></div>'
    )


def _head(text: str, numeric: bool) -> str:
    kind = ' class="number"' if numeric else ""
    return f'<th scope="col"{kind}><button type="button">{escape(text)}</button></th>'


def _group(generation: Generation, rows: Iterable[SystemRow], width: int, counted: bool, texts: PageTexts) -> str:
    """The rows of a generation; `counted`: with a column of instructions."""
    own = [row for row in rows if row.generation is generation]
    if not own:
        return ""
    title = escape(texts.generations[generation])
    head = f'<tr class="group"><th scope="colgroup" colspan="{width}">{title}</th></tr>'
    return f"<tbody>{head}{''.join(_row(row, counted, texts) for row in own)}</tbody>"


def _row(row: SystemRow, counted: bool, texts: PageTexts) -> str:
    data = {
        "network": (row.network, texts.name_network(row.network)),
        "generation": (row.generation, texts.generations[row.generation]),
        "how": (row.how, texts.evidence[row.how]),
    }
    attributes = " ".join(_attribute(name, value, title) for name, (value, title) in data.items())
    cells = (
        f"<td>{escape(texts.name_network(row.network))}</td>",
        system_cell(row, texts),
        latency_cell(row, texts),
        energy_cell(row, texts),
        *([instructions_cell(row, texts)] if counted else []),
        _clamped(texts.phrase(row.boundary), texts.columns.boundary),
        _clamped(row.source, texts.columns.source),
    )
    return f"<tr {attributes}>{''.join(cells)}</tr>"


def system_cell(row: SystemRow, texts: PageTexts) -> str:
    """The system with whose it is; below it round, hardware and software."""
    details = ", ".join(part for part in (row.edition, row.hardware, row.software) if part)
    title = escape(texts.phrase(row.grouped_by))
    small = f"<small>{mark_code(escape(details))}</small>" if details else ""
    return f'<td class="system" title="{title}">{escape(texts.name_system(row))}{small}</td>'


def _clamped(text: str, head: str) -> str:
    return f'<td class="clamp" data-label="{escape(head)}"><span>{escape(text)}</span></td>'


def _attribute(name: str, value: str, title: str) -> str:
    """What a row is filtered and grouped by; its title where it is another."""
    told = f' data-{name}-title="{escape(title)}"' if title != value else ""
    return f'data-{name}="{escape(value)}"{told}'


def _boundaries(rows: Iterable[SystemRow], texts: PageTexts) -> str:
    """All that is inside of figures, in full, each with the document that says so and how many rows have it."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row.boundary, row.boundary_source)
        counts[key] = counts.get(key, 0) + 1
    entries = "".join(
        f"<li>{escape(texts.phrase(text))} <small>{escape(source)} ({count})</small></li>"
        for (text, source), count in sorted(counts.items(), key=lambda item: -item[1])
    )
    return f'<h3>{escape(texts.headings.boundaries)}</h3><ul class="boundaries">{entries}</ul>'
