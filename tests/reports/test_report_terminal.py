"""Tables on a terminal: every row within 80 columns, without colour, with the record's numbers."""

from __future__ import annotations

import dataclasses
import io
import re

import pytest
from rich.console import Console
from sample_runs import bare_record, full_record, named_record

from chipsmith.program.program import Placement
from chipsmith.reports.terminal import closing_table, comparison_table, cost_table, placement_table, print_report


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def shown(*tables) -> str:
    file = io.StringIO()
    Console(file=file, highlight=False).print(*tables, sep="\n")
    return file.getvalue()


def test_the_closing_table_has_every_figure_of_a_run():
    text = shown(closing_table(full_record()))
    for label in (
        "test accuracy, source",
        "test accuracy, int8",
        "test accuracy, npu",
        "bit-exact",
        "latency",
        "inferences a second",
        "tensor engine busy",
        "energy an inference",
        "average power",
        "efficiency",
        "external bytes",
        "weight bytes",
        "core area",
        "cost a chip",
        "die cost",
        "package cost",
        "test cost",
        "masks cost",
        "design cost",
        "fastest clock",
    ):
        assert re.search(rf"^ *{label} ", text, re.MULTILINE), label
    assert f"{full_record().inference.latency.cold_cycles:,} cycles" in text
    assert "97.90 % (96.90 to 98.90)" in text


def test_a_figure_leads_to_its_source():
    text = shown(closing_table(full_record()))
    number = re.search(r"energy an inference .* estimated, \w+ +\((\d+)\)", text)[1]
    assert re.search(rf"^ \({number}\) actions counted in the Program x joules", text, re.MULTILINE)


def test_a_difference_from_the_witness_is_loud():
    record = full_record()
    wrong = dataclasses.replace(record, bit_exact=dataclasses.replace(record.bit_exact, mismatches=3))
    assert "NO: 3 of 10,000 outputs" in shown(closing_table(wrong))


def test_the_report_keeps_to_80_columns_and_has_no_colour():
    file = io.StringIO()
    print_report(full_record(), file=file)
    text = file.getvalue()
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "training: good; both losses fell" in text


def test_placement_names_the_host_first_and_last():
    lines = shown(placement_table(full_record().inference.operators, full_record().host_steps)).splitlines()
    assert [line.split("  ")[0].strip() for line in lines if " host " in line] == [
        "quantise the image",
        "take the largest",
    ]
    for row in full_record().inference.operators:
        assert any(row.name[-9:] in line and row.kind in line and row.placed in line for line in lines)


def test_placement_has_the_operators_own_names_too_where_there_is_room(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    table = placement_table(named_record().inference.operators)
    assert [column.header for column in table.columns] == ["layer", "operator", "kind", "placed", "reason"]


def test_placement_has_the_authors_names_where_any_is_known():
    steps = full_record().host_steps
    lines = shown(placement_table(named_record().inference.operators, steps)).splitlines()
    assert lines[2].split() == ["layer", "kind", "placed", "reason"]
    assert max(map(len, lines)) <= 80
    for row in named_record().inference.operators:
        kernel = row.kernel.partition(":")[0]
        assert any(line.startswith(f" {row.source} ") and f"{row.placed} {kernel}" in line for line in lines)
    assert " operator " not in shown(placement_table(bare_record().inference.operators, steps))


def test_names_are_no_markup():
    row = Placement(name="dense[red]", kind="CONV2D", placed="tensor", reason="an instruction", kernel="k0")
    assert "dense[red]" in shown(placement_table([row]))


def test_chips_stand_below_one_another():
    chips = {name: bare_record("digits_cnn", name).inference for name in ("nano-64", "edge-256", "edge-1024")}
    text = shown(comparison_table("digits", chips))
    for name, profile in chips.items():
        assert re.search(rf"{name} +{profile.latency.cold_cycles:,} ", text)


def test_what_chips_cost_stands_part_by_part():
    chips = {name: bare_record("digits_cnn", name).inference for name in ("nano-64", "edge-1024")}
    text = shown(cost_table(chips))
    assert max(map(len, text.splitlines())) <= 80
    assert "USD of a chip where 1,000,000 are built, estimated" in text
    assert re.search(r"nano-64 +0\.04 +QFN 0\.30 +0\.18 +0\.50 ", text)
    assert re.search(r"edge-1024 +0\.15 +BGA 1\.50 +0\.18 +1\.20 ", text)
