"""Pieces of HTML: every text that goes in is escaped here."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

LONG = 30
"""A table with more rows scrolls in its frame."""
WIDE = 36
"""A text with more characters gets a wide column."""
_SECTION = re.compile(r'<section id="([^"]*)"><h2(?: data-link="([^"]*)")?>(.*?)</h2>')
"""A section as `section` writes it."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of a table: its text, the number to sort by where it is one, and what hovering shows.

    `label` stands before the text where a narrow window stacks the cells of a row.
    """

    text: str
    number: float | None = None
    title: str = ""
    badge: str = ""
    label: str = ""


def number(value: float, text: str) -> Cell:
    """A cell with a number, shown as `text`."""
    return Cell(text=text, number=value)


def share_cell(part: float, whole: float) -> Cell:
    """A cell with the share of a part in a whole, in percent."""
    share = part / whole if whole else 0.0
    return number(share, f"{100 * share:.1f} %")


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Cell]],
    *,
    total: Sequence[str | Cell] = (),
    optional: Collection[str] = (),
    label: str,
    narrow: Literal["scroll", "stack"] = "scroll",
) -> str:
    """A table that can be sorted by its columns; `total` is its last line and stays there. Long ones scroll.

    `optional` names columns that are left out where all their cells are empty. `narrow`: whether a narrow window
    scrolls it sideways or stacks the cells of a row.
    """
    lines = [[_as_cell(cell) for cell in row] for row in rows]
    shown = [
        index for index, name in enumerate(columns) if name not in optional or any(line[index].text for line in lines)
    ]
    heads = "".join(_head(columns[index], [line[index] for line in lines]) for index in shown)
    body = "".join(_row([line[index] for index in shown]) for line in lines)
    foot = f"<tfoot>{_row([_as_cell(total[index]) for index in shown])}</tfoot>" if total else ""
    kinds = "scroll" + " long" * (len(lines) > LONG) + " stack" * (narrow == "stack")
    return (
        f'<div class="{kinds}" tabindex="0" role="group" aria-label="{escape(label)}"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody>{foot}</table></div>"
    )


def section(name: str, title: str, *parts: str, link: str = "") -> str:
    """A section of the page with its heading; empty parts leave no trace.

    `link` leads to it from the contents of the page, where its heading is too long for that.
    """
    short = f' data-link="{escape(link)}"' if link else ""
    return f'<section id="{name}"><h2{short}>{escape(title)}</h2>{"".join(parts)}</section>'


def list_sections(body: str) -> dict[str, str]:
    """What leads to each section of a page's body, as HTML, by its anchor: its link or else its heading."""
    return {name: link or title for name, link, title in _SECTION.findall(body)}


def paragraph(text: str, *, kind: str = "") -> str:
    """A paragraph of plain text."""
    attribute = f' class="{kind}"' if kind else ""
    return f"<p{attribute}>{escape(text)}</p>"


def coded_paragraph(text: str, *, kind: str = "") -> str:
    """A paragraph of plain text in which what stands between backticks is code."""
    return mark_code(paragraph(text, kind=kind))


def mark_code(markup: str) -> str:
    """Markup in which what stands between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", markup)


def how(text: str) -> str:
    """How to read a figure."""
    return paragraph(text, kind="how")


def plot(name: str, label: str) -> str:
    """The place where the page's script draws the chart of this name.

    Below it the script folds away a table of the chart's numbers, unless `numbers` follows.
    """
    place = f'<div class="plot" data-chart="{name}" role="img" aria-label="{escape(label)}"></div>'
    return f'<div class="chart">{place}</div>'


def numbers(*parts: str) -> str:
    """Parts, folded away, that say what the chart before them shows: in place of the table that the script makes."""
    return f'<details class="numbers"><summary>Numbers of this chart</summary>{"".join(parts)}</details>'


def details(summary: str, *parts: str) -> str:
    """Parts that are folded away under a summary."""
    return f"<details><summary>{escape(summary)}</summary>{''.join(parts)}</details>"


def badge(kind: str, text: str = "") -> str:
    """A mark that says how a figure was obtained, by the name of the Evidence; `text` in another language's words."""
    return f'<span class="badge {escape(kind)}">{escape(text or kind)}</span>'


def escape(text: str) -> str:
    """Plain text as HTML, fit for an attribute too."""
    return html.escape(text, quote=True)


def _as_cell(content: str | Cell) -> Cell:
    return Cell(text=content) if isinstance(content, str) else content


def _head(name: str, cells: Sequence[Cell]) -> str:
    attribute = ' class="number"' if cells and all(cell.number is not None for cell in cells) else ""
    return f'<th scope="col"{attribute}><button type="button">{escape(name)}</button></th>'


def _row(cells: Sequence[Cell]) -> str:
    return f"<tr>{''.join(map(_cell, cells))}</tr>"


def _cell(cell: Cell) -> str:
    title = f' title="{escape(cell.title)}"' if cell.title else ""
    if cell.number is not None:
        return f'<td class="number" data-value="{cell.number!r}"{title}>{escape(cell.text)}</td>'
    wide = ' class="text"' if len(cell.text) > WIDE else ""
    mark = badge(cell.badge) if cell.badge else ""
    label = f' data-label="{escape(cell.label)}"' if cell.label else ""
    return f"<td{wide}{title}{label}>{mark}{escape(cell.text)}</td>"
