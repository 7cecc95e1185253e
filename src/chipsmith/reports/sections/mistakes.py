"""The test examples that were answered worst: pictures of them where they are pictures, a table of them otherwise."""

from __future__ import annotations

from chipsmith.reports.headline import percent, significant
from chipsmith.reports.markup import Cell, escape, how, number, table
from chipsmith.reports.record import LearnedRecord
from chipsmith.reports.run_facts import Mistake, MistakesRecord
from chipsmith.reports.sections.section import Drawing, PageSection

_COLUMNS = ("example", "truth", "answer", "its probability", "that of the truth", "residual", "as the network reads it")
_NOTHING = Cell(text="")


def _draw(record: LearnedRecord) -> Drawing | None:
    mistakes = record.mistakes
    if mistakes is None or not mistakes.shown:
        return None
    shown = _pictures(mistakes) if any(mistake.picture for mistake in mistakes.shown) else _table(mistakes)
    return Drawing(html=how(_introduction(mistakes, record.ANSWERS)) + shown)


def _introduction(mistakes: MistakesRecord, answers: str) -> str:
    """How many there are, how they are chosen, and who answered."""
    count = len(mistakes.shown)
    if mistakes.wrong is None:
        return f"{count} of {mistakes.count:,} test examples: {mistakes.order}, as {answers} answered."
    shown = "All" if count == mistakes.wrong else f"{count} of them"
    wrong = f"{mistakes.wrong:,} of {mistakes.count:,} test examples are answered wrongly."
    return f"{wrong} {shown} are shown: {mistakes.order}, as {answers} answered."


def _pictures(mistakes: MistakesRecord) -> str:
    return f'<div class="samples">{"".join(map(_picture, mistakes.shown))}</div>'


def _picture(mistake: Mistake) -> str:
    if mistake.probability is None:
        lines = [f"{escape(mistake.target)}: <b>{escape(mistake.answer)}</b>"]
    else:
        lines = [
            f"{escape(mistake.target)} taken for <b>{escape(mistake.answer)}</b>",
            f"{percent(mistake.probability, 1)} sure; {percent(mistake.true_probability or 0.0, 1)} for the truth",
        ]
    text = "<br>".join((*lines, f'<span class="how">{escape(mistake.name)}</span>'))
    alt = f"{mistake.name}: {mistake.target}, answered {mistake.answer}"
    image = f'<img alt="{escape(alt)}" src="data:image/png;base64,{escape(mistake.picture)}">'
    return f"<figure>{image}<figcaption>{text}</figcaption></figure>"


def _table(mistakes: MistakesRecord) -> str:
    rows = [_row(mistake) for mistake in mistakes.shown]
    return table(_COLUMNS, rows, optional=_COLUMNS[3:], label="Test examples that were answered worst", narrow="stack")


def _row(mistake: Mistake) -> tuple[Cell, ...]:
    return (
        Cell(text=mistake.name, label="example"),
        Cell(text=mistake.target, label="truth"),
        Cell(text=mistake.answer, label="answer"),
        _share(mistake.probability),
        _share(mistake.true_probability),
        _NOTHING if mistake.residual is None else number(mistake.residual, significant(mistake.residual)),
        Cell(text=mistake.text, label="read as") if mistake.text else _NOTHING,
    )


def _share(value: float | None) -> Cell:
    return _NOTHING if value is None else number(value, percent(value, 1))


SECTION = PageSection(name="mistakes", title="What is answered worst", link="mistakes", draw=_draw)
