"""What kernel shows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chipsmith.console.presentation import Presentation, new_table, print_sentence, print_tables

if TYPE_CHECKING:
    from rich.table import Table

    from chipsmith.studies.kernel_results import KernelResult


def present_kernel(result: KernelResult) -> Presentation:
    """The kernel on each chip, and the same on this computer."""
    return Presentation(to_json=result.to_json, print_text=partial(_print, result), failure=result.failure)


def _print(result: KernelResult) -> None:
    from chipsmith.witness.check.text import describe_check

    print_sentence(result.title)
    print_tables(_chip_table(result))
    if result.check is not None:
        print_sentence(describe_check(result.check))
    if result.processor is not None:
        print()
        print_tables(_computer_table(result))
        for row in result.left_out:
            print_sentence(f"not timed: {row.name}: {row.reason}")


def _chip_table(result: KernelResult) -> Table:
    from chipsmith.reports.kernels import list_figures

    table = new_table("a single inference", "figure", *(row.chip.name for row in result.chips), "how")
    for figure in list_figures(result.chips):
        table.add_row(figure.label, *figure.texts, figure.how)
    return table


def _computer_table(result: KernelResult) -> Table:
    from chipsmith.reports.kernels import list_timings

    heads, rows = list_timings(result)
    table = new_table(f"the same on {result.processor}: measured", *heads)
    for row in rows:
        table.add_row(*row)
    table.caption = "x CHIP: how many of the chip's warm inferences, simulated, the median has room for"
    return table
