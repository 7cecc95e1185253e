"""`chipsmith compile --print-after STAGE` shows what a stage made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import chipsmith
from chipsmith.cli import main
from chipsmith.compiler.stage import CompilerStage, parse_stages
from chipsmith.errors import BadInput

DIGITS = str(Path(__file__).parents[1] / "networks" / "digits_cnn.tosa")


def run(*arguments):
    with pytest.raises(SystemExit) as exit_:
        main(["compile", DIGITS, *arguments])
    return exit_.value.code


def test_the_text_stands_before_the_table(capsys):
    assert run("--print-after", "fuse") == 0
    text = capsys.readouterr().out
    assert text.startswith("after fuse:\nview (image) -> ")
    assert text.index("after fuse:") < text.index("on-chip memory, peak")


def test_json_has_the_text_of_each_stage_in_the_compilers_order(capsys):
    assert run("--print-after", "schedule", "--print-after", "lower", "--json") == 0
    stages = json.loads(capsys.readouterr().out)["stages"]
    assert list(stages) == ["lower", "schedule"]
    assert stages["lower"].startswith("k0:")


def test_without_the_option_no_stage_is_shown():
    assert chipsmith.compile(DIGITS).to_json()["stages"] == {}


def test_a_stage_that_there_is_not_is_refused_with_the_list(capsys):
    assert run("--print-after", "tile") == 2
    message = capsys.readouterr().err
    assert "no stage tile" in message
    assert ", ".join(CompilerStage) in message


def test_each_stage_is_taken_once():
    assert parse_stages(["emit", "fuse", "emit"]) == (CompilerStage.FUSE, CompilerStage.EMIT)
    with pytest.raises(BadInput, match="canonicalize, fuse, lower, spill, allocate, schedule, emit"):
        parse_stages(["fuse", "codegen"])
