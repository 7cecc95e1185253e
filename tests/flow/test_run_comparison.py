"""Runs of a small recipe listed and compared: finished, old, damaged, unfinished, of other seeds, chips and tasks."""

from __future__ import annotations

import json
import os
import re
import shutil

import numpy as np
import pytest
from small_recipe import write_small_recipe

import chipsmith
from chipsmith.errors import BadInput
from chipsmith.files import read_arrays, write_arrays
from chipsmith.flow.run_files import ANSWERS, CHECKPOINT, RECIPE, RESULT
from chipsmith.flow.run_list import FolderKind
from chipsmith.learn.validation.answers import read_answers
from chipsmith.locks import sole_lock
from chipsmith.reports.comparison.page import render_comparison
from chipsmith.reports.comparison.result import DifferenceVerdict

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Four runs: a baseline, a wider network on a smaller chip, another seed, and a regression."""
    root = tmp_path_factory.mktemp("runs")
    recipe = write_small_recipe(tmp_path_factory.mktemp("recipes"))
    chipsmith.run(recipe, out=root / "base")
    chipsmith.run(recipe, chip="nano-64", settings=["network.hidden=[32]"], out=root / "wide")
    chipsmith.run(recipe, seed=5, out=root / "seed5")
    short = ["training.epochs=3", "validation.bootstrap=100", "validation.compared=5", "validation.layer_errors=false"]
    chipsmith.run("diabetes", settings=short, out=root / "deep" / "diabetes")
    return root


@pytest.fixture
def aged(root, tmp_path):
    """The baseline as a run of an earlier version left it: without what its record has since."""
    folder = tmp_path / "aged"
    shutil.copytree(root / "base", folder)
    (folder / ANSWERS).unlink()
    (folder / RECIPE).unlink()
    content = json.loads((folder / RESULT).read_text())
    for name in ("recipe", "command", "splits", "parameters", "mistakes"):
        del content["record"][name]
    for name in (ANSWERS, RECIPE):
        del content["record"]["hashes"][name]
    (folder / RESULT).write_text(json.dumps(content))
    return folder


# --- what a run leaves ------------------------------------------------------------------------------------------------


def test_a_run_leaves_its_recipe_and_its_answers_by_their_hashes(root):
    record = json.loads((root / "base" / RESULT).read_text())["record"]
    assert {RECIPE, ANSWERS} <= set(record["hashes"])
    table = read_answers(root / "base" / ANSWERS)
    metric = next(row for row in record["metrics"] if (row["target"], row["name"]) == ("npu", "accuracy"))
    assert np.mean(table.right) == pytest.approx(metric["value"])
    assert record["mistakes"]["wrong"] == int((~table.right).sum())


def test_the_recipe_that_is_left_gives_the_same_run(root, tmp_path):
    again = chipsmith.run(root / "wide" / RECIPE, chip=str(root / "wide" / "chip.yaml"), out=tmp_path / "again")
    first = json.loads((root / "wide" / RESULT).read_text())
    assert again.record.hashes == first["record"]["hashes"]


def test_a_run_of_python_says_what_repeats_it(root):
    command = json.loads((root / "wide" / RESULT).read_text())["record"]["command"]
    assert command["shell"].endswith("irises.yaml --chip nano-64 --set 'network.hidden=[32]'")
    assert command["python"].endswith("irises.yaml', chip='nano-64', settings=['network.hidden=[32]'])")


# --- runs -------------------------------------------------------------------------------------------------------------


def test_runs_are_listed_with_their_figures(root):
    listed = {row.folder: row for row in chipsmith.runs(root)}
    assert set(listed) == {"base", "wide", "seed5", "deep/diabetes"}
    base = listed["base"]
    plain = json.loads((root / "base" / RESULT).read_text())
    assert (base.kind, base.finished, base.bit_exact) == (FolderKind.RUN, True, True)
    assert (base.chip, base.seed, base.recipe, base.parameters) == ("edge-256", 0, "irises.yaml", 67)
    assert (base.metric, base.value, [base.low, base.high]) == (
        "accuracy",
        plain["accuracy_npu"],
        plain["accuracy_npu_interval"],
    )
    figures = (base.latency_cycles, base.latency_us, base.energy_uj, base.area_mm2)
    assert figures == tuple(plain[name] for name in ("latency_cycles", "latency_us", "energy_uj", "area_mm2"))
    assert listed["deep/diabetes"].metric == "R2"


def test_runs_are_sorted_by_what_is_asked(root):
    for age, name in enumerate(("seed5", "base", "wide")):
        os.utime(root / name / RESULT, (1_000_000 - age, 1_000_000 - age))
    assert [row.folder for row in chipsmith.runs(root)][-3:] == ["seed5", "base", "wide"]
    assert [row.folder for row in chipsmith.runs(root, sort="name")] == ["base", "deep/diabetes", "seed5", "wide"]
    cycles = [row.latency_cycles for row in chipsmith.runs(root, sort="cycles")]
    assert cycles == sorted(cycles)
    ranked = [row.value for row in chipsmith.runs(root, sort="metric") if row.metric == "accuracy"]
    assert ranked == sorted(ranked, reverse=True)
    with pytest.raises(BadInput, match="--sort speed: runs are sorted by time, name, metric, cycles"):
        chipsmith.runs(root, sort="speed")


def test_what_is_no_finished_run_is_listed_as_what_it_is(root, aged, tmp_path):
    shutil.copytree(root / "wide", tmp_path / "cut")
    (tmp_path / "cut" / RESULT).write_bytes((root / "wide" / RESULT).read_bytes()[:3000])
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / CHECKPOINT).touch()
    (tmp_path / "weights").mkdir()
    shutil.copy(root / "base" / "trained.safetensors", tmp_path / "weights")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "trained.safetensors").write_bytes(b"\xff" * 20)
    (tmp_path / "search").mkdir()
    (tmp_path / "search" / "search.json").write_text("{}")
    (tmp_path / "mlartifacts" / "x").mkdir(parents=True)
    shutil.copy(root / "base" / RESULT, tmp_path / "mlartifacts" / "x")
    (tmp_path / "nothing").mkdir()
    kinds = {row.folder: row.kind.value for row in chipsmith.runs(tmp_path)}
    assert kinds == {
        "aged": "run",
        "cut": "damaged",
        "half": "unfinished",
        "weights": "training",
        "torn": "damaged",
        "search": "unfinished",
    }


def test_a_folder_in_which_a_process_works_is_said_to_be_at_work(tmp_path):
    (tmp_path / "busy").mkdir()
    with sole_lock(tmp_path / "busy" / ".lock", refusal="no"):
        (row,) = chipsmith.runs(tmp_path)
    assert (row.kind, row.finished) == (FolderKind.RUNNING, False)


def test_a_run_itself_is_listed_alone_and_no_folder_is_refused(root, tmp_path):
    assert [row.folder for row in chipsmith.runs(root / "base")] == ["base"]
    assert len(chipsmith.runs(tmp_path)) == 0
    with pytest.raises(BadInput, match="chipsmith run digits"):
        chipsmith.runs(tmp_path / "absent")


def test_the_list_is_short_in_python_and_whole_in_json(root):
    listed = chipsmith.runs(root)
    assert repr(listed) == f"<RunList {root}: 4 runs>"
    plain = json.loads(json.dumps(listed.to_json()))
    assert len(plain["runs"]) == 4
    assert {"folder", "kind", "when", "metric", "latency_cycles", "finished"} - set(plain["runs"][0]) == {"finished"}


@pytest.mark.parametrize("columns", ["80", "140"])
def test_the_table_fits_its_terminal(root, monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", columns)
    from chipsmith.console.runs import present_runs

    present_runs(chipsmith.runs(root)).print_text()
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= int(columns)
    assert "424" in printed
    assert ("seed" in printed.splitlines()[2]) == (columns == "140")
    assert "4 runs in " in printed
    assert "every chip gave its reference's bits" in printed


def test_a_chip_that_is_not_exact_is_seen_in_the_table(root, tmp_path, monkeypatch, capsys):
    shutil.copytree(root / "base", tmp_path / "faulty")
    content = json.loads((tmp_path / "faulty" / RESULT).read_text())
    content["record"]["bit_exact"]["mismatches"] = 3
    (tmp_path / "faulty" / RESULT).write_text(json.dumps(content))
    monkeypatch.setenv("COLUMNS", "80")
    from chipsmith.console.runs import present_runs

    listed = chipsmith.runs(tmp_path)
    present_runs(listed).print_text()
    assert re.search(r"faulty .* NO", capsys.readouterr().out)
    assert listed[0].bit_exact is False
    remarks = chipsmith.compare([root / "base", tmp_path / "faulty"]).remarks
    assert "the chip of faulty differs from its witness: its figures are of a faulty run" in remarks


# --- compare ----------------------------------------------------------------------------------------------------------


def test_two_runs_on_one_test_part_are_compared_in_pairs(root):
    result = chipsmith.compare([root / "base", root / "wide"])
    (difference,) = result.metrics[0].differences
    first, second = (read_answers(root / name / ANSWERS) for name in ("wide", "base"))
    assert difference.paired
    assert difference.value == pytest.approx(first.right.mean() - second.right.mean())
    assert difference.gained == int((first.right & ~second.right).sum())
    assert difference.lost == int((second.right & ~first.right).sum())
    assert difference.low < difference.value < difference.high
    assert difference.count == 30
    entropy = result.metrics[1]
    (nats,) = entropy.differences
    assert (entropy.name, nats.paired, nats.how) == ("cross entropy", True, "paired bootstrap, 95 %")
    assert nats.value == pytest.approx(first.loss.mean() - second.loss.mean())


def test_a_run_beside_itself_does_not_differ(root):
    result = chipsmith.compare([root / "base", root / "base"])
    assert result.names == ("base (1)", "base (2)")
    (difference,) = result.metrics[0].differences
    assert (difference.verdict, difference.value, difference.gained, difference.p_value) == (
        DifferenceVerdict.NONE,
        0.0,
        0,
        1.0,
    )
    assert difference.low < 0 < difference.high
    assert all(figure.ratios == (1.0, 1.0) for figure in result.figures)
    assert result.differences == ()
    assert result.same == ("run", "recipe", "chip", "data", "versions")


def test_another_seed_is_compared_unpaired_and_says_why(root):
    (difference,) = chipsmith.compare([root / "base", root / "seed5"]).metrics[0].differences
    assert not difference.paired
    assert "the same by hash: another seed splits, and scales by its own training part" in difference.reason
    assert difference.low < difference.value < difference.high


def test_what_differs_stands_field_by_field(root):
    result = chipsmith.compare([root / "base", root / "wide"])
    fields = {(row.group, row.field): row.values for row in result.differences}
    assert fields["recipe", "network.hidden"] == ("[8]", "[32]")
    assert fields["run", "chip"] == ("edge-256", "nano-64")
    assert fields["chip", "tensor.rows"] == ("16", "8")
    assert result.same == ("data", "versions")
    other = {(row.group, row.field) for row in chipsmith.compare([root / "base", root / "seed5"]).differences}
    assert {("run", "seed"), ("data", "test, SHA-256")} <= other


def test_layers_stand_side_by_side_and_sum_to_the_latency(root):
    result = chipsmith.compare([root / "base", root / "wide"])
    for index, run in enumerate(result.runs):
        profile = run.record.inference
        figures = [layer.figures[index] for layer in result.layers if layer.figures[index] is not None]
        assert sum(row.cycles for row in figures) == profile.latency.cold_cycles
        assert sum(row.energy_pj for row in figures) == pytest.approx(profile.energy.total)
    names = [layer.name for layer in result.layers if layer.matched]
    assert names[:2] == ["0", "2"], "the modules of the perceptron: a layer, its activation with it, and the last"


def test_other_tasks_are_shown_and_not_subtracted(root):
    result = chipsmith.compare([root / "base", root / "deep" / "diabetes"])
    metrics = {metric.name: metric for metric in result.metrics}
    assert metrics["accuracy"].differences[0].reason == "diabetes has no accuracy"
    assert metrics["R2"].differences[0].verdict is DifferenceVerdict.UNKNOWN
    assert result.figures[0].ratios[1] is not None


def test_a_run_of_an_earlier_version_is_compared_by_its_own_interval(root, aged):
    result = chipsmith.compare([root / "wide", aged])
    (difference,) = result.metrics[0].differences
    assert not difference.paired
    assert "aged keeps no answers to single examples (it is of an earlier version: run it again)" in difference.reason
    paired = chipsmith.compare([root / "wide", root / "base"]).metrics[0].differences[0]
    assert difference.value == pytest.approx(paired.value)
    assert difference.high - difference.low > paired.high - paired.low
    fields = {(row.group, row.field): row.values for row in result.differences}
    assert fields["recipe", "network.hidden"] == ("[32]", "[8]"), "an old run's recipe is that of its weights"


def test_answers_that_the_run_did_not_write_are_not_used(root, tmp_path):
    folder = tmp_path / "forged"
    shutil.copytree(root / "base", folder)
    arrays = read_arrays(folder / ANSWERS)
    write_arrays(folder / ANSWERS, {**arrays, "answer": arrays["target"]})
    (difference,) = chipsmith.compare([root / "base", folder]).metrics[0].differences
    assert "forged has another test_answers.npz than its run wrote" in difference.reason
    assert difference.value == 0.0


def test_runs_are_taken_as_they_were_returned(root):
    ran = chipsmith.report(root / "base")
    assert chipsmith.compare([ran, root / "wide"]).names == ("base", "wide")


def test_a_name_of_the_list_is_a_run_in_the_usual_folder(root, tmp_path, monkeypatch):
    shutil.copytree(root, tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    listed = [row.folder for row in chipsmith.runs(sort="name")]
    result = chipsmith.compare(listed[:2])
    assert [run.folder.as_posix() for run in result.runs] == ["runs/base", "runs/deep/diabetes"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder.parent, "there is no run folder"),
        (lambda folder: folder.mkdir(), "holds no finished run"),
        (lambda folder: (folder.mkdir(), (folder / CHECKPOINT).touch()), "its training was interrupted"),
        (lambda folder: (folder.mkdir(), (folder / RESULT).write_text("{")), "is not JSON"),
    ],
)
def test_what_is_no_run_is_refused_with_what_it_is(root, tmp_path, make, message):
    make(tmp_path / "other")
    with pytest.raises(BadInput, match=message):
        chipsmith.compare([root / "base", tmp_path / "other"])


def test_a_single_run_is_no_comparison(root):
    with pytest.raises(BadInput, match="compare takes 2 to 20 runs, the baseline first; 1 given"):
        chipsmith.compare([root / "base"])


def test_page_and_object_hold_the_comparison(root, tmp_path):
    result = chipsmith.compare([root / "base", root / "wide", root / "seed5"], html=tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    for text in ("wide, seed5 beside base", "network.hidden", "unpaired", "each interval stands alone", "report.html"):
        assert text in page
    plain = json.loads(json.dumps(result.to_json()))
    assert plain["baseline"] == "base"
    assert [row["run"] for row in plain["metrics"][0]["differences"]] == ["wide", "seed5"]
    assert repr(result).startswith("<RunComparison wide, seed5 beside base; wide: accuracy ")
    assert "report.html" not in render_comparison(result).partition("</header>")[2].partition("<script")[0]


def test_a_list_of_a_recipe_is_no_markup(root, tmp_path, capsys):
    shutil.copytree(root / "base", tmp_path / "accepting")
    content = json.loads((tmp_path / "accepting" / RESULT).read_text())
    recipe = content["record"]["recipe"]
    recipe["yaml"] = recipe["yaml"].replace("accept: []", "accept: [leakage]")
    (tmp_path / "accepting" / RESULT).write_text(json.dumps(content))
    from chipsmith.console.runs import present_comparison

    present_comparison(chipsmith.compare([root / "base", tmp_path / "accepting"])).print_text()
    assert re.search(r"recipe: accept +\[\] +\[leakage\]", capsys.readouterr().out)


def test_the_comparison_fits_a_terminal(root, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    from chipsmith.console.runs import present_comparison

    present_comparison(chipsmith.compare([root / "base", root / "wide", root / "seed5"])).print_text()
    printed = capsys.readouterr().out
    assert "McNemar's exact p" in printed
    assert "recipe: network.hidden" in printed
    tables = printed.partition("the same in all")[0]
    assert max(map(len, tables.splitlines())) <= 80
