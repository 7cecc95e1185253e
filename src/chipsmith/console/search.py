"""What search shows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_tables
from chipsmith.units import percent

if TYPE_CHECKING:
    from rich.table import Table

    from chipsmith.flow.search import Searched
    from chipsmith.studies.search.result import SearchResult

_FRONT_ROWS = 12
"""Designs of the front that a terminal lists."""


def present_search(result: Searched) -> Presentation:
    """The front, the winner and its neighbours, random search beside, the budgets that bind."""
    return Presentation(to_json=result.to_json, print_text=partial(_print_search, result), failure=result.failure)


def _print_search(searched: Searched) -> None:
    from chipsmith.reports import search_text
    from chipsmith.studies.search.result import count_things

    result = searched.result
    print(f"{result.name}: {', '.join(network.name for network in result.networks)} on {result.space.base.name}")
    print(f"space: {result.size}")
    print_tables(*_tables(result))
    sentences = (search_text.winner_sentences, search_text.node_sentences, search_text.final_sentences)
    others = (
        search_text.accuracy_sentences,
        search_text.rtl_sentences,
        search_text.budget_sentences,
        search_text.comparison_sentences,
    )
    for describe in (*sentences, *others):
        for sentence in describe(result):
            print(sentence)
    for sentence in search_text.training_sentences(result):
        print(sentence)
    pairs = f"{count_things(result.pairs, 'pair')} {'was' if result.pairs == 1 else 'were'} simulated"
    print(f"{pairs}; {result.cpu_s / 3600:.3f} hours of a processor")
    print(f"folder: {searched.folder} ({', '.join(_files(result))})")


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
    from chipsmith.reports.search_text import change_rows, change_sentences, front_rows
    from chipsmith.studies.search.result import count_things

    if result.front:
        heads, rows = front_rows(result)
        table = new_table(f"front: {count_things(len(rows), 'design')}", *heads)
        for row in rows[:_FRONT_ROWS]:
            table.add_row(*row)
        if len(rows) > _FRONT_ROWS:
            table.caption = f"and {len(rows) - _FRONT_ROWS} more: --json or --html has them all"
        yield table
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
