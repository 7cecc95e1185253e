"""Recipes: every shipped one is whole, faults are named with the nearest right name, settings replace fields."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from chipsmith.errors import BadInput
from chipsmith.learn import Recipe, load_recipe, recipe_schema, shipped_recipes

SCHEMA = Path(__file__).parents[2] / "docs" / "recipe.schema.json"


def fault(settings: str | list[str]) -> str:
    with pytest.raises(BadInput) as caught:
        load_recipe("digits", [settings] if isinstance(settings, str) else settings)
    return str(caught.value)


@pytest.mark.parametrize("name", shipped_recipes())
def test_each_shipped_recipe_is_whole_and_says_what_it_is(name):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.description.endswith((".", "core", "cores"))


def test_a_recipe_goes_to_json_and_back():
    recipe = load_recipe("digits")
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("training.epoch=3", "recipe digits: training.epoch is not a field; did you mean training.epochs?"),
        ("trainig.epochs=3", "trainig is not a field; did you mean training?"),
        ("network.chanels=[1]", "network.chanels is not a field; did you mean network.channels?"),
        ("network.kind=cnnn", "network.kind = cnnn is not known; did you mean cnn?"),
        ("training.optimizer.kind=adm", "training.optimizer.kind = adm is not known; did you mean adam?"),
        ("training.schedule={}", "training.schedule.kind is missing: it is one of constant, cosine, one_cycle"),
        ("training.epochs=-1", "training.epochs = -1 is not allowed: give a whole number from 0"),
        ("training.optimizer.learning_rate=-1", "learning_rate = -1 is not allowed: give a number above 0"),
        ("task=guess", "task = 'guess' is not allowed: give one of classification, regression"),
        ("training.optimizer={kind: sgd, nesterov: true}", "nesterov needs a momentum above 0"),
        ("seed=-1", "seed = -1 is not allowed"),
        ("name=../x", "name = '../x' is not allowed"),
    ],
)
def test_a_fault_is_named_with_the_nearest_right_name(setting, message):
    assert message in fault(setting)


def test_all_faults_stand_in_one_message():
    message = fault(["training.epochs=-1", "network.dropout=2"])
    assert message.startswith("recipe digits has 2 faults:\n  network.dropout = 2")


def test_a_setting_replaces_a_field_and_a_new_kind_starts_afresh():
    recipe = load_recipe("digits", ["training.optimizer.kind=sgd", "training.optimizer.momentum=0.9", "seed=4"])
    assert recipe.training.optimizer.model_dump() == {
        "kind": "sgd",
        "learning_rate": 0.05,
        "momentum": 0.9,
        "nesterov": False,
        "weight_decay": 0.0,
    }
    assert recipe.seed == 4


def test_a_recipe_of_ones_own_is_a_file(tmp_path):
    fields = load_recipe("digits").model_dump(mode="json") | {"name": "mine"}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(fields))
    assert load_recipe(tmp_path / "mine.yaml").name == "mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1", "a recipe is a YAML mapping"),
        ("a: [", "line 1: not YAML"),
        (
            "name: x\ntraining:\n  epochs: 1\n  epochs: 2",
            r"line 4: training\.epochs is given twice \(first on line 3\)",
        ),
        ("name: x", "has 4 faults"),
        ("", "a recipe is a YAML mapping"),
    ],
)
def test_a_file_that_is_no_recipe_is_one_message(tmp_path, text, message):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(BadInput, match=message):
        load_recipe(tmp_path / "mine.yaml")


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(BadInput, match=r"there is no recipe 'digit' \(did you mean digits\?\)"):
        load_recipe("digit")
    with pytest.raises(BadInput, match="No such file"):
        load_recipe("absent.yaml")


def test_the_schema_in_the_docs_is_that_of_the_command():
    assert json.loads(SCHEMA.read_text()) == recipe_schema()


def test_importing_learning_does_not_import_torch():
    code = "import chipsmith.learn, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("field", ["anomalies", "description", "network"])
def test_aliases_of_aliases_are_refused_before_they_are_unfolded(tmp_path, field):
    """60 lines that stand for 2^60 words: as they are read they take a kilobyte, as they are checked all there is."""
    lines = ["x0: &x0 [a, a]", *(f"x{i}: &x{i} [*x{i - 1}, *x{i - 1}]" for i in range(1, 60)), f"{field}: *x59"]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    with pytest.raises(BadInput, match=r"bomb\.yaml, line \d+: not YAML: .*an alias; write each value out"):
        load_recipe(tmp_path / "bomb.yaml")
