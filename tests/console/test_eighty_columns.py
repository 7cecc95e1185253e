"""Tables at 80 columns: none is wider, no word in one is broken, and of a name enough is left to tell it."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table
from sample_pages import sample_comparison
from sample_runs import full_record, named_record
from test_estimate_page import estimate

import chipsmith
from chipsmith.console.blocks import collect_blocks
from chipsmith.console.presentation import Presentation
from chipsmith.console.programs import present_diff, present_program, present_simulation
from chipsmith.console.runs import present_comparison
from chipsmith.reports.fitted_names import FittedName, shorten_middle
from chipsmith.reports.terminal import comparison_table, cost_table, kernel_table, placement_table

WIDTH = 80
LEAST = 16
"""Letters of a name that a table leaves at least."""
torch = pytest.importorskip("torch")


class Block(torch.nn.Module):
    """A residual block whose modules have long names."""

    def __init__(self):
        super().__init__()
        self.depthwise_convolution = torch.nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.pointwise_convolution = torch.nn.Conv2d(8, 8, 1)
        self.activation_function = torch.nn.ReLU6()

    def forward(self, x):
        y = self.activation_function(self.depthwise_convolution(x))
        return x + self.activation_function(self.pointwise_convolution(y))


class Deep(torch.nn.Module):
    """Modules in modules, a depthwise convolution, residuals, an average that adapts."""

    def __init__(self):
        super().__init__()
        self.feature_extractor = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), Block(), Block())
        self.pool = torch.nn.AdaptiveAvgPool2d(1)
        self.classification_head = torch.nn.Linear(8, 4)

    def forward(self, x):
        return self.classification_head(self.pool(self.feature_extractor(x)).flatten(1))


@cache
def module():
    torch.manual_seed(0)
    return Deep().eval()


@cache
def images():
    return np.random.default_rng(0).normal(size=(16, 3, 8, 8)).astype(np.float32)


def shown(presentation: Presentation, *, verbose: bool = False) -> list[Table]:
    """The tables that a command prints."""
    told = presentation.print_verbose if verbose else presentation.print_text
    assert told is not None
    return [block for block in collect_blocks(told) if isinstance(block, Table)]


def of_chips() -> list[Table]:
    chips = {f"{row.name} (clock_mhz=636)": row.inference for row in estimate().chips}
    return [comparison_table("digits", chips), cost_table(chips)]


def of_a_record() -> list[Table]:
    record = named_record()
    long = replace(
        record.inference,
        kernels=tuple(
            replace(row, layer=f"feature_extractor.stage.{row.layer}.convolution") for row in record.inference.kernels
        ),
    )
    return [kernel_table(long), placement_table(record.inference.operators, full_record().host_steps)]


TABLES = {
    "diff": lambda: shown(present_diff(chipsmith.diff(module(), calibration=images()))),
    "compile": lambda: shown(present_program(chipsmith.compile(module(), calibration=images())), verbose=True),
    "simulate": lambda: shown(
        present_simulation(chipsmith.simulate(chipsmith.compile(module(), calibration=images()))), verbose=True
    ),
    "compare": lambda: shown(present_comparison(sample_comparison())),
    "estimate": of_chips,
    "run": of_a_record,
}


@pytest.mark.parametrize("command", TABLES)
def test_tables_fit_and_break_no_word(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    tables = TABLES[command]()
    assert tables
    for table in tables:
        lines = printed(table, WIDTH)
        assert max(map(len, lines)) <= WIDTH
        words = {word for line in lines for word in line.split()}
        for column in table.columns:
            for cell in (column.header, *column.cells):
                missing = [word for word in whole_words(cell, lines) if word not in words]
                assert not missing, (table.title, missing)


def printed(table: Table, width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO(), highlight=False)
    console.print(table)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def whole_words(cell: object, lines: list[str]) -> list[str]:
    """The words of a cell; of a name those of the longest form that is printed, which has at least a few letters."""
    text = str(cell)
    if not isinstance(cell, FittedName):
        return text.split()
    forms = (shorten_middle(text, letters) for letters in range(len(text), min(LEAST, len(text)) - 1, -1))
    return next((form.split() for form in forms if any(form in line for line in lines)), [text])


def test_a_name_has_the_room_that_there_is():
    diff = chipsmith.diff(module(), calibration=images())
    (table,) = shown(present_diff(diff))
    text = "\n".join(printed(table, 140))
    assert "feature_extractor.1.depthwise_convolution" in text
    assert "…" not in text


@pytest.mark.parametrize(
    ("letters", "text"),
    [(40, "block2.project.conv (k6)"), (24, "block2.project.conv (k6)"), (16, "block….conv (k6)")],
)
def test_a_long_name_keeps_its_beginning_and_its_end(letters, text):
    assert shorten_middle("block2.project.conv (k6)", letters) == text
    assert len(shorten_middle("block2.project.conv (k6)", letters)) <= letters
