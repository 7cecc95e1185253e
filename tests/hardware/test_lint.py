"""Every front end reads the RTL without error or warning, on chips of very different sizes."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from sized_chips import CHIPS

import chipsmith
from chipsmith.hardware.lint import FRONT_ENDS, TOPS, Design, lint_design, machine_designs, report_of
from chipsmith.hardware.sources import TESTBENCH, in_order, machine_sources

BY_NAME = {front_end.name: front_end for front_end in FRONT_ENDS}


def what_is_said(design: Design, name: str) -> str:
    """What a front end says; the test is skipped where it is not installed."""
    lint = lint_design(design, BY_NAME[name])
    if lint.missing:
        pytest.skip(lint.missing)
    return lint.said


def cases():
    """Every front end, chip and top level; to yosys `machine` is a part of `axi_machine`, and a wide chip a minute."""
    for front_end, chip, top in itertools.product(BY_NAME, CHIPS, TOPS):
        slow = front_end == "yosys" and (chip == "wide" or top == "machine")
        yield pytest.param(front_end, chip, top, marks=[pytest.mark.slow] if slow else [])


@pytest.mark.parametrize(("front_end", "chip", "top"), cases())
def test_no_front_end_has_anything_against_a_chip(front_end, chip, top):
    design = next(design for design in machine_designs(CHIPS[chip]) if design.top == top)
    assert what_is_said(design, front_end) == ""


def spoilt(name: str, old: str, new: str) -> Design:
    """The machine with a source in which a text was replaced."""
    design = machine_designs(CHIPS["smallest"])[0]
    text = design.texts[name]
    assert old in text
    return dataclasses.replace(design, texts={**design.texts, name: text.replace(old, new, 1)})


@pytest.mark.parametrize(
    ("front_end", "design", "said"),
    [
        (
            "verilator",
            spoilt("multiplier.sv", "product_doubles, negative;", "product_doubles, negative, idle;"),
            "idle",
        ),
        ("yosys", spoilt("multipliers.sv", "endmodule", "assign scaled = '0;\nendmodule"), "Drivers conflicting"),
        ("slang", spoilt("multipliers.sv", "endmodule", "assign early = 1'b1;\nlogic early;\nendmodule"), "early"),
        ("verible", spoilt("multipliers.sv", "endmodule", "endmodule "), "no-trailing-spaces"),
        ("icarus", spoilt("multipliers.sv", "endmodule", "assign absent = 1'b1;\nendmodule"), "absent"),
    ],
)
def test_a_fault_in_a_source_is_told(front_end, design, said):
    assert said in what_is_said(design, front_end)


def test_a_front_end_that_is_missing_is_named_with_what_brings_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    lint = lint_design(machine_designs(CHIPS["smallest"])[0], BY_NAME["icarus"])
    assert (lint.said, lint.version) == ("", "")
    assert "no iverilog on PATH" in lint.missing
    assert report_of([lint]) == ""


@pytest.mark.parametrize("front_end", ["slang", "verible"])
def test_no_front_end_has_anything_against_the_testbench(front_end):
    sources = machine_sources(CHIPS["nano-64"])
    size = {"machine_tb_size.svh": "  localparam int MEMORY_BYTES = 64;\n"}
    texts = {**sources, **size, TESTBENCH.name: TESTBENCH.read_text()}
    order = (*in_order(sources), TESTBENCH.name)
    assert what_is_said(Design(top="machine_tb", texts=texts, order=order, synthesizable=False), front_end) == ""


def test_the_verb_asks_each_front_end_of_each_top_level():
    result = chipsmith.rtl("nano-64", lint=True)
    asked = [(lint["front_end"], lint["top"]) for lint in result.to_json()["lint"]]
    assert asked == [(name, top) for name in BY_NAME for top in ("machine", "axi_machine")]
    assert result.failure == ""
