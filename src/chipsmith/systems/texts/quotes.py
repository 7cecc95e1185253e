"""The figures that the page's sentences quote, each keyed to a row, and how a sentence is filled with them.

No figure of a system stands in a sentence by hand. A format field names it: `{h7a3_v12_image_ms}` is the latency of the
network `image` on the quoted system `h7a3_v12` in milliseconds, and `{h7a3_v07_image_ms_by_h7a3_v12_image_ms}` how many
times the first is the second. A sentence whose figures are not all among the rows is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter

from chipsmith.systems.row import SystemRow
from chipsmith.systems.texts.page_texts import PageTexts
from chipsmith.systems.texts.quoted_systems import QUOTED_SYSTEMS, SystemKey

_RATIO = "_by_"

RowTable = Mapping[tuple[str, SystemKey], SystemRow]
"""Rows by network and system."""


class Quantity(StrEnum):
    """What of a row is quoted, by the word that ends a format field."""

    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    MICROJOULES = "uj"
    PERCENT = "percent"


@dataclass(frozen=True, kw_only=True)
class Quote:
    """A figure of one network on one system."""

    network: str
    system: SystemKey
    quantity: Quantity

    def read(self, rows: RowTable) -> float | None:
        """The figure as its row has it; None where the row or the figure is not there."""
        row = rows.get((self.network, self.system))
        return None if row is None else _quantity_of(row, self.quantity)


def _quantity_of(row: SystemRow, quantity: Quantity) -> float | None:
    match quantity:
        case Quantity.MILLISECONDS:
            return _scale(row.latency_us, 1e-3)
        case Quantity.MICROSECONDS:
            return row.latency_us
        case Quantity.MICROJOULES:
            return row.energy_uj
        case Quantity.PERCENT:
            return _scale(row.accuracy, 100)


def _scale(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def quotes_in(sentence: str) -> tuple[Quote, ...]:
    """The figures that a sentence quotes, in order. Raises KeyError or ValueError for a field that names none."""
    return tuple(parse_quote(part) for field in fields_in(sentence) for part in field.split(_RATIO))


def parse_quote(name: str) -> Quote:
    """The quote `SYSTEM_NETWORK_QUANTITY`. Raises KeyError for an unknown system, ValueError for another quantity."""
    system, network, quantity = name.rsplit("_", 2)
    return Quote(network=network, system=QUOTED_SYSTEMS[system], quantity=Quantity(quantity))


def fields_in(sentence: str) -> tuple[str, ...]:
    """The names of the format fields of a sentence, in order."""
    return tuple(name for _, name, _, _ in Formatter().parse(sentence) if name)


def fill_sentences(sentences: Iterable[str], *, gap: str, figures: Mapping[str, str]) -> str:
    """The sentences whose figures are all there, filled and joined by `gap`; '' where there are none."""
    return gap.join(text.format_map(figures) for text in sentences if figures.keys() >= set(fields_in(text)))


def quote_figures(texts: PageTexts, rows: Iterable[SystemRow]) -> dict[str, str]:
    """The figures of all format fields of the page's chapters that the rows give, by field, as text."""
    table = {(row.network, SystemKey.of(row)): row for row in rows}
    shown = {field: _show_field(field, table) for sentence in texts.sentences for field in fields_in(sentence)}
    return {field: figure for field, figure in shown.items() if figure is not None}


def _show_field(field: str, rows: RowTable) -> str | None:
    values = [parse_quote(part).read(rows) for part in field.split(_RATIO)]
    match [value for value in values if value is not None]:
        case [value] if len(values) == 1:
            return show_figure(value, digits=3)
        case [over, under]:
            return show_figure(over / under, digits=2)
        case _:
            return None


def show_figure(value: float, *, digits: int) -> str:
    """A positive figure with so many significant digits, thousands apart: 0.147, 40.8, 20,200."""
    rounded = float(f"{value:.{digits}g}")
    places = max(0, digits - len(str(int(rounded)))) if rounded >= 1 else None
    return f"{rounded:,.{places}f}" if places is not None else f"{value:.{digits}g}"
