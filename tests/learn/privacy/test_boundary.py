"""What the promise does not cover is named; recipes that cannot keep it are refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from toy_data import toy_dataset

from chipsmith.errors import BadInput
from chipsmith.learn import load_recipe
from chipsmith.learn.data import GroupedExamples, Task
from chipsmith.learn.preprocessing import Column, ColumnsReader, PrincipalComponents, Standardise
from chipsmith.learn.privacy.boundary import outside_of_promise

pytest.importorskip("torch")


def outside(data, *settings: str) -> str:
    return "\n".join(outside_of_promise(load_recipe("digits_private", settings), data))


def with_steps(*steps):
    data = toy_dataset(Task.CLASSIFICATION)
    return dataclasses.replace(data, preprocessing=data.preprocessing.model_copy(update={"steps": steps}))


def test_the_digits_learn_nothing_outside_of_the_training(digits):
    said = outside(digits)
    assert "training examples as they are" not in said
    assert "500 validation examples" in said
    assert "1,000 test examples" in said
    assert "3,500" in said


def test_constants_are_inside_and_what_was_fitted_is_outside():
    unit = Standardise(mean=(0.0,), std=(255.0,))
    fitted = Standardise(mean=(0.3,), std=(1.1,))
    directions = PrincipalComponents(mean=(0.0,) * 6, directions=((1.0,) + (0.0,) * 5,))
    assert "preprocessing" not in outside(with_steps(unit))
    said = outside(with_steps(unit, fitted, directions))
    assert "preprocessing step standardise, taken from the training examples" in said
    assert "preprocessing step principal_components, taken from the training examples" in said


def test_scaled_targets_groups_weights_and_a_published_seed_are_named(tmp_path):
    data = toy_dataset(Task.CLASSIFICATION)
    grouped = dataclasses.replace(data, train=GroupedExamples(examples=data.train, all_groups=np.arange(48) // 8))
    said = outside(grouped, "weights=before.safetensors", "training.privacy.noise=seeded", "seed=7")
    assert "groups of examples" in said
    assert "what before.safetensors was trained on" in said
    assert "to whoever knows 7 nothing is hidden" in said


def test_words_that_were_read_from_the_whole_table_and_the_look_at_the_data_are_named():
    data = toy_dataset(Task.CLASSIFICATION)
    columns = (Column(name="size"), Column(name="town", categories=("Bath", "York")))
    reader = ColumnsReader(columns=columns)
    table = dataclasses.replace(data, preprocessing=data.preprocessing.model_copy(update={"reader": reader}))
    assert "the words of column town, taken from the training examples as they are" in outside(table)
    assert "the words of" not in outside(data)
    assert "counts by class, duplicates, ranges and findings in result.json" in outside(data)


def test_without_privacy_nothing_is_promised(digits):
    assert outside_of_promise(load_recipe("digits"), digits) == ()


def test_ranges_of_a_private_recipe_are_those_of_validation_examples(digits):
    assert load_recipe("digits_private").calibration_part(digits) is digits.validation
    assert load_recipe("digits").calibration_part(digits) is digits.train


@pytest.mark.parametrize(
    ("recipe", "settings", "message"),
    [
        ("digits_private", ("validation.folds=5",), "5 folds train as many networks more .* set validation.folds to 0"),
        (
            "digits_quantum_kernel",
            ("training.privacy.epsilon=8",),
            "quantum_kernel keeps or fits its training examples",
        ),
        ("digits_private", ("training.privacy.epsilon=0",), "epsilon"),
        ("digits_private", ("training.privacy.delta=2/n",), "delta"),
    ],
)
def test_recipes_that_cannot_keep_the_promise_are_refused(recipe, settings, message):
    with pytest.raises(BadInput, match=message):
        load_recipe(recipe, settings)
