"""What a command shows, in blocks: lines of text and whole tables, for who shows them otherwise than a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, TypeAlias

from chipsmith.reports.markup import escape

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Column, Table

    Block: TypeAlias = str | RenderableType

_TABLE_STYLE = "border-collapse:collapse;margin:.4em 0"
_CAPTION_STYLE = "caption-side:top;text-align:left;font-weight:bold;padding:.2em 0"
_CELL_STYLE = "padding:.1em .7em .1em 0;text-align:{side};vertical-align:top"
_TEXT_STYLE = "white-space:pre-wrap;margin:.2em 0;background:none"
_RULE_STYLE = "border-bottom:1px solid currentColor"


class BlockWriter(io.StringIO):
    """Standard output that keeps what is printed: text as it comes, tables whole."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[Block] = []

    def write(self, text: str) -> int:
        """Add text to the last block, or begin one."""
        if self._blocks and isinstance(self._blocks[-1], str):
            self._blocks[-1] += text
        else:
            self._blocks.append(text)
        return len(text)

    def add(self, table: RenderableType) -> None:
        """Keep something of rich's whole."""
        self._blocks.append(table)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What was printed, in order."""
        return tuple(self._blocks)


def collect_blocks(print_text: Callable[[], None]) -> tuple[Block, ...]:
    """What a function prints, in blocks."""
    writer = BlockWriter()
    with redirect_stdout(writer):
        print_text()
    return writer.blocks


def draw_blocks(blocks: Iterable[Block]) -> str:
    """Blocks as HTML: it takes the colours of the page that it stands in, light or dark."""
    return f"<div>{''.join(part for block in blocks for part in _draw(block))}</div>"


def _draw(block: Block) -> Iterator[str]:
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table

    match block:
        case str():
            if block.strip():
                yield f'<pre style="{_TEXT_STYLE}">{escape(block.strip())}</pre>'
        case Table():
            yield _draw_table(block)
        case Group():
            for part in block.renderables:
                yield from _draw(part)
        case Padding():
            yield from _draw(block.renderable)
        case _:
            yield f'<pre style="{_TEXT_STYLE}">{escape(_plain(block))}</pre>'


def _draw_table(table: Table) -> str:
    columns = list(table.columns)
    heads = "".join(
        f'<th scope="col" style="{_style(column)};{_RULE_STYLE}">{_cell(column.header)}</th>' for column in columns
    )
    rows = zip(*(list(column.cells) for column in columns), strict=True)
    body = "".join(f"<tr>{''.join(map(_data_cell, columns, row))}</tr>" for row in rows)
    title = "" if table.title is None else f'<caption style="{_CAPTION_STYLE}">{_cell(table.title)}</caption>'
    note = "" if table.caption is None else f'<p style="margin:.2em 0">{_cell(table.caption)}</p>'
    return f'<table style="{_TABLE_STYLE}">{title}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{note}'


def _data_cell(column: Column, content: RenderableType) -> str:
    return f'<td style="{_style(column)}">{_cell(content)}</td>'


def _style(column: Column) -> str:
    return _CELL_STYLE.format(side="right" if column.justify == "right" else "left")


def _cell(content: RenderableType) -> str:
    return escape(_plain(content))


def _plain(content: RenderableType) -> str:
    """The text of a cell, without rich's markup."""
    from rich.text import Text

    if isinstance(content, Text):
        return content.plain
    return Text.from_markup(content).plain if isinstance(content, str) else str(content)
