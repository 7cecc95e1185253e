"""The closing output of a run: a screen of 80 columns and 30 lines, each figure with how it was obtained."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sample_runs import bare_record, full_record

from chipsmith.console.jobs import present_report
from chipsmith.flow.results import RunResult
from chipsmith.reports.closing import closing_notes, closing_rows, verdict_line


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def closing(capsys, record, *, verbose: bool = False) -> str:
    shown = present_report(RunResult(record=record, folder=Path("runs/digits-0")))
    (shown.print_verbose if verbose else shown.print_text)()
    return capsys.readouterr().out


def test_it_fits_a_screen(capsys):
    """With a warning of its data and the three sentences of advice: 30 lines, and the prompt above and below."""
    lines = closing(capsys, full_record()).splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 80


def test_the_outcome_is_one_line():
    record = full_record()
    line = verdict_line(record)
    assert len(line) <= 80
    assert line.startswith("digits on edge-256: accuracy 97.90 %, bit-exact, ")
    assert line.endswith(" µJ an inference")
    wrong = replace(record, bit_exact=replace(record.bit_exact, mismatches=3))
    assert "NOT bit-exact" in verdict_line(wrong)
    assert "accuracy" not in verdict_line(bare_record())


def test_every_figure_says_how_it_was_obtained(capsys):
    text = closing(capsys, full_record())
    for label in (
        "test accuracy, source",
        "test accuracy, npu",
        "bit-exact",
        "latency",
        "energy an inference",
        "cost, ",
    ):
        (row,) = re.findall(rf"^ ?{label}.*$", text, re.MULTILINE)[:1]
        assert re.search(r"(measured|simulated|estimated, \w+) *$", row), row
    assert len(re.findall(r"(measured|simulated|estimated)", text)) >= len(closing_rows(full_record()))


def test_figures_are_those_of_the_record():
    record = full_record()
    rows = {row.label: row.text for row in closing_rows(record)}
    latency = record.inference.latency
    assert rows["latency"].startswith(f"{latency.cold_cycles:,} cycles, ")
    assert rows["latency"].endswith(f"; warm {latency.warm_cycles:,}")
    assert rows["bit-exact"].startswith("yes: 0 of")
    assert rows["cost, 1,000,000 chips"].split()[0] == f"{record.inference.cost.chip_usd.value:.2f}"


def test_a_good_training_is_a_word_and_another_gives_its_reason():
    record = full_record()
    assert "training: good" in closing_notes(record)
    overfit = replace(record, training=replace(record.training, verdict="overfit", reason="the losses part"))
    assert "training: overfit; the losses part" in closing_notes(overfit)


def test_the_long_tables_are_asked_for(capsys):
    short, whole = closing(capsys, full_record()), closing(capsys, full_record(), verbose=True)
    for title in ("placement", "kernels of a cold inference", "(1) "):
        assert title in whole
        assert title not in short
    assert "--verbose has all figures" in short
    assert max(map(len, whole.splitlines())) <= 80
