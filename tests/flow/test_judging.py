"""A Program judged on its recipe's data: the figures of the run that made it, and what does not go together."""

from __future__ import annotations

import json

import pytest

import chipsmith
from chipsmith import cli
from chipsmith.errors import BadInput
from chipsmith.learn import load_recipe

pytest.importorskip("torch")

SETTINGS = ["training.epochs=5", "training.batch_size=16", "validation.bootstrap=100", "validation.compared=10"]


@pytest.fixture(scope="module")
def regression(tmp_path_factory):
    """The run of a small perceptron."""
    return chipsmith.run("diabetes", settings=SETTINGS, out=tmp_path_factory.mktemp("judging") / "run")


def test_the_test_part_says_what_the_run_said(regression):
    said = regression.to_json()
    judged = chipsmith.judge(regression.program, recipe="diabetes", settings=SETTINGS).to_json()
    assert (judged["metric"], judged["part"], judged["examples"]) == ("R2", "test", said["images"])
    assert judged["metric_npu"] == said["metric_npu"]
    assert judged["metric_npu_interval"] == said["metric_npu_interval"]


def test_the_validation_part_is_another_one(regression):
    recipe = load_recipe("diabetes", SETTINGS)
    judged = chipsmith.judge(regression.program, recipe=recipe, part="validation")
    assert judged.metrics.primary_metric.count == len(recipe.load_data().validation)
    assert judged.metrics != chipsmith.judge(regression.program, recipe=recipe).metrics


def test_as_many_examples_are_executed_as_the_recipe_says(regression):
    recipe = load_recipe("diabetes", [*SETTINGS, "validation.executed=20"])
    assert chipsmith.judge(regression.program, recipe=recipe).metrics.primary_metric.count == 20


@pytest.mark.parametrize(
    ("recipe", "part", "words"),
    [
        ("diabetes", "training", "--part training: a program is judged on validation or test"),
        (
            "digits",
            "test",
            r"was made by the recipe diabetes, not by digits: task \(regression and classification\), classes "
            r"\(progression and 0, 1, 2, \.\.\.\), preprocessing differ; give --recipe diabetes",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(regression, recipe, part, words):
    with pytest.raises(BadInput, match=words):
        chipsmith.judge(regression.program, recipe=recipe, part=part)


def test_the_same_recipe_of_other_settings_is_told(regression):
    with pytest.raises(BadInput, match="was made by a recipe diabetes of other data or settings: preprocessing differ"):
        chipsmith.judge(regression.program, recipe="diabetes", settings=[*SETTINGS, "seed=5"])


def test_where_the_data_of_another_recipe_are_missing_the_own_one_is_named(regression):
    with pytest.raises(BadInput, match="was made by the recipe diabetes: give --recipe diabetes"):
        chipsmith.judge(regression.program, recipe="cifar10", settings=["data.path=/nowhere"])


def test_the_folder_and_the_result_of_a_run_are_judged(regression):
    whole = chipsmith.judge(regression, recipe="diabetes", settings=SETTINGS)
    assert chipsmith.judge(regression.folder, recipe="diabetes", settings=SETTINGS).metrics == whole.metrics


def test_a_program_of_no_recipe_is_refused(tmp_path):
    chipsmith.compile("tests/networks/digits_cnn.tosa", output=tmp_path / "plain.program")
    with pytest.raises(BadInput, match="it was not made of a recipe"):
        chipsmith.judge(tmp_path / "plain.program", recipe="digits")


def test_the_command_prints_the_object_or_a_table(regression, tmp_path, capsys):
    recipe = tmp_path / "own.yaml"
    recipe.write_text(json.dumps(load_recipe("diabetes", SETTINGS).model_dump(mode="json")))
    words = ["judge", str(regression.program), "--recipe", str(recipe)]
    with pytest.raises(SystemExit):
        cli.main([*words, "--json"])
    assert json.loads(capsys.readouterr().out)["recipe"] == "diabetes"
    with pytest.raises(SystemExit):
        cli.main(words)
    assert "diabetes on 88 examples of the test" in capsys.readouterr().out
