"""What search shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_hint, print_sentence, print_tables
from chipsmith.units import percent

if TYPE_CHECKING:
    from rich.table import Table

    from chipsmith.flow.search import Searched
    from chipsmith.studies.search.result import SearchResult

CHANGES = "Show each change to the winner, what decides whether a design is good, and every sentence."
"""What --verbose shows of a search."""
_SHORT_ROWS, _WHOLE_ROWS = 6, 12
"""Designs of the front that a terminal lists, and at length."""
_LEAST_VALUES = 24
"""Columns of the terminal that the values of a design need to stand in the table; else they stand below it."""
_GAP = 3
"""Blanks between the columns of a table."""
_RULE = "rule: "
"""How the sentence begins that says what the best is: it is the same for every search."""


def present_search(result: Searched) -> Presentation:
    """The front, the winner and its neighbours, random search beside, the budgets that bind."""
    return Presentation(
        to_json=result.to_json,
        print_text=partial(_print_search, result),
        print_verbose=partial(_print_whole_search, result),
        failure=result.failure,
    )


def _print_search(searched: Searched) -> None:
    """What fits a screen: a few designs, the winner, what binds, how sure it is."""
    from chipsmith.reports import search_text

    result = searched.result
    _print_head(result)
    _print_front(result, _SHORT_ROWS)
    winner = (sentence for sentence in search_text.winner_sentences(result) if not sentence.startswith(_RULE))
    others = (
        search_text.final_sentences,
        search_text.accuracy_sentences,
        search_text.rtl_sentences,
        search_text.budget_sentences,
        search_text.comparison_sentences,
    )
    for sentence in (*winner, *(sentence for describe in others for sentence in describe(result))):
        print_sentence(sentence)
    _print_end(searched)
    print_hint("--verbose has each change to the winner, what decides, and every sentence")


def _print_whole_search(searched: Searched) -> None:
    from chipsmith.reports import search_text

    result = searched.result
    _print_head(result)
    _print_front(result, _WHOLE_ROWS)
    print_tables(*_tables(result))
    sentences = (search_text.winner_sentences, search_text.node_sentences, search_text.final_sentences)
    others = (
        search_text.accuracy_sentences,
        search_text.rtl_sentences,
        search_text.budget_sentences,
        search_text.comparison_sentences,
        search_text.training_sentences,
    )
    for describe in (*sentences, *others):
        for sentence in describe(result):
            print_sentence(sentence)
    _print_end(searched)


def _print_head(result: SearchResult) -> None:
    print_sentence(
        f"{result.name}: {', '.join(network.name for network in result.networks)} on {result.space.base.name}"
    )
    print_sentence(f"space: {result.size}")


def _print_end(searched: Searched) -> None:
    from chipsmith.units import count_things

    result = searched.result
    pairs = f"{count_things(result.pairs, 'pair')} {'was' if result.pairs == 1 else 'were'} simulated"
    print_sentence(f"{pairs}; {result.cpu_s / 3600:.3f} hours of a processor")
    print_sentence(f"folder: {searched.folder} ({', '.join(_files(result))})")


def _print_front(result: SearchResult, most: int) -> None:
    """The front, with the winner among its rows; the values of a design below the table where they find no room."""
    from chipsmith.reports.search_text import front_rows
    from chipsmith.units import count_things

    if not result.front:
        return
    heads, rows = front_rows(result)
    shown = [*rows[:most], *(row for row in rows[most:] if row[0] == "winner")]
    roomy = _room(heads, shown) >= _LEAST_VALUES
    title = f"front: {count_things(len(rows), 'design')}; latency is simulated, energy, area and cost are estimated"
    table = new_table(title, *(heads if roomy else heads[:-1]))
    for column in table.columns[: len(heads) - 1]:
        column.no_wrap = True
    for row in shown:
        table.add_row(*(row if roomy else row[:-1]))
    if len(rows) > len(shown):
        table.caption = f"and {len(rows) - len(shown)} more: --json or --html has them all"
    print_tables(table)
    for row in () if roomy else shown:
        print_sentence(f"{row[0]}: {row[-1]}")


def _room(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """The columns that a terminal has left for the last column of a table."""
    from rich.console import Console

    widths = (max(map(len, cells)) for cells in zip(heads[:-1], *(row[:-1] for row in rows), strict=True))
    return Console().width - sum(width + _GAP for width in widths)


def _files(result: SearchResult) -> Iterator[str]:
    """What the folder holds: of a search without a winner no winner's files, of one without a front no chips."""
    if result.winner is not None:
        yield "chip.yaml is the winner"
        for network in filter(None, () if result.trained is None else result.trained.networks):
            yield f"{network.name}.tosa and {network.name}.safetensors its network"
    if result.front:
        yield "chips/ the front"
    yield "pairs.journal every pair"


def _tables(result: SearchResult) -> Iterator[Table]:
    from chipsmith.reports.search_text import change_rows, change_sentences

    if result.changes:
        heads, rows = change_rows(result)
        table = new_table("one change to the winner at a time, simulated", heads[0], heads[1], heads[-1])
        for parameter, change, *_, comes in rows:
            table.add_row(parameter, change, comes)
        table.caption = " ".join(change_sentences(result)) or None
        yield table
    if result.importance:
        table = new_table("what decides whether a design is among the best tenth", "parameter", "share")
        for name, share in result.importance.items():
            table.add_row(name, percent(share, 0))
        yield table
