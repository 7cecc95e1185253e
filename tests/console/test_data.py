"""check-data on a terminal and as JSON, its exit code, and the lines of the verbs that train."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chipsmith import cli

RECIPE = """
name: own
task: classification
data: {kind: table, path: rows.csv, target: kind}
network: {kind: mlp, hidden: [4]}
training: {epochs: 1}
validation: {bootstrap: 100}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(RECIPE)


def write_rows(rows) -> None:
    Path("rows.csv").write_text("\n".join(["x,five,kind", *rows]))


def call(capsys, *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        cli.main(list(words))
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


def test_counts_ranges_and_findings_are_printed(capsys):
    write_rows(f"{number},5,{'ab'[number % 2]}" for number in range(100))
    code, out, _ = call(capsys, "check-data", "own.yaml")
    assert code == 0
    assert "counted on all 100 examples, each decoded" in out
    assert [line.split() for line in out.splitlines() if line.startswith((" all", " a ", " x "))] == [
        ["all", "70", "10", "20"],
        ["a", "35", "5", "10"],
        ["x", "0", "49.5", "99", "100"],
    ]
    assert "warning: column five has a single value in the training part: it tells nothing" in out


def test_an_error_is_exit_code_1_and_named_in_json(capsys):
    write_rows(f"{number % 2},5,{'ab'[number % 2]}" for number in range(600))
    code, out, err = call(capsys, "check-data", "own.yaml", "--json")
    plain = json.loads(out)
    assert (code, plain["examples"], plain["looked_at"]) == (1, 600, 600)
    errors = [finding for finding in plain["findings"] if finding["severity"] == "error"]
    assert [finding["kind"] for finding in errors] == ["leakage", "leakage"]
    assert "2 of the findings keep a training from beginning" in err


def test_a_training_is_refused_before_it_begins_and_goes_on_where_the_recipe_accepts(capsys):
    write_rows(f"{number % 2},5,{'ab'[number % 2]}" for number in range(600))
    code, _, err = call(capsys, "train", "own.yaml", "--out", "out")
    assert code == 2
    assert "60 of 60 validation examples" in err
    assert not list(Path().glob("out/*.safetensors"))
    code, out, _ = call(capsys, "train", "own.yaml", "--out", "out", "--set", "accept=[leakage]")
    assert code == 0
    words = " ".join(out.split())
    assert "data: 120 of 120 test examples (100.0 %) have the same inputs as training examples" in words


def test_what_a_training_was_told_stands_in_its_json(capsys):
    write_rows(f"{number},5,{'ab'[number % 2]}" for number in range(100))
    code, out, _ = call(capsys, "train", "own.yaml", "--out", "out", "--json")
    assert code == 0
    assert [finding["kind"] for finding in json.loads(out)["data_findings"]] == ["constant"]


def test_a_table_that_is_not_there_is_bad_input(capsys):
    code, _, err = call(capsys, "check-data", "own.yaml")
    assert code == 2
    assert "there is no file or folder rows.csv" in err
