"""The names of layers and kernels (`chipsmith.program.layer_names`) as tables and charts show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chipsmith.profile.profile import KernelRow
from chipsmith.program.layer_names import LayerNames, label_kernel, number_of, shorten_layer
from chipsmith.program.program import WIPE
from chipsmith.reports.markup import Cell

AUTHOR_COLUMN = "author's name"
"""Title of the column of a table; it stands only where a name is known."""
LAYER_COLUMN = "layer"
"""Title of the column with the layer of an operator: its author's name, else its own in the graph."""
PAGE_LETTERS = 28
"""Letters of a name in a table of a page, so that it stays on a line."""
CHART_LETTERS = 24
"""Letters of a kernel's label beside its bar."""
SHOWN = 3
"""Names that are shown of many."""
_WORD_JOINER = "\u2060"
"""Keeps a browser from breaking the line behind the mark of what was left out."""


def shorten(name: str, letters: int) -> str:
    """A name of at most so many letters: of a longer one the end, which tells parts of a network apart."""
    return name if len(name) <= letters else f"…{name[1 - letters :]}"


def abridge(names: Iterable[str]) -> str:
    """The names, each once, as one text; of more than SHOWN the first, and how many are left."""
    distinct = list(dict.fromkeys(names))
    text, left = ", ".join(distinct[:SHOWN]), len(distinct) - SHOWN
    return f"{text} and {left} more" if left > 0 else text


def abridge_sources(sources: Iterable[str]) -> str:
    """The author's names of a few operators, as one short text."""
    return abridge(shorten(shorten_layer(source), PAGE_LETTERS) for source in sources)


def layer_of_row(row: KernelRow) -> str:
    """The full name of a kernel's layer, also in a record of before it was kept."""
    return row.layer or next(iter((*row.sources, *row.operators)), row.name.partition(":")[2])


def label_row(row: KernelRow) -> str:
    """What a kernel is called: `features.3 (k4)`; a wipe's by its name."""
    return row.name if name_operation(row) == WIPE else label_kernel(layer_of_row(row), number_of(row.name))


def name_operation(row: KernelRow) -> str:
    """The kind of a kernel's main operator, such as DEPTHWISE_CONV2D."""
    return row.operation or row.anchor


def kernel_cell(row: KernelRow) -> Cell:
    """A cell of a page with a kernel's label; hovering shows its layer's whole name."""
    label = label_row(row)
    return Cell(text=label, title=layer_of_row(row) if shorten_layer(layer_of_row(row)) != layer_of_row(row) else "")


def label_part(names: LayerNames, part: str) -> str:
    """A buffer or a transfer behind the layer that it is of, where that is known by another name."""
    layer = shorten_layer(names.layer(part))
    return part if not layer or part.startswith(layer) else f"{layer}: {part}"


def source_cell(sources: Sequence[str]) -> Cell:
    """A cell of a page with the author's names of a few operators; hovering shows them whole."""
    text, whole = abridge_sources(sources), ", ".join(dict.fromkeys(sources))
    title = whole if whole != text else ""
    return Cell(text=text.replace("…", f"…{_WORD_JOINER}"), title=title, label=AUTHOR_COLUMN)
