"""`chipsmith scale`: the verb, its table, its object and its page say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import chipsmith
from chipsmith import cli
from chipsmith.errors import BadInput
from chipsmith.reports.scaling import render_scaling

DIGITS = str(Path(__file__).parents[1] / "networks" / "digits_cnn.tosa")


def run(*arguments: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["scale", DIGITS, "--chip", "nano-64", *arguments])
    assert ended.value.code == 0


def test_the_object_holds_each_curve_with_its_knee(capsys):
    run("--over", "batch,bus", "--batch", "1,2,4", "--json")
    scaled = json.loads(capsys.readouterr().out)
    batch, bus = scaled["curves"]
    assert (scaled["network"], scaled["chip"], batch["kind"]) == ("digits_cnn", "nano-64", "simulated")
    assert [point["amount"] for point in batch["points"]] == [1, 2, 4]
    assert [point["mismatches"] for point in batch["points"]] == [None, 0, None]
    assert (
        batch["points"][0]["latency_us"] == chipsmith.estimate(DIGITS, chips=["nano-64"])[0].inference.latency.cold_us
    )
    assert [point["latency_us"] is None for point in bus["points"]] == [
        bool(point["reason"]) for point in bus["points"]
    ]
    assert set(batch["points"][0]["gains"]) == {"array", "lanes", "memory", "bus"}


def test_the_table_marks_the_knee_and_says_why(capsys):
    run("--over", "lanes")
    text = capsys.readouterr().out
    assert "over vector lanes, simulated" in text
    assert " knee" in text
    assert "a doubling from there brings a speed-up of only" in text


def test_the_page_has_a_chart_for_each_curve(tmp_path):
    page = tmp_path / "scaling.html"
    result = chipsmith.scale(DIGITS, over=["batch", "array"], chip="nano-64", batches=["1", "2"], html=page)
    text = page.read_text()
    assert text == render_scaling(result)
    assert 'data-chart="batch"' in text
    assert 'data-chart="array"' in text
    assert "Batch 2 executed on the chip: 0 of 20 outputs differ" in text


def test_a_page_in_no_folder_is_refused_before_any_work(tmp_path):
    with pytest.raises(BadInput, match="no"):
        chipsmith.scale(DIGITS, html=tmp_path / "no" / "page.html")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"over": []}, "nothing is named to scale over; there are: batch, threads, array, lanes, memory, bus"),
        ({"inferences": 0}, "0 inferences cannot be timed: give 1 or more"),
        ({"batches": ["0"]}, "a batch has 1 or more inferences, not '0'"),
    ],
)
def test_what_makes_no_sense_is_refused_though_other_curves_could_be_had(asked, words):
    with pytest.raises(BadInput, match=words):
        chipsmith.scale(DIGITS, **asked)
