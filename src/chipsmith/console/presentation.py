"""A Presentation: one JSON object, or the same as text; and where nothing else may be printed."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chipsmith.files import write_whole
from chipsmith.schema import Json

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


_WIDE = 120
"""Letters in a line of what is no terminal."""


@dataclass(frozen=True, kw_only=True)
class Presentation:
    """How a command shows a result.

    `to_json` gives the object of --json, `print_text` prints the same for people, on a screen; `print_verbose` prints
    it at length, for --verbose, None where there is no more. `failure` says why the command exits with 1 although it is
    done; empty where it does not.
    """

    to_json: Callable[[], Json]
    print_text: Callable[[], None]
    print_verbose: Callable[[], None] | None = None
    failure: str = ""


TEXT_VARIABLE = "CHIPSMITH_TEXT"
"""Of the environment: a file for what a command with --json would have printed for people, for who wants both."""


def keep_text(shown: Presentation) -> None:
    """Write what is printed for people into the file that TEXT_VARIABLE names, if it does."""
    path = os.environ.get(TEXT_VARIABLE)
    if path:
        text = io.StringIO()
        with redirect_stdout(text):
            shown.print_text()
        write_whole(path, text.getvalue().encode())


def print_json(content: Json) -> None:
    """Print one object on stdout."""
    print(json.dumps(content, indent=2))


def new_table(title: str, *columns: str) -> Table:
    """An empty table that is readable in 80 columns and without colour."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def tighten(table: Table) -> Table:
    """The table with a blank between its columns and figures that are never broken: many columns fit 80 so."""
    table.padding = (0, 0, 0, 0)
    for column in table.columns[1:]:
        column.no_wrap, column.justify = True, "right"
    return table


def print_sentence(text: str) -> None:
    """Print a sentence on stdout, broken between words where the terminal ends, or where $COLUMNS says so.

    A file or a pipe gets one line.
    """
    from rich.text import Text

    if breaks_lines():
        print_tables(Text(text))
    else:
        print(text)


def print_hint(text: str) -> None:
    """Print what another option of the command would show; who shows it otherwise than a terminal has no options."""
    from chipsmith.console.blocks import BlockWriter

    if not isinstance(sys.stdout, BlockWriter):
        print(text)


def breaks_lines() -> bool:
    """Whether sentences are broken where a line ends: on a terminal, or where $COLUMNS says how long it is."""
    from chipsmith.console.blocks import BlockWriter

    return not isinstance(sys.stdout, BlockWriter) and (sys.stdout.isatty() or "COLUMNS" in os.environ)


def print_tables(*tables: RenderableType) -> None:
    """Print tables on stdout, without colour where that is no terminal."""
    from rich.console import Console

    from chipsmith.console.blocks import BlockWriter

    if isinstance(sys.stdout, BlockWriter):
        for table in tables:
            sys.stdout.add(table)
        return
    console = Console(highlight=False)
    for table in tables:
        console.print(table)


def terminal_width() -> int:
    """Letters in a line of the terminal, of $COLUMNS, or else 80; a notebook has room for more."""
    from rich.console import Console

    from chipsmith.console.blocks import BlockWriter

    return _WIDE if isinstance(sys.stdout, BlockWriter) and "COLUMNS" not in os.environ else Console().width


@contextmanager
def quiet_stdout(quiet: bool) -> Iterator[None]:
    """Send whatever a stage prints, native code too, to stderr while `quiet`: stdout is for the JSON object alone."""
    if not quiet:
        yield
        return
    sys.stdout.flush()
    with _descriptor_to_stderr(), redirect_stdout(sys.stderr):
        yield


@contextmanager
def _descriptor_to_stderr() -> Iterator[None]:
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
