"""What a run's record says of how it was made."""

from __future__ import annotations

import numpy as np
import pytest

from chipsmith.flow.run_facts import count_parameters, describe_recipe, describe_splits
from chipsmith.learn import load_recipe, shipped_recipes
from chipsmith.learn.inspection import load_inspected

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("name", shipped_recipes())
def test_the_yaml_of_a_recipe_is_read_back_to_an_equal_one(name, tmp_path):
    recipe = load_recipe(name, ["training.epochs=3"])
    record = describe_recipe(recipe, name)
    (tmp_path / "recipe.yaml").write_text(record.yaml)
    assert load_recipe(tmp_path / "recipe.yaml") == recipe
    assert record.base == f"the shipped recipe {name}"
    assert [change.field for change in record.changes] in ([], ["training.epochs"])


def test_what_settings_changed_is_told_field_by_field():
    recipe = load_recipe("digits", ["training.epochs=3", "training.optimizer.kind=sgd", "seed=4"])
    changes = {row.field: (row.before, row.after) for row in describe_recipe(recipe, "digits").changes}
    assert changes["training.epochs"] == ("30", "3")
    assert changes["seed"] == ("0", "4")
    assert changes["training.optimizer.kind"] == ("adamw", "sgd")
    assert changes["training.optimizer.betas"] == ("[0.9, 0.999]", None)


def test_a_recipe_of_a_file_is_held_to_that_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(describe_recipe(load_recipe("digits", ["name=mine"])).yaml)
    record = describe_recipe(load_recipe(path, ["seed=2"]), path)
    assert record.base == f"the file {path}"
    assert [(row.field, row.after) for row in record.changes] == [("seed", "2")]


def test_a_recipe_that_was_made_in_python_is_held_to_the_shipped_one_of_its_name():
    changed = load_recipe("digits").model_copy(update={"seed": 3})
    assert [row.field for row in describe_recipe(changed, changed).changes] == ["seed"]
    unknown = load_recipe("digits", ["name=nobodys"])
    assert (describe_recipe(unknown, unknown).base, describe_recipe(unknown, unknown).changes) == ("", ())


def test_splits_have_their_sizes_and_a_hash_that_follows_the_seed():
    first, again, other = (
        describe_splits(load_inspected(recipe), recipe)
        for recipe in (load_recipe("diabetes", [f"seed={seed}"]) for seed in (1, 1, 2))
    )
    assert [part.name for part in first.parts] == ["training", "validation", "test"]
    assert sum(part.examples for part in first.parts) == 442
    assert first == again
    assert first.part("test").sha256 != other.part("test").sha256
    assert "drawn at random" in first.how


def test_of_a_private_training_part_no_hash_is_told():
    recipe = load_recipe("digits_private")
    splits = describe_splits(load_inspected(recipe), recipe)
    assert splits.part("training").sha256 == ""
    assert splits.part("test").sha256 != ""
    assert "each part with the classes in proportion" in splits.how


def test_parameters_are_counted_by_layer_and_shared_ones_once():
    class Tied(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Linear(3, 3)
            self.again = self.first
            self.norm = torch.nn.BatchNorm1d(3)
            self.scale = torch.nn.Parameter(torch.zeros(()))

    record = count_parameters(Tied())
    assert [(row.layer, row.kind, row.count) for row in record.layers] == [
        ("the network", "Tied", 1),
        ("first", "Linear", 12),
        ("norm", "BatchNorm1d", 6),
    ]
    assert (record.total, record.fixed) == (19, 7)
    assert record.layers[1].shapes == ("3x3", "3")


def test_pixels_come_back_as_they_were():
    from chipsmith.flow.mistakes import restore_pixels

    data = load_recipe("digits").load_data()
    inputs = data.test.first(4).whole().inputs
    assert np.array_equal(data.preprocessing.finish(restore_pixels(data, inputs)), inputs)
