"""The spine of the page: generations of learning and of chips, a paragraph and a group of rows each; ten systems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from chipsmith.reports.generations.figures import accuracy_text, energy_cell, labelled_cell, latency_cell
from chipsmith.reports.generations.rows_table import system_cell
from chipsmith.reports.headline import significant
from chipsmith.reports.markup import badge, coded_paragraph, escape, paragraph, section
from chipsmith.systems.comparison import Comparison
from chipsmith.systems.row import Generation, SystemRow
from chipsmith.systems.texts import ChipGeneration, LearningGeneration, PageTexts
from chipsmith.systems.texts.page_texts import Chapter
from chipsmith.systems.texts.quotes import fill_sentences
from chipsmith.systems.texts.spine import CHIP_GROUPS, RECIPES

Figures = Mapping[str, str]
"""What the format fields of sentences stand for, as text."""
_OF_LEARNING = {"image": LearningGeneration.DEEP, "keyword": LearningGeneration.DEEP, "person": LearningGeneration.DEEP}
"""The generation of networks that are no recipes."""


def draw_learning(comparison: Comparison, texts: PageTexts, figures: Figures) -> str:
    """Three generations of learning, each with its networks on the page and the fastest chip of each generation."""
    chapters = "".join(
        _chapter(
            texts.learning[generation],
            texts,
            figures,
            _recipes(RECIPES[generation], texts),
            _fastest_by_chip(comparison, _networks_of(generation, comparison.networks), texts),
        )
        for generation in LearningGeneration
    )
    return section("learning", texts.headings.learning, chapters)


def draw_chips(comparison: Comparison, texts: PageTexts, figures: Figures) -> str:
    """Three generations of chips, each with the fastest and the most frugal row of each network."""
    chapters = "".join(
        _chapter(texts.chips[generation], texts, figures, *_groups(CHIP_GROUPS[generation], comparison, texts))
        for generation in ChipGeneration
    )
    return section("chips", texts.headings.chips, chapters)


def draw_named_systems(texts: PageTexts, figures: Figures) -> str:
    """Ten systems, and what each shows."""
    chapters = "".join(
        f"<div><h3>{escape(chapter.title)}</h3>{_sentences(chapter, texts, figures)}</div>"
        for chapter in texts.systems.values()
        if chapter.sentences
    )
    return section("systems", texts.headings.systems, f'<div class="named">{chapters}</div>') if chapters else ""


def draw_quantum(comparison: Comparison, texts: PageTexts) -> str:
    """Quantum circuits and what they are judged beside, below a line of their own; '' where there are none."""
    if not comparison.judged:
        return ""
    columns = texts.columns
    heads = (columns.network, columns.system, columns.accuracy, columns.boundary, columns.source)
    lines = (
        f"<tr><td>{escape(texts.name_task(row))}</td><td>{escape(texts.name_model(row))}</td>"
        f'<td class="number" data-value="{row.accuracy!r}" data-label="{escape(columns.accuracy)}">'
        f"{badge(row.how, texts.evidence[row.how])}{escape(accuracy_text(row))}</td>"
        f"<td>{escape(texts.phrase(row.boundary))}</td><td>{escape(row.source)}</td></tr>"
        for row in comparison.judged
    )
    table = _table(heads, lines, label=texts.headings.quantum)
    body = section("quantum", texts.headings.quantum, paragraph(texts.notes.quantum), table)
    return f'<div class="line">{body}</div>'


def _chapter(chapter: Chapter, texts: PageTexts, figures: Figures, *groups: str) -> str:
    text = _sentences(chapter, texts, figures)
    return f'<div class="chapter"><h3>{escape(chapter.title)}</h3>{text}</div>{"".join(groups)}'


def _sentences(chapter: Chapter, texts: PageTexts, figures: Figures) -> str:
    text = fill_sentences(chapter.sentences, gap=texts.sentence_gap, figures=figures)
    return coded_paragraph(text) if text else ""


def _recipes(names: Iterable[str], texts: PageTexts) -> str:
    codes = " ".join(f"<code>{escape(name)}</code>" for name in names)
    return f'<p class="how">{escape(texts.headings.recipes)}: {codes}</p>'


def _networks_of(generation: LearningGeneration, networks: Iterable[str]) -> list[str]:
    """Those of the page's networks that belong to a generation: recipes as RECIPES has them."""
    return [name for name in networks if name in RECIPES[generation] or _OF_LEARNING.get(name) is generation]


def _fastest_by_chip(comparison: Comparison, networks: Sequence[str], texts: PageTexts) -> str:
    """A line a network, a column a generation of chips: the least latency there, with whose it is on hovering."""
    generations = [item for item in Generation if item is not Generation.QUANTUM]
    shown = [item for item in generations if any(row.generation is item and row.latency_us for row in comparison.rows)]
    if not networks or not shown:
        return ""
    heads = (f"{texts.columns.network} ({texts.columns.fastest}, µs)", *(texts.generations[item] for item in shown))
    lines = (
        f"<tr><td>{escape(texts.name_network(network))}</td>"
        + "".join(_fastest_cell(comparison, network, generation, texts) for generation in shown)
        + "</tr>"
        for network in networks
    )
    return _table(heads, lines, label=texts.columns.fastest)


def _fastest_cell(comparison: Comparison, network: str, generation: Generation, texts: PageTexts) -> str:
    row = best_row(comparison.rows, network, generation, lambda row: row.latency_us)
    if row is None:
        return f'<td data-label="{escape(texts.generations[generation])}"></td>'
    text = "" if row.latency_us is None else significant(row.latency_us)
    cell = labelled_cell(row.latency_us, text, row.how, texts, head=texts.generations[generation])
    return cell.replace("<td ", f'<td title="{escape(texts.name_system(row))}" ', 1)


def best_row(
    rows: Iterable[SystemRow], network: str, generation: Generation, figure: Callable[[SystemRow], float | None]
) -> SystemRow | None:
    """The row of a network in a generation with the least of a figure; None where no row has it."""
    own = [row for row in rows if row.network == network and row.generation is generation and figure(row) is not None]
    return min(own, key=lambda row: figure(row) or 0.0, default=None)


def _groups(generations: Iterable[Generation], comparison: Comparison, texts: PageTexts) -> list[str]:
    return [_group(item, comparison, texts) for item in generations if item is not Generation.QUANTUM]


def _group(generation: Generation, comparison: Comparison, texts: PageTexts) -> str:
    title = f"<h4>{escape(texts.generations[generation])}</h4>"
    rows = [row for network in comparison.networks for row in _best_rows(comparison, network, generation, texts)]
    note = coded_paragraph(texts.notes.no_gpu, kind="how") if generation is Generation.GPU else ""
    if not rows:
        return f"{title}{note or paragraph(texts.notes.nothing_here, kind='how')}"
    columns = texts.columns
    heads = (columns.network, columns.system, columns.latency, columns.energy)
    lines = (
        f'<tr><td class="system">{escape(texts.name_network(row.network))}<small>{escape(label)}</small></td>'
        f"{system_cell(row, texts)}{latency_cell(row, texts)}{energy_cell(row, texts)}</tr>"
        for row, label in rows
    )
    return f"{title}{note}{_table(heads, lines, label=texts.generations[generation])}"


def _best_rows(
    comparison: Comparison, network: str, generation: Generation, texts: PageTexts
) -> list[tuple[SystemRow, str]]:
    """The fastest and the most frugal, each with what it is, once where they are the same."""
    fastest = best_row(comparison.rows, network, generation, lambda row: row.latency_us)
    frugal = best_row(comparison.rows, network, generation, lambda row: row.energy_uj)
    columns = texts.columns
    if fastest is not None and fastest is frugal:
        return [(fastest, f"{columns.fastest}, {columns.least_energy}")]
    labelled = ((fastest, columns.fastest), (frugal, columns.least_energy))
    return [(row, label) for row, label in labelled if row is not None]


def _table(heads: Iterable[str], lines: Iterable[str], *, label: str) -> str:
    head = "".join(f'<th scope="col"><button type="button">{escape(text)}</button></th>' for text in heads)
    return (
        f'<div class="scroll stack" tabindex="0" role="group" aria-label="{escape(label)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )
